"""Runs the release before this left without channels or days, packed anew."""

from __future__ import annotations

from chassis.database import Transaction
from chassis.sql import text
from order_service.adapters.lead_time_runs import HOURS, pack

_NO_CHANNEL = "EXISTS (SELECT FROM order_stage_time WHERE channel IS NULL)"
MISSING = f"({_NO_CHANNEL} OR EXISTS (SELECT FROM lead_time_run WHERE days IS NULL))"
_MISSING = text(f"SELECT {_NO_CHANNEL} AS channel, {MISSING} AS anything")
_UNHURRIED = text("SET LOCAL statement_timeout = '10min'")
_FILL = text("""
UPDATE order_stage_time t SET channel = o.channel FROM customer_order o WHERE o.id = t.order_id AND t.channel IS NULL
""")
_NO_DAYS = text("SELECT DISTINCT kind, hours FROM lead_time_run WHERE days IS NULL")
_FORGET = text("DELETE FROM lead_time_run WHERE kind = :kind AND hours = :hours")


async def complete(unit: Transaction) -> None:
    """Give every kept order its channel, and every run its days: a kind that lacks any can't be trusted and is packed anew."""
    missing = (await unit.execute(_MISSING)).one()
    if not missing.anything:
        return
    await unit.execute(_UNHURRIED)
    doubtful = {(row.kind, row.hours) for row in await unit.execute(_NO_DAYS)}
    if missing.channel:
        await unit.execute(_FILL)
        doubtful |= {("channel", hours) for hours in HOURS}
    for kind, hours in sorted(doubtful):
        await unit.execute(_FORGET, {"kind": kind, "hours": hours})
        await pack(unit, kind, hours)
