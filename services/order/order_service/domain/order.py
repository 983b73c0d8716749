"""A customer order: moves refuse out loud and record what happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from order_service.domain import events as told
from order_service.domain import lifecycle
from order_service.domain.capacity import USUAL_DAYS
from order_service.domain.errors import IllegalMove, Stale
from order_service.domain.events import Event
from order_service.domain.line import Line, Totals

MOVES = ("confirm", "confirm_capacity", "cancel", "hold", "resume", "release_duplicate", "revoke_tracking")


@dataclass
class Order:
    """Facts of one order. `state` is derived; `events`, `notes` and `milestones` wait to be stored with the facts."""

    id: UUID
    number: str
    customer_id: UUID
    entered_customer_id: UUID  # a merge moves customer_id only
    customer_name: str
    invoice_policy: str
    contact_name: str
    contact_phone: str
    channel: str
    source_ref: str
    due_date: date
    urgency: str
    sales_owner: str
    kind: str
    ship_on_receipt: bool
    note: str
    attachment_ids: tuple[str, ...]
    confirm_requested: bool
    capacity_required: bool
    content_hash: str
    traceparent: str
    created_at: datetime
    created_by: str
    updated_at: datetime
    lines: list[Line]
    version: int = 1
    capacity_notice_days: int = USUAL_DAYS  # of the rule it was asked by
    capacity_confirmed_at: datetime | None = None
    capacity_note: str = ""
    duplicate_of: str = ""
    duplicate_released_at: datetime | None = None
    confirmed_at: datetime | None = None
    planned_at: datetime | None = None
    started_at: datetime | None = None
    fully_shipped_at: datetime | None = None
    held_at: datetime | None = None
    cancelled_at: datetime | None = None
    reason: str = ""
    token_epoch: int = 0
    events: list[Event] = field(default_factory=list)
    notes: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    milestones: dict[str, datetime] = field(default_factory=dict)

    @property
    def suspected(self) -> bool:
        return bool(self.duplicate_of) and self.duplicate_released_at is None

    @property
    def needs_capacity(self) -> bool:
        return self.capacity_required and self.capacity_confirmed_at is None

    @property
    def state(self) -> str:
        return lifecycle.state_of(self._facts())

    @property
    def allowed(self) -> tuple[str, ...]:
        """The moves this order accepts now."""
        return lifecycle.ALLOWED[self.state]

    @property
    def is_complete(self) -> bool:
        return lifecycle.is_complete([line.facts() for line in self.lines])

    @property
    def is_signed(self) -> bool:
        return lifecycle.is_signed([line.facts() for line in self.lines])

    def is_seen_by(self, owner: str) -> bool:
        """True when a salesperson may see it: their own, what they entered, what nobody owns; empty sees all."""
        return not owner or self.sales_owner in ("", owner) or self.created_by == owner

    @property
    def to_invoice(self) -> dict[int, Decimal]:
        """What stays with the customer and is not invoiced, by line."""
        return {line.line_no: line.to_invoice for line in self.lines}

    def _facts(self) -> lifecycle.Facts:
        return lifecycle.Facts(
            suspected=self.suspected,
            needs_capacity=self.needs_capacity,
            confirmed=self.confirmed_at is not None,
            planned=self.planned_at is not None,
            started=self.started_at is not None,
            held=self.held_at is not None,
            cancelled=self.cancelled_at is not None,
            lines=[line.facts() for line in self.lines],
        )

    def record(self, event: Event) -> None:
        self.events.append(event)

    def check_version(self, expected: int | None) -> None:
        """Raise Stale when the caller saw another version."""
        if expected is not None and expected != self.version:
            raise Stale(expected, self.version)

    def check_allowed(self, move: str) -> None:
        """Raise IllegalMove with what is allowed instead."""
        if move not in self.allowed:
            raise IllegalMove(move, self.number, self.state, self.allowed)

    def note_talks(self, inquired_at: datetime | None, quoted_at: datetime | None) -> None:
        """Keep when the customer first asked and was first quoted; what is not given stays unrecorded (S76)."""
        told_of = {"inquiry": inquired_at, "first_quote": quoted_at}
        self.milestones |= {stage: at for stage, at in told_of.items() if at is not None}

    def submit(self, twin: tuple[str, str] | None, now: datetime) -> None:
        """Take the order in; `twin` is the number and sales owner of an order it may repeat."""
        self.record(told.OrderSubmitted())
        if twin is not None:
            self.duplicate_of = twin[0]
            self.record(told.DuplicateSuspected(*twin))
        else:
            self._go_on(now)

    def _go_on(self, now: datetime) -> None:
        """Ask for capacity, or confirm when that was asked at submission."""
        if self.needs_capacity:
            self.record(told.CapacityConfirmationRequested(self.capacity_notice_days))
        elif self.confirm_requested and self.confirmed_at is None:
            self._confirm(now)

    def _confirm(self, now: datetime) -> None:
        self.confirmed_at = now
        self.kind = "firm"
        self.milestones["confirmed"] = now
        self.record(told.OrderConfirmed())

    def confirm(self, now: datetime) -> None:
        """Make it firm; an intent order converts once (X9)."""
        self.check_allowed("confirm")
        self._confirm(now)

    def confirm_capacity(self, note: str, now: datetime) -> None:
        """Planning says yes to a near date; the order goes on as it was asked to (S25)."""
        self.check_allowed("confirm_capacity")
        self.capacity_confirmed_at = now
        self.capacity_note = note
        self.record(told.CapacityConfirmed(note))
        self._go_on(now)

    def release_duplicate(self, now: datetime) -> None:
        """It repeats no other order; it goes on as it was asked to (X7)."""
        self.check_allowed("release_duplicate")
        self.duplicate_released_at = now
        self.record(told.DuplicateReleased(self.duplicate_of))
        self._go_on(now)

    def revoke_tracking(self) -> None:
        """Make the links given out so far lead nowhere; the next one shown is new (S30)."""
        self.token_epoch += 1
        self.notes.append(("TrackingRevoked", {}))

    def hold(self, reason: str, now: datetime) -> None:
        """Let it rest until it is resumed."""
        self.check_allowed("hold")
        self.held_at, self.reason = now, reason
        self.record(told.OrderHeld(reason))

    def resume(self) -> None:
        """Go on where it was held."""
        self.check_allowed("resume")
        self.held_at = None
        self.record(told.OrderResumed())

    def cancel(self, reason: str, now: datetime) -> None:
        """End it; what was shipped stays ordered and is invoiced (X13)."""
        self.check_allowed("cancel")
        for line in self.lines:
            line.cancel_rest()
        self.cancelled_at, self.reason, self.held_at = now, reason, None
        self.record(told.OrderCancelled(reason))

    def plan(self, planned: Mapping[int, Decimal], at: datetime, *, covers: bool) -> None:
        """Take the plan's quantities per line; one that covers anything is the release (S78)."""
        self.cover(planned)
        if covers:
            self.planned_at = self.planned_at or at
            self.milestones["released"] = at

    def cover(self, planned: Mapping[int, Decimal]) -> None:
        """Set what the plan covers of the lines named; the others keep theirs."""
        for line in self.lines:
            line.planned_quantity = planned.get(line.line_no, line.planned_quantity)

    def start(self, at: datetime) -> None:
        """An operation started."""
        self.started_at = min(self.started_at or at, at)
        self.milestones["first_operation_started"] = at

    def weigh(self, totals: Mapping[int, Totals]) -> None:
        """Set the quantities of each line to the sums of its facts."""
        for line in self.lines:
            sums = totals.get(line.line_no, Totals())
            line.received_quantity, line.shipped_quantity = sums.received, sums.shipped
            line.returned_quantity, line.signed_quantity = sums.returned, sums.signed
            line.invoiced_quantity = sums.invoiced

    def note_shipped(
        self, shipment: str, tracking: tuple[str, ...], all_tracking: tuple[str, ...], at: datetime
    ) -> bool:
        """Tell partly or fully shipped once; True when this shipment completed the order."""
        self.milestones["shipped"] = at
        if self.fully_shipped_at is not None or self.cancelled_at is not None:
            return self.cancelled_at is not None
        if not self.is_complete:
            self.record(told.OrderPartlyShipped(shipment, tracking))
            return False
        self.fully_shipped_at = at
        self.record(told.OrderFullyShipped(all_tracking))
        return True

    def note_returned(self) -> None:
        """A return reopens what was complete (X47)."""
        if not self.is_complete:
            self.fully_shipped_at = None

    def note_signed(self, by: str, at: datetime) -> None:
        """Tell when the last of what was shipped is signed for and nothing more is to come."""
        if self.is_signed and self.is_complete:
            self.milestones["signed"] = at
            self.record(told.OrderSigned(at, by))
