"""PlanningService: plans, promises, production orders, scans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from orderhub.planning.v1 import production_pb2 as pb
from orderhub.planning.v1 import production_pb2_grpc

from chassis.clock import Clock
from chassis.commands import Commands
from chassis.database import Database, Transaction
from chassis.ids import uuid7
from planning_service.adapters import production_views as views
from planning_service.adapters.catalogue_cache import CatalogueCache
from planning_service.adapters.components import ComponentRows
from planning_service.adapters.messages import Messages
from planning_service.adapters.order_copies import OrderCopies
from planning_service.adapters.plans import PlanRows
from planning_service.adapters.production_orders import ProductionOrderRows, as_uuid
from planning_service.app import move_production_order as moves
from planning_service.app.plan_order import Prepared, keep_plan, prepare_plan, refuse_unless_plannable
from planning_service.app.ports import Orders, Stock
from planning_service.domain.errors import NotFound
from planning_service.domain.production_order import ProductionOrder
from planning_service.domain.promise import promise_order
from planning_service.entrypoints import production_proto as form
from planning_service.entrypoints.reading import Reading, page_size, parts_of, token_of
from planning_service.entrypoints.scanning import ScanDesk, target_message


@dataclass
class PlanningApi(production_pb2_grpc.PlanningServiceServicer):
    """Translates calls to use cases."""

    database: Database
    commands: Commands
    cache: CatalogueCache
    orders: Orders
    stock: Stock
    clock: Clock

    async def PlanOrder(self, request: pb.PlanOrderRequest, context: Any) -> pb.PlanOrderResponse:
        """Plan what has no plan yet; a second press gives the same plan."""

        async def ahead() -> Prepared:
            known = await self._plan(request.order)
            planned = frozenset(line.line_no for line in known.lines) if known else frozenset()
            prepared = await self._prepare(request.order, planned)
            if known is None or prepared.plan.lines:
                refuse_unless_plannable(prepared.order)
            return prepared

        async def work(unit: Transaction, prepared: Prepared) -> pb.PlanOrderResponse:
            order = prepared.order
            number = await keep_plan(
                prepared,
                PlanRows(unit),
                ProductionOrderRows(unit),
                Messages(unit),
                now=unit.now,
                today=self.clock.today(),
                who=unit.actor,
                new_id=uuid7,
            )
            await OrderCopies(unit).keep(
                number, order_id=order.id, customer_name=order.customer_name, urgency=order.urgency.value,
                due_date=order.due_date, traceparent=order.traceparent,
            )  # fmt: skip
            view = await views.plan_of(unit, number)
            assert view is not None, "the plan was claimed in this transaction"
            return form.plan_message(view)

        return await self.commands.run_after(request.context, pb.PlanOrderResponse, ahead, work)

    async def GetPlan(self, request: pb.GetPlanRequest, context: Any) -> pb.GetPlanResponse:
        """Return the plan of an order as it stands now; `planned` is false when there is none."""
        view = await self._plan(request.order)
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
        known = await self._plan(request.order)
        planned = {line.line_no: line for line in known.lines} if known else {}
        prepared = await self._prepare(request.order, frozenset(planned))
        due = {line.line_no: line.due_date.isoformat() for line in prepared.order.lines}
        fresh = promise_order(prepared.plan, prepared.catalogue, self.clock.today())
        lines = [form.promise_message(p, prepared.plan, due[p.line_no]) for p in fresh]
        if known is not None:
            lines += [form.planned_promise_message(line, known.components) for line in planned.values()]
        lines += [pb.LinePromise(line_no=u.line_no, reason=u.refusal.reason) for u in prepared.plan.unplanned]
        lines.sort(key=lambda line: line.line_no)
        dates = [line.producible_by for line in lines]
        promised = max(dates) if dates and all(dates) else ""
        return pb.GetPromiseResponse(order_number=prepared.order.number, lines=lines, promised_date=promised)

    async def ListProductionOrders(
        self, request: pb.ListProductionOrdersRequest, context: Any
    ) -> pb.ListProductionOrdersResponse:
        """Return a page, newest first or by priority."""
        reading, size, token = Reading(), page_size(request.page.page_size), request.page.page_token
        wanted = {
            name: reading.text(name, getattr(request, name), 128) for name in ("order", "state", "work_center", "team")
        }
        reading.done()
        async with self.database.read() as reader:
            if request.sort == "priority":
                key, number = parts_of(token, 2) if token else ("", "")
                found = await views.by_priority(reader, wanted, (key, number), size + 1)
            else:
                after = as_uuid(parts_of(token, 1)[0]) if token else views.NEWEST_FIRST
                found = await views.newest(reader, wanted, after or UUID(int=0), size + 1)
        page = found[:size]
        following = ""
        if len(found) > size:
            last = page[-1]
            following = (
                token_of(last.sort_key, last.order.number)
                if request.sort == "priority"
                else token_of(str(last.order.id))
            )
        return pb.ListProductionOrdersResponse(
            production_orders=[form.production_order_message(view) for view in page], next_page_token=following
        )

    async def GetProductionOrder(
        self, request: pb.GetProductionOrderRequest, context: Any
    ) -> pb.GetProductionOrderResponse:
        """Return one by number, id or scan code."""
        view = await self._one(request.production_order)
        catalogue = await self._catalogue_revision(view)
        return pb.GetProductionOrderResponse(
            production_order=form.production_order_message(view, catalogue), traceparent=view.order.traceparent
        )

    async def DispatchProductionOrder(
        self, request: pb.DispatchProductionOrderRequest, context: Any
    ) -> pb.DispatchProductionOrderResponse:
        """Hand a production order to a team."""
        reading = Reading()
        team = reading.text("team", request.team, 100)
        reading.done()

        async def work(unit: Transaction) -> pb.DispatchProductionOrderResponse:
            rows = ProductionOrderRows(unit)
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
                ProductionOrderRows(unit),
                Messages(unit),
                **judged,
                reason=reason,
                now=unit.now,
                expected_version=_expected(request),
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
                ProductionOrderRows(unit),
                ComponentRows(unit),
                Messages(unit),
                now=unit.now,
                expected_version=_expected(request),
            )
            return pb.MoveProductionOrderResponse(production_order=await self._message(unit, order))

        return await self.commands.run(request.context, pb.MoveProductionOrderResponse, work)

    async def RecordScans(self, request: pb.RecordScansRequest, context: Any) -> pb.RecordScansResponse:
        """Take scans; one verdict each, in the order sent."""
        return pb.RecordScansResponse(verdicts=await ScanDesk(self.commands).record(list(request.scans)))

    async def GetScanTarget(self, request: pb.GetScanTargetRequest, context: Any) -> pb.GetScanTargetResponse:
        """Say what a code is and what may be done with it."""
        return target_message(await self._one(request.code))

    async def _prepare(self, order: str, planned: frozenset[int]) -> Prepared:
        async with self.database.read() as reader:
            catalogue = await self.cache.snapshot(reader)
        return await prepare_plan(
            order,
            self.orders,
            self.stock,
            catalogue=catalogue,
            structures=self.cache.structures(catalogue),
            today=self.clock.today(),
            planned_lines=planned,
        )

    async def _plan(self, order: str) -> views.PlanView | None:
        async with self.database.read() as reader:
            return await views.plan_of(reader, order.replace("\x00", ""))

    async def _one(self, key: str) -> views.ProductionView:
        async with self.database.read() as reader:
            view = await views.one(reader, key.replace("\x00", ""))
        if view is None:
            raise NotFound(kind="production_order", key=key[:128])
        return view

    async def _catalogue_revision(self, view: views.ProductionView) -> str | None:
        """Return the content hash of the bill as it holds today for this production order's due date."""
        async with self.database.read() as reader:
            catalogue = await self.cache.snapshot(reader)
        bom = catalogue.boms.get(view.order.item_code)
        version = next((v for v, span in bom.spans() if span.contains(view.order.due_date)), None) if bom else None
        return version.content_hash() if version else None

    @staticmethod
    async def _message(unit: Transaction, order: ProductionOrder) -> pb.ProductionOrder:
        view = await views.one(unit, order.number)
        assert view is not None, "the production order is locked by this transaction"
        return form.production_order_message(view)


def _expected(request: Any) -> int | None:
    return request.expected_version if request.HasField("expected_version") else None
