"""GoodsService: receipts, issues, shipments, returns."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from google.protobuf.message import Message
from orderhub.inventory.v1 import inventory_pb2 as pb
from orderhub.inventory.v1 import inventory_pb2_grpc

from chassis import principal
from chassis.commands import CommandContext, Commands
from chassis.database import Transaction
from inventory_service.adapters.answers import once
from inventory_service.adapters.lookout import Lookout
from inventory_service.adapters.views import Views
from inventory_service.adapters.warehouse import Warehouses
from inventory_service.app.change_shipment import ShipmentWords, change_shipment
from inventory_service.app.issue_components import IssueComponents, issue_components
from inventory_service.app.ports import Warehouse
from inventory_service.app.receive_goods import ReceiveGoods, receive_goods
from inventory_service.app.return_goods import ReturnGoods, return_goods
from inventory_service.app.ship_goods import ShipGoods, ship_goods
from inventory_service.domain.entry import MAX_LINES, MAX_NAME, Entry
from inventory_service.domain.errors import NotFound
from inventory_service.domain.item import Item
from inventory_service.domain.policy import SUPERVISORS
from inventory_service.domain.production import Receivable
from inventory_service.domain.shipping import OrderCopy
from inventory_service.entrypoints import translate

Reply = TypeVar("Reply", bound=Message)
Found = TypeVar("Found")

if TYPE_CHECKING:
    import grpc

    Context = grpc.aio.ServicerContext[Any, Any]


class GoodsApi(inventory_pb2_grpc.GoodsServiceServicer):
    """Translates calls about goods; a scan id seen before gets its first answer again."""

    def __init__(self, commands: Commands, warehouses: Warehouses, lookout: Lookout, views: Views) -> None:
        self._commands = commands
        self._warehouses = warehouses
        self._lookout = lookout
        self._views = views

    async def ReceiveGoods(self, request: pb.ReceiveGoodsRequest, context: Context) -> pb.ReceiveGoodsResponse:
        command = ReceiveGoods(
            request.production_order,
            request.quantity,
            request.device_id,
            override_reason=request.override_reason.strip(),
            may_override=_may_override(),
        )

        async def ahead() -> tuple[Receivable | None, dict[str, Item]]:
            return await self._lookout.receivable(command.production_order, command.quantity)

        async def work(house: Warehouse, found: tuple[Receivable | None, dict[str, Item]]) -> pb.ReceiveGoodsResponse:
            await house.items.learn(found[1].values())
            return pb.ReceiveGoodsResponse(receipt=translate.receipt(await receive_goods(house, command, found[0])))

        return await self._once(request.context, "receipt", request.scan_id, pb.ReceiveGoodsResponse, ahead, work)

    async def IssueComponents(self, request: pb.IssueComponentsRequest, context: Context) -> pb.IssueComponentsResponse:
        command = IssueComponents(
            request.production_order,
            translate.wanted_items(request.lines),
            override_reason=request.override_reason.strip(),
            may_override=_may_override(),
        )

        async def ahead() -> tuple[Receivable | None, dict[str, Item]]:
            return await self._lookout.picking(command.production_order, command.lines[:MAX_LINES])

        async def work(
            house: Warehouse, found: tuple[Receivable | None, dict[str, Item]]
        ) -> pb.IssueComponentsResponse:
            await house.items.learn(found[1].values())
            of, lines = await issue_components(house, command, *found)
            components = [translate.reservation(line) for line in lines]
            return pb.IssueComponentsResponse(production_order_number=of.number, components=components)

        return await self._once(request.context, "issue", request.scan_id, pb.IssueComponentsResponse, ahead, work)

    async def ShipGoods(self, request: pb.ShipGoodsRequest, context: Context) -> pb.ShipGoodsResponse:
        command = ShipGoods(translate.wanted_lines(request.lines), request.carrier, tuple(request.tracking_numbers))

        async def ahead() -> tuple[dict[str, OrderCopy], dict[str, Item]]:
            return await self._lookout.orders(command.lines[:MAX_LINES])

        async def work(house: Warehouse, found: tuple[dict[str, OrderCopy], dict[str, Item]]) -> pb.ShipGoodsResponse:
            await house.items.learn(found[1].values())
            return pb.ShipGoodsResponse(shipment=translate.shipment(await ship_goods(house, command, found[0])))

        return await self._once(request.context, "shipment", request.scan_id, pb.ShipGoodsResponse, ahead, work)

    async def ChangeShipment(self, request: pb.ChangeShipmentRequest, context: Context) -> pb.ChangeShipmentResponse:
        told = ShipmentWords(
            request.carrier if "carrier" in request.fields else None,
            tuple(request.tracking_numbers) if "tracking_numbers" in request.fields else None,
        )

        async def work(unit: Transaction) -> pb.ChangeShipmentResponse:
            house = self._warehouses.of(unit)
            note = await change_shipment(house, request.shipment, request.expected_version, told)
            return pb.ChangeShipmentResponse(shipment=translate.shipment(note))

        return await self._commands.run(request.context, pb.ChangeShipmentResponse, work)

    async def ReturnGoods(self, request: pb.ReturnGoodsRequest, context: Context) -> pb.ReturnGoodsResponse:
        command = ReturnGoods(translate.wanted_lines(request.lines), request.reason, request.quarantine)

        async def ahead() -> None:
            return None

        async def work(house: Warehouse, _: None) -> pb.ReturnGoodsResponse:
            note = await return_goods(house, command)
            return pb.ReturnGoodsResponse(id=note.id, number=note.number, lines=translate.goods_lines(note.lines))

        return await self._once(request.context, "return", request.scan_id, pb.ReturnGoodsResponse, ahead, work)

    async def _once(
        self, context: CommandContext, kind: str, scan_id: str, reply: type[Reply], ahead: Callable[[], Awaitable[Found]],
        work: Callable[[Warehouse, Found], Awaitable[Reply]],
    ) -> Reply:  # fmt: skip
        name = scan_name(scan_id)

        async def transact(unit: Transaction, found: Found) -> Reply:
            return await once(unit, kind, name, reply, lambda: work(self._warehouses.of(unit), found))

        return await self._commands.run_after(context, reply, ahead, transact)

    async def GetShipment(self, request: pb.GetShipmentRequest, context: Context) -> pb.GetShipmentResponse:
        found = await self._views.shipment(request.shipment)
        if not found:
            raise NotFound("SHIPMENT_UNKNOWN", shipment=request.shipment[:MAX_NAME])
        return pb.GetShipmentResponse(shipment=translate.shipment_row(*found[0]))

    async def ListShipments(self, request: pb.ListShipmentsRequest, context: Context) -> pb.ListShipmentsResponse:
        found, token = await self._views.shipments(request.page, request.order)
        shipments = [translate.shipment_row(row, lines) for row, lines in found]
        return pb.ListShipmentsResponse(shipments=shipments, next_page_token=token)

    async def ListReceipts(self, request: pb.ListReceiptsRequest, context: Context) -> pb.ListReceiptsResponse:
        rows, token = await self._views.receipts(
            request.page, order=request.order, production_order=request.production_order
        )
        return pb.ListReceiptsResponse(receipts=[translate.receipt_row(row) for row in rows], next_page_token=token)


def scan_name(given: str) -> str:
    """Return the scan id; raise Invalid when it can't be one."""
    entry = Entry()
    name = entry.words("scan_id", given, MAX_NAME)
    entry.done()
    return name


def _may_override() -> bool:
    """True when a supervisor asks."""
    who = principal.current.get()
    return who is not None and who.has(*SUPERVISORS)
