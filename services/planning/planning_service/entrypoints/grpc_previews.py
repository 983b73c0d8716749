"""Previews and explanations: what would happen, who holds what; nothing is changed here, but ranks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from orderhub.planning.v1 import production_pb2 as pb

from chassis.database import Transaction
from planning_service.adapters import production_views as views
from planning_service.adapters.messages import Messages
from planning_service.adapters.plans import PlanRows
from planning_service.adapters.production_orders import ProductionOrderRows
from planning_service.app.facts import OrderFacts, Prepared
from planning_service.app.rank_order import rank_order
from planning_service.app.revise_plan import Foreseen, Standing, foresee
from planning_service.domain.change import LineChange
from planning_service.domain.errors import FieldError, IllegalMove, Invalid
from planning_service.domain.exact import plain
from planning_service.domain.item import check_quantity
from planning_service.domain.production_order import ProductionOrder
from planning_service.domain.promise import promise_order
from planning_service.entrypoints import production_proto as form
from planning_service.entrypoints.desk import Desk
from planning_service.entrypoints.reading import Reading

MAX_RANK = 1_000_000


class Previews(Desk):
    """What-if before commit."""

    async def PreviewChange(self, request: pb.PreviewChangeRequest, context: Any) -> pb.PreviewChangeResponse:
        """Say what a change of a planned order would do to production and stock."""
        wanted = _wanted(request)
        facts = await self.orders.get(request.order)
        _refuse_unless_changeable(request, facts)
        view = await self.plan(facts.number)
        if view is None:
            return pb.PreviewChangeResponse(order_number=facts.number)
        foreseen = await self.foreseen(facts, standing_of(view), wanted)
        return _preview(facts, foreseen, self)

    async def foreseen(self, facts: OrderFacts, standing: Standing, wanted: dict[int, Decimal]) -> Foreseen:
        """Work a change out ahead of any transaction."""
        catalogue = await self.catalogue()
        return await foresee(
            facts,
            standing,
            wanted,
            self.stock,
            catalogue=catalogue,
            structures=self.cache.structures(catalogue),
            today=self.clock.today(),
            refused=await self.refused_by(facts.customer_id),
        )

    async def RankOrder(self, request: pb.RankOrderRequest, context: Any) -> pb.RankOrderResponse:
        """Give an order the planner's rank; inventory hears it with the plan."""
        reading = Reading()
        reason = reading.text("reason", request.reason, 500)
        if not 0 <= request.rank <= MAX_RANK:
            reading.errors.append(FieldError("rank", "OUT_OF_RANGE", {"max": MAX_RANK}))
        if request.rank and not reason:
            reading.errors.append(FieldError("reason", "REQUIRED"))
        reading.done()
        facts = await self.orders.get(request.order)

        async def work(unit: Transaction) -> pb.RankOrderResponse:
            rows = PlanRows(unit), ProductionOrderRows(unit), Messages(unit)
            await rank_order(facts, request.rank or None, reason, *rows)
            view = await views.plan_of(unit, facts.number)
            found = view.production_orders if view else []
            orders = [form.production_order_message(one) for one in found]
            return pb.RankOrderResponse(order_number=facts.number, production_orders=orders)

        return await self.commands.run(request.context, pb.RankOrderResponse, work)


def standing_of(view: views.PlanView) -> Standing:
    """Return the plan as the change rules see it."""
    return Standing(
        {line.line_no: line.item_code for line in view.lines},
        [one.order for one in view.production_orders],
        view.components,
    )


def _wanted(request: pb.PreviewChangeRequest) -> dict[int, Decimal]:
    reading = Reading()
    wanted = {
        line.line_no: reading.decimal(f"lines.{i}.quantity", line.quantity) for i, line in enumerate(request.lines)
    }
    for i, line in enumerate(request.lines):
        reading.errors += check_quantity(f"lines.{i}.quantity", wanted[line.line_no])
    if len(wanted) < len(request.lines):
        reading.errors.append(FieldError("lines", "DUPLICATE"))
    reading.done()
    return wanted


def _refuse_unless_changeable(request: pb.PreviewChangeRequest, facts: OrderFacts) -> None:
    """Raise for an order nobody may change now, and for lines it does not have."""
    if "revise" not in facts.allowed:
        raise IllegalMove(facts.number, facts.state, "revise", allowed=facts.allowed)
    unknown = [i for i, line in enumerate(request.lines) if line.line_no not in facts.item_names]
    if unknown:
        raise Invalid(FieldError(f"lines.{i}.line_no", "LINE_UNKNOWN") for i in unknown)


def _preview(facts: OrderFacts, foreseen: Foreseen, desk: Desk) -> pb.PreviewChangeResponse:
    answer = pb.PreviewChangeResponse(order_number=facts.number)
    for change in foreseen.changes:
        answer.changes.extend(_consequences(change, facts))
    if foreseen.prepared is not None:
        _add_new(answer, foreseen.prepared, facts, desk)
    return answer


def _consequences(change: LineChange, facts: OrderFacts) -> list[pb.ProductionChange]:
    found = [_consequence("cancel", order, after=Decimal(0)) for order in change.cancel]
    found += [_consequence("ask_planner", order, after=order.quantity) for order in change.begun]
    if change.released:
        found.append(
            pb.ProductionChange(
                kind="release_stock",
                line_no=change.line_no,
                item_code=change.item_code,
                item_name=facts.item_names.get(change.line_no, ""),
                quantity_before=plain(change.stocked + change.released),
                quantity_after=plain(change.stocked),
            )
        )
    return found


def _consequence(kind: str, order: ProductionOrder, *, after: Decimal) -> pb.ProductionChange:
    return pb.ProductionChange(
        kind=kind,
        line_no=order.line_no,
        production_order_number=order.number,
        item_code=order.item_code,
        item_name=order.item_name,
        quantity_before=plain(order.quantity),
        quantity_after=plain(after),
        unit=order.unit,
        state=order.state.value,
    )


def _add_new(answer: pb.PreviewChangeResponse, prepared: Prepared, facts: OrderFacts, desk: Desk) -> None:
    plan = prepared.plan
    for draft in plan.drafts():
        answer.changes.append(
            pb.ProductionChange(
                kind="create",
                line_no=draft.line_no,
                item_code=draft.item.code,
                item_name=draft.item.name,
                quantity_before="0",
                quantity_after=plain(draft.quantity),
                unit=draft.item.unit,
            )
        )
    due = {line.line_no: line.due_date.isoformat() for line in facts.lines}
    for promise in promise_order(plan, prepared.catalogue, desk.clock.today(), prepared.arrivals):
        answer.lines.append(form.promise_message(promise, plan, due.get(promise.line_no, "9999")))
    answer.shortages.extend(form.shortage_message(shortage) for shortage in plan.shortages())
    for line in plan.unplanned:
        params = {name: str(value) for name, value in line.refusal.params.items()}
        answer.unplanned_lines.add(line_no=line.line_no, reason=line.refusal.reason, params=params)
