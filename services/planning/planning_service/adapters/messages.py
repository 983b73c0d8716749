"""Planning's events: domain objects to messages, published with the transaction, in the trace of their order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from google.protobuf.message import Message
from orderhub.planning.v1 import events_pb2 as pb

from chassis.database import Transaction
from planning_service.adapters import message_forms as forms
from planning_service.app.facts import OrderFacts, RevisedLine, Told
from planning_service.domain.bom import BomVersion
from planning_service.domain.component import Component
from planning_service.domain.exact import plain
from planning_service.domain.item import Item
from planning_service.domain.operation import Operation
from planning_service.domain.production_order import ProductionOrder
from planning_service.domain.routing import Routing
from planning_service.domain.scan import ScanAction, ScanOutcome, ScanReport


class Messages:
    """Tells what happened when the transaction commits."""

    def __init__(self, unit: Transaction) -> None:
        self._unit = unit

    def item_changed(self, item: Item, version: int) -> None:
        """Tell the whole item."""
        self._unit.publish(
            f"items/{item.code}",
            pb.ItemChanged(
                item_code=item.code,
                name=item.name,
                unit=item.unit,
                supply=item.supply.value,
                whole_units=item.whole_units,
                safety_stock=plain(item.safety_stock),
                lead_time_days=item.lead_time_days,
                aliases=item.aliases,
                units=[pb.UnitFactor(unit=u.unit, factor=plain(u.factor)) for u in item.units],
                active=item.active,
                version=version,
            ),
        )

    def routing_changed(self, routing: Routing) -> None:
        """Tell that a routing changed."""
        message = pb.RoutingChanged(routing_code=routing.code, version=routing.version)
        self._unit.publish(f"routings/{routing.code}", message)

    def bom_changed(self, item_code: str, version: BomVersion) -> None:
        """Tell that a bill has a new version."""
        content = version.content_hash()
        message = pb.BomChanged(item_code=item_code, version=version.version, content_hash=content)
        self._unit.publish(f"boms/{item_code}", message)

    def planned(self, order: OrderFacts, told: Told) -> None:
        """Tell the plan as one event."""
        wanted: dict[str, list[pb.Demand]] = defaultdict(list)
        for component in told.components:
            wanted[component.production_order_number].append(forms.demand(component))
        planned = pb.OrderPlanned(
            order_number=order.number,
            production_orders=[forms.planned(one, wanted[one.number]) for one in told.made],
            stocked_lines=wanted[""],
            planned_at=forms.stamp(self._unit.now),
            urgency=order.urgency.value,
            lines=[
                pb.PlannedLine(line_no=line.line_no, planned_quantity=plain(line.quantity), unit=line.unit)
                for line in told.lines
            ],
            replaced_numbers=told.replaced,
        )
        self._unit.publish(f"orders/{order.number}", planned, trace=order.traceparent)

    def revised(self, order: OrderFacts, lines: Sequence[RevisedLine]) -> None:
        """Tell what a changed order did to its production."""
        message = pb.PlanRevised(
            order_number=order.number,
            lines=[
                pb.RevisedLine(
                    line_no=line.line_no,
                    item_code=line.item_code,
                    item_name=order.item_names.get(line.line_no, line.item_code),
                    quantity_before=plain(line.before),
                    quantity_after=plain(line.after),
                    unit=next((x.unit or "" for x in order.lines if x.line_no == line.line_no), ""),
                    created_numbers=line.created,
                    cancelled_numbers=line.cancelled,
                    surplus=plain(line.surplus),
                )
                for line in lines
            ],
        )
        self._unit.publish(f"orders/{order.number}", message, trace=order.traceparent)

    def created(self, made: Sequence[ProductionOrder]) -> None:
        """Tell each new production order as its own."""
        for rank, one in enumerate(made, 1):
            self._of(one, forms.created(one, rank))

    def dispatched(self, order: ProductionOrder) -> None:
        """Tell the team."""
        first = order.operations[0].step if order.operations else None
        self._of(
            order,
            pb.ProductionOrderDispatched(
                production_order_number=order.number,
                order_number=order.order_number,
                line_no=order.line_no,
                team=order.team or "",
                item_code=order.item_code,
                item_name=order.item_name,
                quantity=plain(order.quantity),
                unit=order.unit,
                first_operation=first.name if first else "",
                work_center=first.work_center if first else "",
                dispatched_at=forms.stamp(order.dispatched_at),
                urgency=order.urgency.value,
            ),
        )

    def scanned(self, order: ProductionOrder, scan: ScanReport, outcome: ScanOutcome) -> None:
        """Tell what a scan led to: an operation begun, done, everything made."""
        if outcome.index is None:
            return
        if outcome.started:
            self._of(order, forms.started(order, scan, outcome, self._unit.now))
        if outcome.finished and scan.action is ScanAction.FINISH:
            self._of(order, forms.finished(order, scan, outcome.index))
        if outcome.made:
            self._of(
                order,
                pb.InspectionRequested(
                    production_order_number=order.number,
                    order_number=order.order_number,
                    line_no=order.line_no,
                    item_code=order.item_code,
                    item_name=order.item_name,
                    quantity=plain(order.waiting),
                    unit=order.unit,
                ),
            )

    def inspection_recorded(self, order: ProductionOrder, back: Operation | None) -> None:
        """Tell the totals of all inspections so far, and where reworked pieces start again."""
        self._of(
            order,
            pb.InspectionRecorded(
                production_order_number=order.number,
                order_number=order.order_number,
                line_no=order.line_no,
                item_code=order.item_code,
                passed_quantity=plain(order.passed),
                rework_quantity=plain(order.rework),
                scrapped_quantity=plain(order.scrapped),
                unit=order.unit,
                reason=order.reason or "",
                inspected_at=forms.stamp(order.inspected_at),
                rework_operation=back.sequence if back else 0,
            ),
        )

    def completed(self, order: ProductionOrder) -> None:
        """Tell that a production order is booked off."""
        self._of(
            order,
            pb.ProductionOrderCompleted(
                production_order_number=order.number,
                order_number=order.order_number,
                line_no=order.line_no,
                item_code=order.item_code,
                quantity=plain(order.quantity),
                received_quantity=plain(order.received),
                unit=order.unit,
            ),
        )

    def cancelled(self, order: ProductionOrder, *, replaced: bool = False) -> None:
        """Tell that a production order ended before its time; `replaced` when a plan told with it takes over (X10)."""
        self._of(
            order,
            pb.ProductionOrderCancelled(
                production_order_number=order.number,
                order_number=order.order_number,
                line_no=order.line_no,
                reason=order.reason or "",
                state=order.state.value,
                team=order.team or "",
                replaced=replaced,
            ),
        )

    def changed(self, order: ProductionOrder) -> None:
        """Tell the floor each thing that came from upstream."""
        for change in order.changes:
            self._of(order, forms.floor_changed(order, change))

    def acknowledged(self, order: ProductionOrder, ids: Sequence[UUID]) -> None:
        """Tell who has seen which changes."""
        self._of(
            order,
            pb.ChangeAcknowledged(
                production_order_number=order.number,
                order_number=order.order_number,
                line_no=order.line_no,
                team=order.team or "",
                change_ids=[str(one) for one in ids],
                acknowledged_by=self._unit.actor,
                acknowledged_at=forms.stamp(self._unit.now),
            ),
        )

    def shortage(self, component: Component, trace: str) -> None:
        """Tell that a shortage began, or that it is over."""
        fixed = {
            "order_number": component.order_number,
            "production_order_number": component.production_order_number,
            "line_no": component.line_no,
            "item_code": component.item_code,
            "item_name": component.item_name,
            "unit": component.unit,
        }
        number = component.production_order_number
        subject = f"production-orders/{number}" if number else f"orders/{component.order_number}"
        if component.short > 0:
            self._unit.publish(subject, pb.ShortageRaised(**fixed, short=plain(component.short)), trace=trace)  # type: ignore[arg-type]
        else:
            self._unit.publish(subject, pb.ShortageCleared(**fixed), trace=trace)  # type: ignore[arg-type]

    def _of(self, order: ProductionOrder, message: Message) -> None:
        self._unit.publish(f"production-orders/{order.number}", message, trace=order.traceparent)
