"""The channel that goes nowhere: for trying things out, and the twin of every other channel in tests."""

from __future__ import annotations

from notify_service.adapters.channels.wire import Call
from notify_service.domain.outcome import DELIVERED, Outcome


async def deliver(_: Call) -> Outcome:
    """Take the message and forget it."""
    return DELIVERED
