"""A production order: the authority to make a quantity of one item, and all that happened to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from planning_service.domain.errors import IllegalMove
from planning_service.domain.exact import ZERO, plain
from planning_service.domain.floor_change import ChangeKind, FloorChange, differences
from planning_service.domain.judgement import check_judgement, operation_to_go_back_to
from planning_service.domain.lifecycle import ALLOWED, DEAD, Move, ProductionState
from planning_service.domain.operation import Operation, OperationState
from planning_service.domain.piece_passes import PiecePasses
from planning_service.domain.priority import Urgency


@dataclass(slots=True)
class ProductionOrder:
    """State is derived from these facts; quantities are in the item's stock unit."""

    id: UUID
    number: str
    order_number: str
    line_no: int
    item_code: str
    item_name: str
    unit: str
    quantity: Decimal
    due_date: date
    created_at: datetime
    operations: list[Operation]
    whole_units: bool = False
    parent_number: str | None = None
    routing_code: str = ""
    urgency: Urgency = Urgency.GREEN
    planner_rank: int | None = None
    rank_reason: str | None = None
    team: str | None = None
    dispatched_at: datetime | None = None
    held_at: datetime | None = None
    passed: Decimal = ZERO
    rework: Decimal = ZERO
    scrapped: Decimal = ZERO
    rework_waiting: bool = False
    inspected_at: datetime | None = None
    received: Decimal = ZERO
    received_at: datetime | None = None
    settled: bool = False
    """Components are consumed or returned; nothing of them is left to book."""
    completed_at: datetime | None = None
    cancelled_at: datetime | None = None
    closed_short_at: datetime | None = None
    reason: str | None = None
    version: int = 1
    traceparent: str = ""
    bom_hash: str = ""
    asked_at: datetime | None = None
    """When the customer asked: first come, first served."""
    pieces: PiecePasses = field(default_factory=PiecePasses)
    changes: list[FloorChange] = field(default_factory=list)
    """What came from upstream just now, for the floor to acknowledge."""

    @property
    def state(self) -> ProductionState:
        """Return where the production order stands."""
        for reached, state in (
            (self.cancelled_at, ProductionState.CANCELLED),
            (self.closed_short_at, ProductionState.CLOSED_SHORT),
            (self.completed_at, ProductionState.COMPLETED),
            (self.held_at, ProductionState.ON_HOLD),
        ):
            if reached is not None:
                return state
        return self._working_state()

    def _working_state(self) -> ProductionState:
        if self.rework_waiting:
            return ProductionState.REWORK
        if self.is_made():
            nothing_waits = not self.waiting and self.passed > 0 and self.received >= self.passed
            return ProductionState.RECEIVED if nothing_waits else ProductionState.AWAITING_INSPECTION
        if self.started_at is not None:
            return ProductionState.IN_PROGRESS
        return ProductionState.CREATED if self.dispatched_at is None else ProductionState.DISPATCHED

    @property
    def allowed(self) -> tuple[Move, ...]:
        """Return the moves a person may make now."""
        return ALLOWED[self.state]

    @property
    def started_at(self) -> datetime | None:
        """Return when work first began."""
        return min((op.started_at for op in self.operations if op.started_at), default=None)

    @property
    def finished_at(self) -> datetime | None:
        """Return when the last operation was done; None while something is left to make."""
        if not self.is_made():
            return None
        return max((op.last_report_at for op in self.operations if op.last_report_at), default=None)

    @property
    def made(self) -> Decimal:
        """Return the good quantity after the last operation; reworked pieces count each time they pass it."""
        return self.operations[-1].good if self.operations else ZERO

    @property
    def waiting(self) -> Decimal:
        """Return what was made and not judged yet."""
        return self.made - self.passed - self.rework - self.scrapped

    def again(self, index: int) -> Decimal:
        """Return what inspections sent back to this operation or one before it: it passes here once more."""
        return sum((operation.rework for operation in self.operations[: index + 1]), ZERO)

    def target(self, index: int) -> Decimal:
        """Return what good + scrap must reach: less what was lost before, rework once more from where it restarts."""
        lost = sum((op.scrap for op in self.operations[:index]), ZERO)
        return self.quantity - lost + self.again(index)

    def is_done(self, index: int) -> bool:
        """Say whether an operation has reached its target."""
        return self.operations[index].reported >= self.target(index)

    def is_made(self) -> bool:
        """Say whether no operation has anything left to do."""
        return all(self.is_done(index) for index in range(len(self.operations)))

    def operation_state(self, index: int) -> OperationState:
        """Return the derived state of an operation."""
        operation = self.operations[index]
        if self.is_done(index) and operation.started_at is not None:
            return OperationState.DONE
        return OperationState.WAITING if operation.started_at is None else OperationState.STARTED

    def is_out_of_order(self, index: int) -> bool:
        """Say whether an operation began before the one in front of it."""
        if index == 0 or self.operations[index].started_at is None:
            return False
        mine, before = self.operations[index].started_at, self.operations[index - 1].started_at
        return before is None or (mine is not None and mine < before)

    def next_open(self) -> int | None:
        """Return the index of the first operation that has something left, or None."""
        return next((i for i in range(len(self.operations)) if not self.is_done(i)), None)

    def index_of(self, sequence: int) -> int | None:
        """Return the index of the operation with this sequence number, or None."""
        return next((i for i, operation in enumerate(self.operations) if operation.sequence == sequence), None)

    def dispatch(self, team: str | None, now: datetime) -> None:
        """Hand the production order to a team."""
        self._require(Move.DISPATCH)
        self.team, self.dispatched_at = team or None, now

    def hold(self, reason: str, now: datetime) -> None:
        """Pause: new work is refused until it is resumed."""
        self._require(Move.HOLD)
        self.held_at, self.reason = now, reason or None

    def resume(self) -> None:
        """Go on where it was paused."""
        self._require(Move.RESUME)
        self.held_at = self.reason = None

    def cancel(self, reason: str, now: datetime) -> None:
        """End it: cancelled when nothing was received, else closed short (X12)."""
        self._require(Move.CANCEL)
        if self.is_on_the_floor():
            self.changes.append(FloorChange(ChangeKind.CANCELLED, self.state.value, reason, now))
        self.reason = reason or None
        if self.received > 0:
            self.closed_short_at = now
        else:
            self.cancelled_at = now

    def reschedule(self, due_date: date, urgency: Urgency, now: datetime) -> None:
        """Take a new due date and urgency over; on the floor both are news."""
        if self.is_on_the_floor():
            days = self.due_date.isoformat(), due_date.isoformat()
            words = self.urgency.value, urgency.value
            self.changes += differences(now, {ChangeKind.DUE_DATE: days, ChangeKind.URGENCY: words})
        self.due_date, self.urgency = due_date, urgency

    def learn_wanted(self, before: Decimal, after: Decimal, now: datetime) -> None:
        """Take note that the customer wants another quantity than what is being made; the planner decides what to do."""
        if self.is_on_the_floor():
            self.changes.append(FloorChange(ChangeKind.QUANTITY, plain(before), plain(after), now, self.unit))

    def inspect(
        self,
        *,
        passed: Decimal,
        rework: Decimal,
        scrapped: Decimal,
        reason: str | None,
        now: datetime,
        rework_from: int | None = None,
    ) -> int | None:
        """Judge what waits (S50); return the index of the operation that rework starts again at, if any goes back.

        It is the last one unless `rework_from` (a sequence number) names another.
        """
        self._require(Move.INSPECT)
        check_judgement(self.waiting, self.whole_units, passed=passed, rework=rework, scrapped=scrapped)
        back = operation_to_go_back_to(self.operations, rework_from)
        self.passed += passed
        self.rework += rework
        self.scrapped += scrapped
        self.rework_waiting = rework > 0
        self.reason = reason or self.reason
        self.inspected_at = now
        if not rework:
            return None
        self.operations[back].rework += rework
        return back

    def receive(self, total: Decimal, at: datetime) -> None:
        """Take note of what was received in all; totals only rise, so a late message changes nothing."""
        if total > self.received:
            self.received, self.received_at = total, at

    def settle(self) -> None:
        """Take note that the components are booked off."""
        self.settled = True

    def complete_if_booked_off(self, now: datetime) -> bool:
        """Complete when everything passed is received, components are settled and nothing is left to make."""
        if self.state is not ProductionState.RECEIVED or not self.settled:
            return False
        self.completed_at = now
        return True

    def is_on_the_floor(self) -> bool:
        """Say whether a team has it in hand: dispatched, and something left to do."""
        return self.dispatched_at is not None and not self.is_dead() and self.state is not ProductionState.RECEIVED

    def is_dead(self) -> bool:
        """Say whether nothing more will be made."""
        return self.state in DEAD

    def _require(self, move: Move) -> None:
        if move not in self.allowed:
            raise IllegalMove(self.number, self.state, move, allowed=self.allowed)
