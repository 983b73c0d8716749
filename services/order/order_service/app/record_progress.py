"""Facts told by planning change how far an order is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from order_service.app.ports import Orders, Shortages


async def record_plan(
    number: str, planned: Mapping[int, Decimal], at: datetime, orders: Orders, *, covers: bool
) -> None:
    """Set what the plan covers of each line; `covers` is false for a plan of nothing."""
    order = await orders.get(number)
    order.plan(planned, at, covers=covers)
    order.notes.append(("OrderPlanned", {}))
    await orders.save(order)


async def record_revised_plan(
    number: str, planned: Mapping[int, Decimal], words: Mapping[str, str], orders: Orders
) -> None:
    """Set what the plan covers of the lines it changed for; the release stays where it was."""
    order = await orders.get(number)
    order.cover(planned)
    order.notes.append(("PlanRevised", dict(words)))
    await orders.save(order)


async def record_start(number: str, at: datetime, words: Mapping[str, str], orders: Orders) -> None:
    """Note the start of an operation; the first puts the order in production."""
    order = await orders.get(number)
    order.start(at)
    order.notes.append(("OperationStarted", dict(words)))
    await orders.save(order)


async def record_moment(
    number: str, what: str, words: Mapping[str, str], orders: Orders, *, stage: str = "", at: datetime | None = None
) -> None:
    """Note something that happened to an order's goods, and when it is a stage event its moment."""
    await orders.note(number, what, words, {stage: at} if stage and at is not None else {})


async def record_shortage(
    number: str, what: str, words: Mapping[str, str], at: datetime, *, orders: Orders, shortages: Shortages
) -> None:
    """Note that an order waits, or no longer waits, for an item."""
    order_id = await orders.note(number, what, words, {})
    demand = words["production_order_number"] or words["line_no"]
    change = shortages.begin if what == "ShortageRaised" else shortages.end
    await change(order_id, demand, words["item_code"], at)
