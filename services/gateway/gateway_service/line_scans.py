"""Floor scans beside the documents of a difference: who made what, on which device and when (S11)."""

from __future__ import annotations

from collections.abc import Sequence

from orderhub.order.v1.finance_pb2 import Difference, DifferenceSource
from orderhub.planning.v1.production_pb2 import LineScan, LineScans, ListLineScansRequest, OrderLineRef

from gateway_service.clients import PlanningClient

LINES_A_CALL = 200
SCANS_A_LINE = 50
SCAN = "scan"


async def add_scans(planning: PlanningClient, differences: Sequence[Difference]) -> None:
    """Add the newest scans of each line's production orders to its sources, by time; raise Remote."""
    by_line = {(one.order_number, one.line_no): one for one in differences}
    keys = list(by_line)
    for start in range(0, len(keys), LINES_A_CALL):
        lines = [OrderLineRef(order_number=order, line_no=line) for order, line in keys[start : start + LINES_A_CALL]]
        request = ListLineScansRequest(lines=lines, most=SCANS_A_LINE)
        for found in (await planning.ask(planning.planning.ListLineScans, request)).lines:
            _join(by_line[found.line.order_number, found.line.line_no], found)


def _join(difference: Difference, found: LineScans) -> None:
    """Put scans and documents in one order of time."""
    sources = sorted(
        [*difference.sources, *map(_source, found.scans)], key=lambda source: (source.at.seconds, source.at.nanos)
    )
    del difference.sources[:]
    difference.sources.extend(sources)
    difference.more_scans = found.scans_count - len(found.scans)


def _source(scan: LineScan) -> DifferenceSource:
    return DifferenceSource(
        kind=SCAN, ref=scan.production_order_number, quantity=scan.quantity, actor=scan.actor, at=scan.occurred_at,
        device_id=scan.device_id, operation=scan.operation, scrap=scan.scrap,
    )  # fmt: skip
