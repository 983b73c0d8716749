"""Mark what a person has read."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from notify_service.domain.errors import NotificationNotFound


class Mailbox(Protocol):
    """One reader's mailbox."""

    async def has(self, one: UUID) -> bool: ...

    async def mark_read(self, one: UUID | None, until: UUID | None) -> int: ...


async def read_inbox(mailbox: Mailbox, one: UUID | None, until: UUID | None) -> int:
    """Mark one message, or all up to `until`; return how many are read for the first time."""
    if one is not None and not await mailbox.has(one):
        raise NotificationNotFound(id=one)
    return await mailbox.mark_read(one, until)
