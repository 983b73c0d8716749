"""RecordScans and GetScanTarget: scans as devices send them to scan reports and verdicts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from orderhub.common.v1.common_pb2 import CommandContext
from orderhub.planning.v1 import production_pb2 as pb

from chassis import principal
from chassis.commands import Commands
from chassis.database import Transaction
from planning_service.adapters.messages import Messages
from planning_service.adapters.production_orders import ProductionOrderRows
from planning_service.adapters.production_views import ProductionView
from planning_service.adapters.scans import ScanRows
from planning_service.app.record_scan import record_scan
from planning_service.domain.errors import FieldError, Invalid
from planning_service.domain.exact import plain
from planning_service.domain.lifecycle import DEAD, ProductionState
from planning_service.domain.production_order import ProductionOrder
from planning_service.domain.scan import ScanAction, ScanOutcome, ScanPolicy, ScanReport, ScanResult, refused
from planning_service.entrypoints import production_proto as form
from planning_service.entrypoints.reading import Reading, instant, parts_of

MAX_ID_LENGTH = 128


@dataclass
class ScanDesk:
    """Takes scans one transaction each, by device time, and answers in the order sent."""

    commands: Commands
    policy: ScanPolicy = ScanPolicy.RECORD

    async def record(self, scans: list[pb.Scan]) -> list[pb.ScanVerdict]:
        """Return one verdict per scan."""
        verdicts: dict[int, pb.ScanVerdict] = {}
        readable: list[tuple[datetime, int, ScanReport]] = []
        for index, scan in enumerate(scans):
            read = _read(scan)
            if isinstance(read, ScanReport):
                readable.append((read.occurred_at, index, read))
            else:
                verdicts[index] = form.verdict_message(scan.scan_id, read, None)
        for _, index, report in sorted(readable, key=lambda entry: entry[:2]):
            verdicts[index] = await self._one(report, _fingerprint(scans[index]))
        return [verdicts[index] for index in range(len(scans))]

    async def _one(self, scan: ScanReport, fingerprint: str) -> pb.ScanVerdict:
        def render(outcome: ScanOutcome, order: ProductionOrder | None) -> bytes:
            return form.verdict_message(scan.scan_id, outcome, order).SerializeToString(deterministic=True)

        async def work(unit: Transaction) -> pb.ScanVerdict:
            rows = ScanRows(unit), ProductionOrderRows(unit), Messages(unit)
            result, kept = await record_scan(scan, fingerprint, *rows, render=render, now=unit.now, policy=self.policy)
            verdict = pb.ScanVerdict.FromString(kept)
            verdict.result = result.value
            if result is ScanResult.CONFLICT:
                verdict.reason = "SCAN_ID_REUSED"
            return verdict

        return await self.commands.run(CommandContext(), pb.ScanVerdict, work)


def _read(scan: pb.Scan) -> ScanReport | ScanOutcome:
    """Return the scan, or why it can't be read; an unreadable one is not kept."""
    reading = Reading()
    scan_id = reading.text("scan_id", scan.scan_id, MAX_ID_LENGTH)
    device_id = reading.text("device_id", scan.device_id, MAX_ID_LENGTH)
    code = reading.text("code", scan.code, MAX_ID_LENGTH)
    action = reading.choice("action", scan.action, ScanAction) or ScanAction.FINISH
    quantity = _quantity(reading, "quantity", scan.quantity)
    scrap = _quantity(reading, "scrap", scan.scrap)
    occurred_at = instant(scan.occurred_at)
    if reading.errors:
        first = reading.errors[0]
        return refused("SCAN_UNREADABLE", field=first.field, problem=first.reason)
    if not scan_id or not code:
        return refused("SCAN_UNREADABLE", field="scan_id" if not scan_id else "code", problem="REQUIRED")
    if occurred_at is None:
        return refused("OCCURRED_AT_INVALID", occurred_at=scan.occurred_at[:40])
    if not _may_speak_for(device_id):
        return refused("DEVICE_MISMATCH", device_id=device_id)
    sequence = scan.operation_sequence or None
    return ScanReport(scan_id, device_id, code, occurred_at, action, sequence, quantity, scrap)


def _quantity(reading: Reading, field: str, text: str) -> Decimal | None:
    return reading.decimal(field, text) if text else None


def _may_speak_for(device_id: str) -> bool:
    """A device token speaks for its own device; a person may name any."""
    who = principal.current.get()
    return who is None or who.kind != "device" or who.subject == f"device:{device_id}"


def _fingerprint(scan: pb.Scan) -> str:
    return hashlib.sha256(scan.SerializeToString(deterministic=True)).hexdigest()


def scan_cursor(token: str) -> tuple[datetime, str]:
    """Return the point a page of scans goes on from; the future without a token."""
    if not token:
        return datetime.max.replace(tzinfo=UTC), ""
    at, scan_id = parts_of(token, 2)
    found = instant(at)
    if found is None:
        raise Invalid([FieldError("page_token", "PAGE_TOKEN_INVALID")])
    return found, scan_id


def target_message(view: ProductionView) -> pb.GetScanTargetResponse:
    """Return what a code is and what may be done with it now."""
    order = view.order
    following = order.next_open()
    message = pb.GetScanTargetResponse(
        kind="production_order",
        number=order.number,
        actions=_actions(order),
        planned=plain(order.quantity),
        passed=plain(order.passed),
        received=plain(order.received),
        remaining=plain(max(Decimal(0), order.passed - order.received)),
        unit=order.unit,
        item_code=order.item_code,
        item_name=order.item_name,
        state=order.state.value,
    )
    if following is not None:
        message.operation.CopyFrom(form.operation_message(order, following))
    return message


def _actions(order: ProductionOrder) -> list[str]:
    if order.state in DEAD or order.state is ProductionState.ON_HOLD:
        return []
    work = ["start", "finish"] if order.next_open() is not None else []
    inspect = ["inspect"] if order.state is ProductionState.AWAITING_INSPECTION and order.waiting > 0 else []
    receive = ["receive"] if order.passed > order.received else []
    return work + inspect + receive
