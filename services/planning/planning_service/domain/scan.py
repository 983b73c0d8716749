"""Scans on the floor: each counts once, odd ones are recorded and flagged, impossible ones refused (S48, X36-X40)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from planning_service.domain.device_clock import clamped, clock_doubts, clock_flags
from planning_service.domain.exact import SCALE_DIGITS, ZERO, decimal_places, is_whole, plain
from planning_service.domain.item import MAX_QUANTITY
from planning_service.domain.lifecycle import ProductionState
from planning_service.domain.operation import OperationState
from planning_service.domain.production_order import ProductionOrder
from planning_service.domain.scan_code import read_code

DEAD_REASONS = {
    ProductionState.CANCELLED: "JOB_CANCELLED",
    ProductionState.CLOSED_SHORT: "JOB_CLOSED_SHORT",
    ProductionState.COMPLETED: "JOB_COMPLETED",
}


class ScanAction(StrEnum):
    """What the worker says: I begin, or I made so many."""

    START = "start"
    FINISH = "finish"


class ScanPolicy(StrEnum):
    """What an operation needs of the one in front of it (X37)."""

    RECORD = "record"
    """Nothing: what is odd is recorded and flagged."""
    PREVIOUS = "previous"
    """Not more than the operation in front has made good, so parts may overlap (X38)."""
    STRICT = "strict"
    """The operation in front must be done."""


class ScanResult(StrEnum):
    """One word per scan; a replay answers `duplicate` with everything else as first given."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class ScanReport:
    """One scan as the device minted it; quantities None when the worker gave none."""

    scan_id: str
    device_id: str
    code: str
    occurred_at: datetime
    action: ScanAction = ScanAction.FINISH
    operation_sequence: int | None = None
    quantity: Decimal | None = None
    scrap: Decimal | None = None
    serial: str | None = None


@dataclass(frozen=True, slots=True)
class ScanOutcome:
    """What a scan did: which operation it moved and what followed from it."""

    result: ScanResult
    reason: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    index: int | None = None
    started: bool = False
    finished: bool = False
    first_start: bool = False
    made: bool = False
    good: Decimal = ZERO
    scrap: Decimal = ZERO


def refused(reason: str, **params: str) -> ScanOutcome:
    """Return a refusal with its figures."""
    return ScanOutcome(ScanResult.REJECTED, reason, params)


def apply_scan(
    order: ProductionOrder,
    scan: ScanReport,
    now: datetime,
    policy: ScanPolicy = ScanPolicy.RECORD,
    work_centers: frozenset[str] = frozenset(),
) -> ScanOutcome:
    """Let a scan take effect on a production order and return the outcome; a refusal changes nothing.

    Whoever reports is bound to `work_centers`; without any they may report everywhere.
    """
    refusal = _refused_by_state(order, scan)
    if refusal is not None:
        return refusal
    index = _meant(order, scan)
    if isinstance(index, ScanOutcome):
        return index
    place = order.operations[index].step.work_center
    if work_centers and place not in work_centers:
        return refused("NOT_YOUR_WORK_CENTER", work_center=place)
    quantities = _quantities(order, index, scan)
    if isinstance(quantities, ScanOutcome):
        return quantities
    refusal = _refused_by_policy(order, index, quantities, policy) or _refused_by_serial(order, index, scan)
    if refusal is not None:
        return refusal
    return _record(order, index, scan, quantities, now)


def _refused_by_state(order: ProductionOrder, scan: ScanReport) -> ScanOutcome | None:
    """Work done before a hold and told after it still counts; nothing counts on a dead job."""
    if order.is_dead():
        return refused(DEAD_REASONS[order.state], number=order.number)
    if order.held_at is not None and scan.occurred_at >= order.held_at:
        return refused("JOB_ON_HOLD", number=order.number)
    return None


def _meant(order: ProductionOrder, scan: ScanReport) -> int | ScanOutcome:
    """Return the index of the operation a scan is about: the one it or its code names, else the next open one."""
    on_paper, said = read_code(scan.code).sequence, scan.operation_sequence
    if on_paper and said and on_paper != said:
        return refused("OTHER_OPERATION", sequence=str(on_paper), expected=str(said))
    wanted = said or on_paper
    index = order.index_of(wanted) if wanted else order.next_open()
    if index is not None:
        return index
    return (
        refused("OPERATION_UNKNOWN", sequence=str(wanted)) if wanted else refused("NOTHING_OPEN", number=order.number)
    )


