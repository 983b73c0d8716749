"""ListShortages: what is short now, who waits, what is due, what nobody has ordered yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from orderhub.planning.v1 import production_pb2 as pb

from chassis import page_token
from planning_service.adapters import shortage_views as views
from planning_service.domain.arrivals import Arrival
from planning_service.domain.exact import ZERO, plain
from planning_service.domain.item import Item, Supply
from planning_service.entrypoints.desk import Desk
from planning_service.entrypoints.reading import Reading, page_size


class Shortages(Desk):
    """The planner's and the buyer's list."""

    async def ListShortages(self, request: pb.ListShortagesRequest, context: Any) -> pb.ListShortagesResponse:
        """Return what is short by item, the earliest needed first."""
        size, after = page_size(request.page.page_size), _after(request.page.page_token)
        reading = Reading()
        item = reading.text("item_code", request.item_code, 100)
        reading.done()
        catalogue = await self.catalogue()
        async with self.database.read() as reader:
            found = await views.short_items(reader, item, after, size + 1)
            page = found[:size]
            waiting = await views.waiting_for(reader, [row.item_code for row in page])
        due = grouped(await self.stock.arrivals(row.item_code for row in page) if page else ())
        today = self.clock.today()
        shortages = [
            _shortage(row, catalogue.items.get(row.item_code), waiting[row.item_code], due[row.item_code], today)
            for row in page
        ]
        last = page[-1] if len(found) > size else None
        token = page_token.write("shortages", last.needed_by, last.item_code) if last else ""
        return pb.ListShortagesResponse(shortages=shortages, next_page_token=token)


def _after(token: str) -> tuple[date, str]:
    day, item = page_token.read("shortages", token, date.fromisoformat, page_token.text, first=(date.min, ""))
    return day, item


def grouped(found: Iterable[Any]) -> defaultdict[str, list[Any]]:
    """Return what was found by item, in the order it came."""
    groups: defaultdict[str, list[Any]] = defaultdict(list)
    for one in found:
        groups[one.item_code].append(one)
    return groups


def _shortage(
    row: Any, item: Item | None, waiting: Sequence[Any], arrivals: Sequence[Arrival], today: date
) -> pb.ItemShortage:
    expected = min(row.short, sum((arrival.open for arrival in arrivals), ZERO))
    lead = item.lead_time_days if item else 0
    order_by = row.needed_by - timedelta(days=lead) if lead else None
    return pb.ItemShortage(
        item_code=row.item_code,
        item_name=row.item_name,
        unit=row.unit,
        supply=(item.supply if item else Supply.BUY).value,
        short=plain(row.short),
        expected=plain(expected),
        to_order=plain(row.short - expected),
        needed_by=row.needed_by.isoformat(),
        order_by=order_by.isoformat() if order_by else "",
        overdue=order_by is not None and order_by < today,
        lead_time_days=lead,
        waiting=[_waiting(one) for one in waiting],
        waiting_count=row.waiting,
        receipts=[expected_goods(arrival) for arrival in arrivals],
    )


def _waiting(row: Any) -> pb.WaitingDemand:
    return pb.WaitingDemand(
        order_number=row.order_number,
        production_order_number=row.production_order_number,
        line_no=row.line_no,
        customer_name=row.customer_name,
        short=plain(row.short),
        due_date=row.due_date.isoformat(),
        urgency=row.urgency,
    )


def expected_goods(arrival: Arrival) -> pb.ExpectedGoods:
    """Return a supplier's delivery as explanations show it."""
    return pb.ExpectedGoods(
        quantity=plain(arrival.open),
        due_date=arrival.due_date.isoformat(),
        state=arrival.state,
        expected_receipt_number=arrival.number,
        supplier=arrival.supplier,
        late=arrival.late,
    )
