"""Runs by channel, made where the release before this left orders without one."""

from __future__ import annotations

from chassis.database import Transaction
from chassis.sql import text
from order_service.adapters.lead_time_runs import HOURS, pack

MISSING = "EXISTS (SELECT FROM order_stage_time WHERE channel IS NULL)"
_MISSING = text(f"SELECT {MISSING}")
_UNHURRIED = text("SET LOCAL statement_timeout = '10min'")
_FILL = text("""
UPDATE order_stage_time t SET channel = o.channel FROM customer_order o WHERE o.id = t.order_id AND t.channel IS NULL
""")
_FORGET = text("DELETE FROM lead_time_run WHERE kind = 'channel'")


async def complete(unit: Transaction) -> None:
    """Give every kept order its channel; when one had none, no run by channel can be trusted: all are packed anew."""
    if not (await unit.execute(_MISSING)).scalar_one():
        return
    await unit.execute(_UNHURRIED)
    await unit.execute(_FILL)
    await unit.execute(_FORGET)
    for hours in HOURS:
        await pack(unit, "channel", hours)