def _refused_by_policy(
    order: ProductionOrder, index: int, quantities: tuple[Decimal, Decimal], policy: ScanPolicy
) -> ScanOutcome | None:
    if index == 0 or policy is ScanPolicy.RECORD:
        return None
    before = order.operations[index - 1]
    if policy is ScanPolicy.STRICT:
        return None if order.is_done(index - 1) else refused("OPERATION_NOT_READY", before=before.step.name)
    operation = order.operations[index]
    left = before.good + operation.rework - operation.reported  # what came through, and what was sent back to here
    if sum(quantities) > left or left <= 0:
        return refused("OPERATION_NOT_READY", before=before.step.name, left=plain(max(ZERO, left)))
    return None


def _refused_by_serial(order: ProductionOrder, index: int, scan: ScanReport) -> ScanOutcome | None:
    """A piece counts once at an operation; again only while rework is out."""
    operation = order.operations[index]
    if not scan.serial or scan.action is ScanAction.START:
        return None
    if order.pieces.may_pass(operation.sequence, scan.serial, order.again(index)):
        return None
    return refused("PIECE_ALREADY_COUNTED", serial=scan.serial, at_operation=operation.step.name)


def _quantities(order: ProductionOrder, index: int, scan: ScanReport) -> tuple[Decimal, Decimal] | ScanOutcome:
    """Return (good, scrap) of the scan: what is left by default, nothing for a start."""
    if scan.action is ScanAction.START:
        return ZERO, ZERO
    left = order.quantity + order.again(index) - order.operations[index].reported
    scrap = scan.scrap if scan.scrap is not None else ZERO
    if scan.serial:
        good = scan.quantity if scan.quantity is not None else 1 - scrap
    else:
        good = scan.quantity if scan.quantity is not None else _default_good(order, index, scrap)
    for value in (good, scrap):
        if not _is_sane(value):
            return refused("QUANTITY_INVALID", quantity=str(value))
        if order.whole_units and not is_whole(value):
            return refused("QUANTITY_NOT_WHOLE", quantity=plain(value), unit=order.unit)
    if scan.serial and good + scrap != 1:
        return refused("SERIAL_MEANS_ONE", serial=scan.serial, quantity=plain(good + scrap))
    if good + scrap > left:
        return refused("QUANTITY_OVER", quantity=plain(good + scrap), left=plain(left), unit=order.unit)
    if good + scrap == 0:
        return refused("QUANTITY_INVALID", quantity="0")
    return good, scrap


def _default_good(order: ProductionOrder, index: int, scrap: Decimal) -> Decimal:
    """Return what is left to the operation's target, or to the limit when the target is reached (rework)."""
    reported = order.operations[index].reported
    left = order.target(index) - reported
    if left <= 0:
        left = order.quantity + order.again(index) - reported
    return left - scrap if scrap.is_finite() and scrap <= left else ZERO


def _is_sane(value: Decimal) -> bool:
    return value.is_finite() and 0 <= value < MAX_QUANTITY and decimal_places(value) <= SCALE_DIGITS


def _record(
    order: ProductionOrder, index: int, scan: ScanReport, quantities: tuple[Decimal, Decimal], now: datetime
) -> ScanOutcome:
    operation = order.operations[index]
    first_start, was_started = order.started_at is None, operation.started_at is not None
    was_done = order.operation_state(index) is OperationState.DONE
    was_made = order.is_made()
    order.rework_waiting = False
    operation.flags |= clock_flags(order, scan.occurred_at, now)
    at = clamped(order, scan.occurred_at, now)
    if scan.action is ScanAction.START:
        operation.touch(at)
    else:
        operation.report(*quantities, at)
        if scan.serial:
            order.pieces.record(operation.sequence, scan.serial)
    return ScanOutcome(
        ScanResult.APPLIED,
        params=clock_doubts(order, scan.occurred_at, now),
        index=index,
        started=not was_started,
        finished=not was_done and order.operation_state(index) is OperationState.DONE,
        first_start=first_start,
        made=not was_made and order.is_made(),
        good=quantities[0],
        scrap=quantities[1],
    )
