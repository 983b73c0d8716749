"""Events for tests: numbered per subject as a producer would."""

from __future__ import annotations

from datetime import UTC, datetime

from google.protobuf.message import Message

from chassis.events import Draft, Incoming, decode, encode, source_of
from chassis.ids import uuid7

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def incoming(
    service: str, subject: str, sequence: int, message: Message, *, actor: str = "someone", trace: str = TRACE
) -> Incoming:
    """Return `message` as it arrives from `service`."""
    draft = Draft(uuid7(), subject, message, datetime.now(UTC), trace, actor, "")
    return decode(encode(draft, source_of(service), sequence))
