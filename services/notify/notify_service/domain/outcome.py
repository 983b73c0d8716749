"""What became of a send."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum


class Result(Enum):
    """DELIVERED; THROTTLED: too many, nothing lost; DOWN: certainly not delivered, try the channel later; REFUSED: this
    message was turned away; GONE: the address is closed for good; UNCLEAR: it left, and no answer came."""

    DELIVERED = "delivered"
    THROTTLED = "throttled"
    DOWN = "down"
    REFUSED = "refused"
    GONE = "gone"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A result, with the vendor's words and how long it wants to be left alone."""

    result: Result
    detail: str = ""
    retry_after: timedelta | None = None


DELIVERED = Outcome(Result.DELIVERED)
