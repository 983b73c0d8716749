"""StockService: balances, ledger, movements, reservations."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from orderhub.inventory.v1 import inventory_pb2 as pb

from chassis.commands import Commands
from chassis.database import Transaction
from chassis.ids import uuid7
from inventory_service.adapters.answers import once
from inventory_service.adapters.holder_views import Ahead, holders
from inventory_service.adapters.lookout import Lookout
from inventory_service.adapters.views import STOCK_VIEWS, Views, stock_left
from inventory_service.adapters.warehouse import Warehouses
from inventory_service.app.expect_receipt import day
from inventory_service.app.post_movement import PostMovement, post_movement
from inventory_service.app.take_reservations import take_reservations
from inventory_service.domain.entry import MAX_LINES, MAX_NAME, Entry
from inventory_service.domain.errors import FieldProblem, Invalid, NotFound
from inventory_service.domain.item import Item
from inventory_service.domain.quantity import ZERO
from inventory_service.domain.reservation import NO_DATE, urgency_rank
from inventory_service.entrypoints import translate
from inventory_service.entrypoints.expected_api import ExpectedApi

if TYPE_CHECKING:
    import grpc

    Context = grpc.aio.ServicerContext[Any, Any]


class StockApi(ExpectedApi):
    """Translates calls about stock."""

    def __init__(self, commands: Commands, warehouses: Warehouses, lookout: Lookout, views: Views) -> None:
        super().__init__(commands, warehouses, lookout)
        self._views = views

    async def PostMovement(self, request: pb.PostMovementRequest, context: Context) -> pb.PostMovementResponse:
        movement_id = movement_name(request.movement_id)
        command = PostMovement(movement_id, request.kind, translate.wanted_items(request.lines), request.reason)

        async def ahead() -> dict[str, Item]:
            return await self._lookout.items(line.item for line in command.lines[:MAX_LINES])

        async def work(unit: Transaction, items: dict[str, Item]) -> pb.PostMovementResponse:
            async def post() -> pb.PostMovementResponse:
                house = self._warehouses.of(unit)
                await house.items.learn({item.code: item for item in items.values()}.values())
                balances = await post_movement(house, command, items)
                stock = [translate.stock_shown(row) for row in await stock_left(unit, sorted(balances))]
                return pb.PostMovementResponse(movement_id=command.id, kind=command.kind, stock=stock)

            return await once(unit, "movement", command.id, pb.PostMovementResponse, post)

        return await self._commands.run_after(request.context, pb.PostMovementResponse, ahead, work)

    async def TakeReservations(
        self, request: pb.TakeReservationsRequest, context: Context
    ) -> pb.TakeReservationsResponse:
        async def work(unit: Transaction) -> pb.TakeReservationsResponse:
            order, taken, lines = await take_reservations(self._warehouses.of(unit), request.order, request.reason)
            return pb.TakeReservationsResponse(
                order_number=order,
                displaced=[translate.displacement(line, quantity) for line, quantity in taken],
                reservations=[translate.reservation(line) for line in lines],
            )

        return await self._commands.run(request.context, pb.TakeReservationsResponse, work)

    async def GetStock(self, request: pb.GetStockRequest, context: Context) -> pb.GetStockResponse:
        rows = await self._views.stock_shown([request.item_code])
        if rows and rows[0].unit:
            return pb.GetStockResponse(stock=translate.stock_shown(rows[0]))
        item = (await self._lookout.items([request.item_code])).get(request.item_code)
        if item is None:
            raise NotFound("ITEM_UNKNOWN", item=request.item_code[:MAX_NAME])
        rows = await self._views.stock_shown([item.code])
        stock = translate.stock_shown(rows[0]) if rows else translate.stock(item)
        stock.unit, stock.item_name = item.unit, item.name
        return pb.GetStockResponse(stock=stock)

    async def ListStock(self, request: pb.ListStockRequest, context: Context) -> pb.ListStockResponse:
        if request.item_codes:
            rows = await self._views.stock_shown(request.item_codes[:MAX_LINES])
            return pb.ListStockResponse(stock=[translate.stock_shown(row) for row in rows])
        if request.view not in STOCK_VIEWS:
            raise Invalid([FieldProblem("view", "VIEW_UNKNOWN", {"allowed": list(STOCK_VIEWS)})])
        rows, token = await self._views.stock_page(request.page, request.q, request.view)
        return pb.ListStockResponse(stock=[translate.stock_shown(row) for row in rows], next_page_token=token)

    async def ListLedger(self, request: pb.ListLedgerRequest, context: Context) -> pb.ListLedgerResponse:
        code = request.item_code
        if not await self._views.stock_of([code]):
            item = (await self._lookout.items([code])).get(code)
            if item is None:
                raise NotFound("ITEM_UNKNOWN", item=code[:MAX_NAME])
            code = item.code
        rows, token = await self._views.ledger(code, request.page)
        return pb.ListLedgerResponse(entries=[translate.ledger_entry(row) for row in rows], next_page_token=token)

    async def GetAvailability(self, request: pb.GetAvailabilityRequest, context: Context) -> pb.GetAvailabilityResponse:
        if request.allocatable_only and not request.orders:
            return pb.GetAvailabilityResponse(
                allocatable=await self._views.allocatable(request.item_codes, request.order)
            )
        rows = await self._views.stock_of(request.item_codes)
        own = await self._views.held_softly(request.order)
        found = {row.item_code: translate.stock_row(row, own.get(row.item_code, ZERO)) for row in rows}
        nothing = {code: translate.stock(Item(code, "", "")) for code in request.item_codes}
        answer = pb.GetAvailabilityResponse(stock={**nothing, **found})
        balances = {row.item_code: row for row in rows}
        for hold in await self._views.soft_holds(request.orders):
            if hold.item_code in balances:
                own_stock = translate.stock_row(balances[hold.item_code], hold.held)
                answer.own.add(order=hold.order_number, item_code=hold.item_code, allocatable=own_stock.allocatable)
        return answer

    async def ListReservations(
        self, request: pb.ListReservationsRequest, context: Context
    ) -> pb.ListReservationsResponse:
        rows = await self._views.reservations(
            item=request.item_code, order=request.order, production_order=request.production_order
        )
        return pb.ListReservationsResponse(reservations=[translate.reservation_row(row) for row in rows])

    async def ListHolders(self, request: pb.ListHoldersRequest, context: Context) -> pb.ListHoldersResponse:
        rows = await holders(self._views, *wanted_holders(request))
        return pb.ListHoldersResponse(reservations=[translate.reservation_row(row) for row in rows])


def wanted_holders(request: pb.ListHoldersRequest) -> tuple[dict[str, Decimal | None], Ahead]:
    """Return how much of each item to name holders for, and whom they must be behind; raise Invalid."""
    entry = Entry()
    wanted: dict[str, Decimal | None] = {}
    for at, item in enumerate(request.items):
        quantity = entry.quantity(f"items.{at}.quantity", item.quantity, None) if item.quantity else None
        wanted[item.item_code] = quantity
    order = entry.words("order", request.order, MAX_NAME)
    due = day(entry, "due_date", request.due_date) if request.due_date else NO_DATE
    entry.done()
    return wanted, Ahead(order, urgency_rank(request.urgency), due)


def movement_name(given: str) -> str:
    """Return the movement's id: the caller's own, or a new one."""
    entry = Entry()
    name = entry.words("movement_id", given, MAX_NAME)
    entry.done()
    return name or str(uuid7())
