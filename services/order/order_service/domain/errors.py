"""Refusals of the order domain: a stable reason, the numbers behind it, every field problem at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One field that can't be accepted: dotted path, stable reason, numbers."""

    field: str
    reason: str
    params: Mapping[str, str] = dataclasses.field(default_factory=dict)


class Refusal(Exception):
    """What every refusal has."""

    def __init__(self, reason: str, *, fields: Sequence[FieldProblem] = (), **params: Any) -> None:
        super().__init__(reason, params)
        self.reason = reason
        self.params: dict[str, Any] = params
        self.fields = tuple(fields)


class Invalid(Refusal):
    """Fields that can't be accepted (422)."""

    def __init__(self, problems: Sequence[FieldProblem]) -> None:
        one = problems[0] if len(problems) == 1 else None
        super().__init__(one.reason if one else "INVALID_FIELDS", fields=problems, **(one.params if one else {}))


class NotFound(Refusal):
    """Nothing of that name (404)."""


class Conflict(Refusal):
    """It exists already (409)."""


class Forbidden(Refusal):
    """Not for this caller (403)."""


class Stale(Refusal):
    """The version named is not the current one (412)."""

    def __init__(self, expected: int, current: int) -> None:
        super().__init__("VERSION_STALE", expected=expected, current=current)


class IllegalMove(Refusal):
    """The state does not allow the move (409 with `allowed`)."""

    def __init__(
        self, move: str, number: str, state: str, allowed: Sequence[str], reason: str = "ILLEGAL_MOVE"
    ) -> None:
        super().__init__(reason, move=move, number=number, state=state, allowed=list(allowed))
