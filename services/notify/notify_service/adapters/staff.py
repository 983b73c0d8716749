"""Who is missing in the house, and the mail that waits for a reader."""

from __future__ import annotations

from datetime import datetime

from chassis.sql import text
from notify_service.adapters.delivery_log import REVIVED
from notify_service.adapters.repositories import Runs
from notify_service.domain.notification import NOBODY_READS
from notify_service.domain.staff import NOBODY_MISSING, Staff

_GET = text("SELECT vacant, gone FROM staff")
_SAVE = text("""
INSERT INTO staff (revision, vacant, gone, told_at)
VALUES (:revision, CAST(:vacant AS text[]), CAST(:gone AS text[]), :now)
ON CONFLICT (one) DO UPDATE
SET revision = EXCLUDED.revision, vacant = EXCLUDED.vacant, gone = EXCLUDED.gone, told_at = EXCLUDED.told_at
WHERE EXCLUDED.revision > staff.revision
RETURNING revision
""")
_RELEASE = text(f"""
UPDATE notification SET {REVIVED}
WHERE state = 'held' AND reason = :reason AND NOT recipient = ANY(CAST(:lacking AS text[]))
RETURNING 1
""")  # noqa: S608  constants


class SqlStaff:
    """The staff book, in a transaction or on a read connection."""

    def __init__(self, runs: Runs, now: datetime | None = None) -> None:
        self._runs = runs
        self._now = now

    async def get(self) -> Staff:
        """Return who is missing; nobody while nothing was told."""
        row = (await self._runs.execute(_GET)).one_or_none()
        return NOBODY_MISSING if row is None else Staff(frozenset(row.vacant), frozenset(row.gone))

    async def save(self, staff: Staff, revision: int) -> bool:
        """Keep it unless something as new is kept already; True when kept."""
        values = {"vacant": sorted(staff.vacant), "gone": sorted(staff.gone), "revision": revision, "now": self._now}
        return (await self._runs.execute(_SAVE, values)).one_or_none() is not None

    async def release(self, staff: Staff) -> int:
        """Let mail go whose recipient is there now; return how many messages."""
        values = {"reason": NOBODY_READS, "lacking": sorted(staff.vacant | staff.gone), "now": self._now}
        return len((await self._runs.execute(_RELEASE, values)).all())
