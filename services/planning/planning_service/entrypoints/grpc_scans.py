"""Who scanned what: on one production order, and behind order lines (S11, S48)."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from orderhub.planning.v1 import production_pb2 as pb

from chassis import page_token
from planning_service.adapters.message_forms import stamp
from planning_service.adapters.scans import line_scans, scan_page
from planning_service.domain.errors import FieldError, Invalid
from planning_service.domain.exact import plain
from planning_service.entrypoints import production_proto as form
from planning_service.entrypoints.desk import Desk
from planning_service.entrypoints.reading import Reading, page_size
from planning_service.entrypoints.scanning import scan_cursor

MAX_LINES = 500
MAX_SCANS = 200


class ScanRecords(Desk):
    """Scans as they were recorded."""

    async def ListScans(self, request: pb.ListScansRequest, context: Any) -> pb.ListScansResponse:
        """Return who scanned what on a production order, newest first."""
        size, token = page_size(request.page.page_size), request.page.page_token
        number = (await self.production_order(request.production_order)).order.number
        before, scan_id = scan_cursor(token)
        async with self.database.read() as reader:
            found = await scan_page(reader, number, before, scan_id, size + 1)
        following = (
            page_token.write("scans", found[size - 1].recorded_at.isoformat(), found[size - 1].scan_id)
            if len(found) > size
            else ""
        )
        return pb.ListScansResponse(scans=[form.scan_message(row) for row in found[:size]], next_page_token=following)

    async def ListLineScans(self, request: pb.ListLineScansRequest, context: Any) -> pb.ListLineScansResponse:
        """Return the newest scans that counted goods behind each order line; one statement for all lines."""
        if len(request.lines) > MAX_LINES:
            raise Invalid([FieldError("lines", "TOO_MANY", {"max": MAX_LINES})])
        reading = Reading()
        lines = [(reading.text(f"lines.{n}", x.order_number, 64), x.line_no) for n, x in enumerate(request.lines)]
        reading.done()
        most = min(max(request.most, 1), MAX_SCANS)
        async with self.database.read() as reader:
            rows = await line_scans(reader, sorted(set(lines)), most) if lines else []
        by_line = groupby(rows, key=lambda row: (row.order_number, row.line_no))
        return pb.ListLineScansResponse(lines=[_line(key, list(found)) for key, found in by_line])


def _line(key: tuple[str, int], rows: list[Any]) -> pb.LineScans:
    ref = pb.OrderLineRef(order_number=key[0], line_no=key[1])
    return pb.LineScans(line=ref, scans=[_scan(row) for row in rows], scans_count=rows[0].n)


def _scan(row: Any) -> pb.LineScan:
    return pb.LineScan(
        production_order_number=row.production_order_number,
        operation=row.operation,
        quantity=plain(row.quantity) if row.quantity is not None else "",
        scrap=plain(row.scrap) if row.scrap else "",
        actor=row.actor,
        device_id=row.device_id,
        occurred_at=stamp(row.occurred_at),
    )
