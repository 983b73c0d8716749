"""The self-check finds messages that wait too long and messages that were given up."""

from __future__ import annotations

import pytest

from chassis.sql import text
from notify_service.adapters.message_checks import MessageChecks
from tests.service.notify.conftest import World
from tests.service.notify.messages import submitted


@pytest.mark.parametrize(
    ("tampering", "state"),
    [
        ("UPDATE notification SET state = 'sent'", "good"),
        ("UPDATE notification SET state = 'pending'", "good"),
        ("UPDATE notification SET state = 'pending', created_at = created_at - interval '1 hour', "
         "not_before = not_before - interval '1 hour'", "attention"),
        ("UPDATE notification SET state = 'held'", "attention"),
        ("UPDATE notification SET state = 'exhausted'", "bad"),
        ("UPDATE notification SET state = 'exhausted', acknowledged_at = now()", "good"),
    ],
)  # fmt: skip
async def test_messages_that_did_not_leave_are_found(world: World, tampering: str, state: str) -> None:
    await world.inbox().take([world.event(submitted())])
    async with world.service.database.transaction(who="test") as unit:
        changed = await unit.execute(text(f"{tampering} RETURNING 1"))
    assert len(changed) > 0

    found = await MessageChecks(world.service.database).unsent()

    assert (found.state, found.count) == (state, 0 if state == "good" else len(changed))
