"""A person's mailbox inside the house."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: `names` are all that messages may be meant for (user name, display name, roles)."""

    name: str
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Letter:
    """A message in a mailbox; `read_at` is this reader's own mark."""

    id: UUID
    text: str
    event_type: str
    order_number: str
    production_order_number: str
    subscription: str
    recipient: str
    sent_at: datetime
    read_at: datetime | None
