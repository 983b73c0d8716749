"""The rule of near due dates: every version is kept; who changed it when and why stands beside it (S25)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from chassis.database import Transaction
from chassis.sql import Row, text
from order_service.adapters.calendars import Reader, WorkingTimes
from order_service.domain.capacity import CapacityNotice, CapacityRule
from order_service.domain.errors import Stale

_COLUMNS = "version, days, counted, reason, changed_by, changed_at"
_LOCK = text("SELECT pg_advisory_xact_lock(4716)")  # one change at a time: the second sees the first
_LAST = text(f"SELECT {_COLUMNS} FROM capacity_rule ORDER BY version DESC LIMIT 1")  # noqa: S608  constants
_BEFORE = text(f"""
SELECT {_COLUMNS} FROM capacity_rule WHERE version < :before ORDER BY version DESC LIMIT :limit
""")  # noqa: S608  constants
_PUT = text(f"""
INSERT INTO capacity_rule ({_COLUMNS}) VALUES (:version, :days, :counted, :reason, :who, :now)
""")  # noqa: S608  constants


@dataclass(frozen=True, slots=True)
class KeptRule:
    """A version of the rule, and who made it why; version 0: nobody has changed it yet."""

    rule: CapacityRule = field(default_factory=CapacityRule)
    version: int = 0
    reason: str = ""
    changed_by: str = ""
    changed_at: datetime | None = None


async def put_rule(unit: Transaction, wanted: CapacityRule, reason: str, expected: int | None) -> KeptRule:
    """Keep a new version, or answer with the current one when it says the same; raise Stale."""
    await unit.execute(_LOCK)
    current = await current_rule(unit)
    if current.version and current.rule == wanted:
        return current
    if expected is not None and expected != current.version:
        raise Stale(expected, current.version)
    kept = KeptRule(wanted, current.version + 1, reason, unit.actor, unit.now)
    await unit.execute(
        _PUT,
        {
            "version": kept.version, "days": wanted.days, "counted": wanted.counted, "reason": reason,
            "who": kept.changed_by, "now": kept.changed_at,
        },
    )  # fmt: skip
    return kept


async def current_rule(reader: Reader) -> KeptRule:
    """Return the rule that holds; the usual one until somebody has changed it."""
    row = (await reader.execute(_LAST)).one_or_none()
    return KeptRule() if row is None else _kept(row)


async def earlier_rules(reader: Reader, before: int, limit: int) -> list[KeptRule]:
    """Return versions before one, newest first."""
    return [_kept(row) for row in await reader.execute(_BEFORE, {"before": before, "limit": limit})]


@dataclass(frozen=True, slots=True)
class CapacityRules:
    """What a rule says of a day, by the calendar that holds."""

    working: WorkingTimes

    async def notice(self, reader: Reader, today: date) -> CapacityNotice:
        """Return what the rule that holds says today."""
        return await self.notice_of((await current_rule(reader)).rule, reader, today)

    async def notice_of(self, rule: CapacityRule, reader: Reader, today: date) -> CapacityNotice:
        """Return what a rule says today; the calendar is only read for working days."""
        if rule.counted == "calendar":
            return rule.notice(today)
        return rule.notice(today, (await self.working.now(reader)).is_workday)


def _kept(row: Row) -> KeptRule:
    return KeptRule(CapacityRule(row.days, row.counted), row.version, row.reason, row.changed_by, row.changed_at)
