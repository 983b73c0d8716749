"""Recipients' own quiet hours, and the messages that wait for them to end."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.sql import text
from notify_service.adapters.repositories import Runs
from notify_service.app.ports import Resting
from notify_service.domain.quiet import Hours, OwnHours

_COLUMNS = "recipient, names, quiet_from, quiet_to, version, changed_at, changed_by"
_LISTED = text(f"""
SELECT {_COLUMNS} FROM quiet_hours WHERE :everybody OR recipient = :recipient ORDER BY recipient
""")  # noqa: S608  constants
# Nothing is ever deleted: the sum of the versions names one state of the table (rules.py).
_SAVE = text(f"""
INSERT INTO quiet_hours (recipient, names, quiet_from, quiet_to, changed_at, changed_by)
VALUES (:recipient, CAST(:names AS text[]), :quiet_from, :quiet_to, :changed_at, :changed_by)
ON CONFLICT (recipient) DO UPDATE SET names = EXCLUDED.names, quiet_from = EXCLUDED.quiet_from,
  quiet_to = EXCLUDED.quiet_to, changed_at = EXCLUDED.changed_at, changed_by = EXCLUDED.changed_by,
  version = quiet_hours.version + 1
RETURNING {_COLUMNS}
""")  # noqa: S608  constants
_RESTING = text("""
SELECT id, subscription, channel, recipient, mailbox FROM notification
WHERE recipient = ANY(CAST(:recipients AS text[])) AND state = 'pending' AND quiet_until > :now AND lease IS NULL
ORDER BY id FOR NO KEY UPDATE
""")
_MOVE = text("""
UPDATE notification n SET not_before = t.begins, next_attempt_at = t.begins, quiet_until = t.begins,
  escalate_at = escalate_at + (t.begins - quiet_until)
FROM unnest(CAST(:ids AS uuid[]), CAST(:begins AS timestamptz[])) AS t (id, begins) WHERE n.id = t.id
""")


class SqlQuietHours:
    """Everybody's quiet hours."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs

    async def get(self, recipient: str) -> OwnHours | None:
        """Return one recipient's."""
        rows = await self._runs.execute(_LISTED, {"everybody": False, "recipient": recipient})
        return next((_own(row) for row in rows), None)

    async def listed(self) -> list[OwnHours]:
        """Return everybody's, also of those who have none any more."""
        return [_own(row) for row in await self._runs.execute(_LISTED, {"everybody": True, "recipient": ""})]

    async def save(self, own: OwnHours) -> OwnHours:
        """Store one recipient's; return them with their version."""
        values = {
            "recipient": own.recipient, "names": list(own.names), "quiet_from": own.hours.begins,
            "quiet_to": own.hours.ends, "changed_at": own.changed_at, "changed_by": own.changed_by,
        }  # fmt: skip
        return _own((await self._runs.execute(_SAVE, values)).one())


class SqlResting:
    """Waiting messages inside one transaction."""

    def __init__(self, runs: Runs, now: datetime) -> None:
        self._runs = runs
        self._now = now

    async def of(self, recipients: Collection[str]) -> list[Resting]:
        """Return, locked, what waits for quiet hours to end and is meant for these."""
        values = {"recipients": sorted(recipients), "now": self._now}
        return [Resting(**row) for row in await self._runs.execute(_RESTING, values)]

    async def move(self, begins: Mapping[UUID, datetime]) -> None:
        """Let each wait until its instant instead; one that is over already may go."""
        if begins:
            await self._runs.execute(_MOVE, {"ids": list(begins), "begins": list(begins.values())})


def _own(row: Any) -> OwnHours:
    return OwnHours(
        row.recipient,
        Hours(row.quiet_from, row.quiet_to),
        tuple(row.names),
        row.version,
        row.changed_at,
        row.changed_by,
    )
