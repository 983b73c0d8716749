"""The factory's calendar: every version is kept; who changed it when and why stands beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import Any

from chassis.database import Transaction
from chassis.sql import Connection, Row, text
from order_service.adapters.factory_calendar import published
from order_service.domain.calendar import Calendar, Shift, SpecialDay
from order_service.domain.errors import Stale
from order_service.domain.working_time import WorkingTime

Reader = Connection | Transaction
_COLUMNS = "version, weekdays, public_holidays, shifts, days, reason, changed_by, changed_at"
_LOCK = text("SELECT pg_advisory_xact_lock(4715)")  # one change at a time: the second sees the first
_VERSION = text("SELECT coalesce(max(version), 0) FROM factory_calendar")
_LAST = text(f"SELECT {_COLUMNS} FROM factory_calendar ORDER BY version DESC LIMIT 1")  # noqa: S608  constants
_BEFORE = text(f"""
SELECT {_COLUMNS} FROM factory_calendar WHERE version < :before ORDER BY version DESC LIMIT :limit
""")  # noqa: S608  constants
_PUT = text(f"""
INSERT INTO factory_calendar ({_COLUMNS})
VALUES (:version, :weekdays, :public_holidays, CAST(:shifts AS jsonb), CAST(:days AS jsonb), :reason, :who, :now)
""")  # noqa: S608  constants


@dataclass(frozen=True, slots=True)
class KeptCalendar:
    """A version of the calendar, and who made it why."""

    calendar: Calendar
    version: int = 0
    reason: str = ""
    changed_by: str = ""
    changed_at: datetime | None = None


async def put_calendar(
    unit: Transaction, wanted: Calendar, usual: Calendar, reason: str, expected: int | None
) -> KeptCalendar:
    """Keep a new version, or answer with the current one when it says the same; raise Stale."""
    await unit.execute(_LOCK)
    current = await current_calendar(unit, usual)
    if current.version and current.calendar == wanted:
        return current
    if expected is not None and expected != current.version:
        raise Stale(expected, current.version)
    kept = KeptCalendar(wanted, current.version + 1, reason, unit.actor, unit.now)
    await unit.execute(_PUT, _params(kept))
    return kept


async def version_now(reader: Reader) -> int:
    """Return the version of the calendar that holds; 0 for the usual one."""
    return int((await reader.execute(_VERSION)).scalar_one())


async def current_calendar(reader: Reader, usual: Calendar) -> KeptCalendar:
    """Return the calendar that holds; the usual one until somebody has changed it."""
    row = (await reader.execute(_LAST)).one_or_none()
    return KeptCalendar(usual) if row is None else _kept(row)


async def earlier_calendars(reader: Reader, before: int, limit: int) -> list[KeptCalendar]:
    """Return versions before one, newest first."""
    return [_kept(row) for row in await reader.execute(_BEFORE, {"before": before, "limit": limit})]


@dataclass
class WorkingTimes:
    """The factory's working time by the calendar that holds; read once per version."""

    usual: Calendar
    zone: tzinfo
    _known: tuple[int, WorkingTime] | None = field(default=None, init=False)

    async def now(self, reader: Reader) -> WorkingTime:
        """Return what measures working time now."""
        version = await version_now(reader)
        if self._known is None or self._known[0] != version:
            kept = await current_calendar(reader, self.usual)
            self._known = kept.version, kept.calendar.working_time(published, self.zone)
        return self._known[1]


def _kept(row: Row) -> KeptCalendar:
    shifts = tuple(_shift(*shift) for shift in row.shifts)
    days = {date.fromisoformat(day): SpecialDay(*said) for day, said in row.days.items()}
    calendar = Calendar(shifts, frozenset(row.weekdays), dict(sorted(days.items())), row.public_holidays)
    return KeptCalendar(calendar, row.version, row.reason, row.changed_by, row.changed_at)


def _shift(begin: int, end: int, breaks: Sequence[Sequence[int]]) -> Shift:
    return Shift(begin, end, tuple((opens, closes) for opens, closes in breaks))


def _params(kept: KeptCalendar) -> dict[str, Any]:
    calendar = kept.calendar
    return {
        "version": kept.version, "weekdays": sorted(calendar.weekdays), "public_holidays": calendar.public_holidays,
        "shifts": json.dumps([(one.begin, one.end, one.breaks) for one in calendar.shifts]),
        "days": json.dumps({day.isoformat(): (one.working, one.name) for day, one in calendar.days.items()}),
        "reason": kept.reason, "who": kept.changed_by, "now": kept.changed_at,
    }  # fmt: skip
