"""Events are read whatever a newer or older producer adds or leaves out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from orderhub.planning.v1 import events_pb2 as planning_pb

from inventory_service.entrypoints import read_events
from tests.support.events import TRACE, incoming

TOLD = planning_pb.OrderPlanned(
    order_number="SO1", urgency="yellow",
    production_orders=[{
        "production_order_number": "PO1", "line_no": 1, "item_code": "A", "quantity": "2", "unit": "台", "rank": 3,
        "due_date": "2026-12-01", "components": [{"item_code": "X", "quantity": "4.5", "unit": "件"}],
    }],
    stocked_lines=[{"line_no": 2, "item_code": "C", "quantity": "0", "unit": "m"}],
)  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"planned_at": "2026-11-22T04:00:00Z"},
        {"something_new": {"deep": [1]}},
        {"lines": [{"line_no": "7", "later": True}]},
    ],
)
def test_a_plan_is_read_the_same_way_whoever_told_it(change: dict[str, Any]) -> None:
    event = incoming("planning", "orders/SO1", 1, TOLD)
    event = replace(event, data={**event.data, **change})

    plan = read_events.plan(read_events.order_planned(event), TRACE)

    [line] = plan.asked  # nothing is asked for of C
    assert (line.key.production_order, line.key.item, str(line.need)) == ("PO1", "X", "4.5")
    assert (line.claim.urgency, line.claim.rank, line.claim.due.isoformat()) == (1, 3, "2026-12-01")
    assert [(of.number, str(of.planned), of.traceparent) for of in plan.production_orders] == [("PO1", "2", TRACE)]


def test_a_plan_with_nonsense_is_refused_as_a_whole() -> None:
    event = incoming("planning", "orders/SO1", 1, planning_pb.OrderPlanned(
        order_number="SO1", stocked_lines=[{"line_no": 1, "item_code": "C", "quantity": "many"}],
    ))  # fmt: skip

    with pytest.raises(ValueError, match="many"):
        read_events.plan(read_events.order_planned(event), TRACE)
