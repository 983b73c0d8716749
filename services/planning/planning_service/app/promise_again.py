"""The day of planned lines that have none: nobody knew one when they were planned, or they were changed since (S4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from planning_service.app.ports import Stock
from planning_service.app.preview_rush import RushedOrder, free_with_own, planned_afresh
from planning_service.domain.promise import promise_order, short_items


async def promise_again(order: RushedOrder, stock: Stock) -> Mapping[int, date | None]:
    """Return by line what planning the order now would promise, what it holds counted as free for it."""
    plan = planned_afresh(order, await free_with_own(order, stock))
    short = short_items(plan)
    arrivals = await stock.arrivals(short) if short else []
    promises = promise_order(plan, order.catalogue, order.today, arrivals)
    return {promise.line_no: promise.producible_by for promise in promises}
