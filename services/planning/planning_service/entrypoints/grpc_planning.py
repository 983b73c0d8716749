"""PlanningService: plans, promises, production orders, scans."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from orderhub.planning.v1 import production_pb2 as pb
from orderhub.planning.v1 import production_pb2_grpc

from chassis import page_token
from chassis.database import Transaction
from planning_service.adapters import production_views as views
from planning_service.adapters.components import ComponentRows
from planning_service.adapters.messages import Messages
from planning_service.adapters.production_orders import ProductionOrderRows
from planning_service.app import move_production_order as moves
from planning_service.app.facts import Prepared
from planning_service.app.ports import Stock
from planning_service.app.promise_again import promise_again
from planning_service.domain.errors import NotFound
from planning_service.domain.production_order import ProductionOrder
from planning_service.domain.promise import promise_order
from planning_service.entrypoints import production_proto as form
from planning_service.entrypoints.grpc_explanations import Explanations
from planning_service.entrypoints.grpc_floor import Floor
from planning_service.entrypoints.grpc_jobs import PlanJobs
from planning_service.entrypoints.grpc_previews import Previews
from planning_service.entrypoints.grpc_refusals import Refusals
from planning_service.entrypoints.grpc_scans import ScanRecords
from planning_service.entrypoints.grpc_shortages import Shortages
from planning_service.entrypoints.reading import Reading, page_size
from planning_service.entrypoints.scan_targets import other_target, target_message
from planning_service.entrypoints.scope import work_centers_asking

MAX_NUMBERS = 200


class PlanningApi(
    Previews,
    Explanations,
    Shortages,
    Refusals,
    PlanJobs,
    Floor,
    ScanRecords,
    production_pb2_grpc.PlanningServiceServicer,
):
    """Translates calls to use cases."""

    async def PlanOrder(self, request: pb.PlanOrderRequest, context: Any) -> pb.PlanOrderResponse:
        """Plan what has no plan yet; a second press gives the same plan."""
        return await self.plan_order(request.context, request.order)

    async def GetPlan(self, request: pb.GetPlanRequest, context: Any) -> pb.GetPlanResponse:
        """Return the plan of an order as it stands now; `planned` is false when there is none."""
        view = await self.plan(request.order)
        if view is None:
            return pb.GetPlanResponse(order_number=request.order, planned=False)
        plan = form.plan_message(view)
        return pb.GetPlanResponse(
            order_number=plan.order_number,
            production_orders=plan.production_orders,
            pick_list=plan.pick_list,
            shortages=plan.shortages,
            unplanned_lines=plan.unplanned_lines,
            planned=bool(view.lines),
        )

    async def GetPromise(self, request: pb.GetPromiseRequest, context: Any) -> pb.GetPromiseResponse:
        """Promise each line: planned ones as planned, the others as planning them now would."""
        known = await self.plan(request.order)
        planned = {line.line_no: line for line in known.lines} if known else {}
        prepared, before = await self.prepared(request.order)
        due = {line.line_no: line.due_date.isoformat() for line in prepared.order.lines}
        fresh = promise_order(prepared.plan, prepared.catalogue, self.clock.today(), prepared.arrivals)
        lines = [form.promise_message(p, prepared.plan, due[p.line_no]) for p in fresh]
        if known is not None:
            days = await self._days(known, prepared, self.heard(before))
            lines += [form.planned_promise_message(planned[n], known.components, day) for n, day in days.items()]
        lines += [pb.LinePromise(line_no=u.line_no, reason=u.refusal.reason) for u in prepared.plan.unplanned]
        lines.sort(key=lambda line: line.line_no)
        dates = [line.producible_by for line in lines]
        promised = max(dates) if dates and all(dates) else ""
        return pb.GetPromiseResponse(order_number=prepared.order.number, lines=lines, promised_date=promised)

    async def _days(self, view: views.PlanView, prepared: Prepared, stock: Stock) -> dict[int, date | None]:
        """Return the day of each planned line: as it was promised, else as planning it now would promise."""
        days = {line.line_no: line.producible_by for line in view.lines}
        if None not in days.values():
            return days
        again = await promise_again(await self.rushed(prepared.order, view, prepared.catalogue), stock)
        return {line_no: day or again.get(line_no) for line_no, day in days.items()}

    async def ListProductionOrders(
        self, request: pb.ListProductionOrdersRequest, context: Any
    ) -> pb.ListProductionOrdersResponse:
        """Return a page, newest first or by priority."""
        reading, size = Reading(), page_size(request.page.page_size)
        wanted: dict[str, Any] = {
            name: reading.text(name, getattr(request, name), 128) for name in ("order", "state", "work_center", "team")
        }
        wanted["numbers"] = [reading.text("numbers", number, 128) for number in request.numbers[:MAX_NUMBERS]]
        wanted["changed"] = request.changed
        reading.done()
        kind, after = _place(request)
        async with self.database.read() as reader:
            if request.sort == "priority":
                found = await views.by_priority(reader, wanted, after, size + 1)
            else:
                found = await views.newest(reader, wanted, after[0], size + 1)
        page = found[:size]
        following = ""
        if len(found) > size:
            last = page[-1]
            place = (last.sort_key, last.order.number) if request.sort == "priority" else (last.order.id,)
            following = page_token.write(kind, *place)
        return pb.ListProductionOrdersResponse(
            production_orders=[form.production_order_message(view) for view in page], next_page_token=following
        )

    async def GetProductionOrder(
        self, request: pb.GetProductionOrderRequest, context: Any
    ) -> pb.GetProductionOrderResponse:
        """Return one by number, id or scan code."""
        view = await self.production_order(request.production_order)
        message = form.production_order_message(view, await self._current_hash(view))
        return pb.GetProductionOrderResponse(production_order=message, traceparent=view.order.traceparent)

    async def DispatchProductionOrder(
        self, request: pb.DispatchProductionOrderRequest, context: Any
    ) -> pb.DispatchProductionOrderResponse:
        """Hand a production order to a team."""
        reading = Reading()
        team = reading.text("team", request.team, 100)
        reading.done()

        async def work(unit: Transaction) -> pb.DispatchProductionOrderResponse:
            rows = ProductionOrderRows(unit, work_centers_asking())
            order = await moves.dispatch(
                request.production_order, team, rows, Messages(unit), now=unit.now, expected_version=_expected(request)
            )
            return pb.DispatchProductionOrderResponse(production_order=await self._message(unit, order))

        return await self.commands.run(request.context, pb.DispatchProductionOrderResponse, work)

    async def InspectProductionOrder(
        self, request: pb.InspectProductionOrderRequest, context: Any
    ) -> pb.InspectProductionOrderResponse:
        """Record a judgement."""
        reading = Reading()
        judged = {name: reading.decimal(name, getattr(request, name)) for name in ("passed", "rework", "scrapped")}
        reason = reading.text("reason", request.reason)
        reading.done()

        async def work(unit: Transaction) -> pb.InspectProductionOrderResponse:
            order = await moves.inspect(
                request.production_order,
                ProductionOrderRows(unit, work_centers_asking()),
                Messages(unit),
                **judged,
                reason=reason,
                now=unit.now,
                expected_version=_expected(request),
                rework_from=request.rework_operation or None,
            )
            return pb.InspectProductionOrderResponse(production_order=await self._message(unit, order))

        return await self.commands.run(request.context, pb.InspectProductionOrderResponse, work)

    async def MoveProductionOrder(
        self, request: pb.MoveProductionOrderRequest, context: Any
    ) -> pb.MoveProductionOrderResponse:
        """Hold, resume or cancel."""
        reading = Reading()
        reason = reading.text("reason", request.reason)
        reading.done()

        async def work(unit: Transaction) -> pb.MoveProductionOrderResponse:
            order = await moves.move(
                request.production_order,
                request.move,
                reason,
                ProductionOrderRows(unit, work_centers_asking()),
                ComponentRows(unit),
                Messages(unit),
                now=unit.now,
                expected_version=_expected(request),
            )
            return pb.MoveProductionOrderResponse(production_order=await self._message(unit, order))

        return await self.commands.run(request.context, pb.MoveProductionOrderResponse, work)

    async def RecordScans(self, request: pb.RecordScansRequest, context: Any) -> pb.RecordScansResponse:
        """Take scans; one verdict each, in the order sent."""
        return pb.RecordScansResponse(verdicts=await self.scan_desk.record(request.scans))

    async def GetScanTarget(self, request: pb.GetScanTargetRequest, context: Any) -> pb.GetScanTargetResponse:
        """Say what a code is and what may be done with it."""
        try:
            return target_message(await self.production_order(request.code), request.code)
        except NotFound:
            return other_target(request.code, await self.catalogue())

    async def _current_hash(self, view: views.ProductionView) -> str | None:
        """Return the content hash of the bill as it holds today for this production order's due date."""
        version = (await self.catalogue()).version_on(view.order.item_code, view.order.due_date)
        return version.content_hash() if version else None

    @staticmethod
    async def _message(unit: Transaction, order: ProductionOrder) -> pb.ProductionOrder:
        view = await views.one(unit, order.number)
        assert view is not None, "the production order is locked by this transaction"
        return form.production_order_message(view)


def _expected(request: Any) -> int | None:
    return request.expected_version if request.HasField("expected_version") else None


def _place(request: pb.ListProductionOrdersRequest) -> tuple[str, tuple[Any, ...]]:
    """Return which kind of list is asked for and where its page begins."""
    said = request.page.page_token
    if request.sort == "priority":
        kind = "production_orders_by_priority"
        return kind, page_token.read(kind, said, page_token.text, page_token.text, first=("", ""))
    return "production_orders", page_token.read("production_orders", said, UUID, first=(views.NEWEST_FIRST,))
