"""/receipts, /issues, /shipments, /returns"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response
from orderhub.inventory.v1.inventory_pb2 import (
    ChangeShipmentRequest,
    IssueComponentsRequest,
    IssueComponentsResponse,
    ListReceiptsRequest,
    ListShipmentsRequest,
    Receipt,
    ReceiveGoodsRequest,
    ReturnGoodsRequest,
    ReturnGoodsResponse,
    ShipGoodsRequest,
    Shipment,
)
from orderhub.order.v1.order_pb2 import Shipment as SignedShipment
from orderhub.order.v1.order_pb2 import SignShipmentRequest

from gateway_service import answers, exchange, sight
from gateway_service.bodies.goods import (
    GoodsFilter,
    IssueBody,
    ReceiptBody,
    ReturnBody,
    ShipmentBody,
    ShipmentPatch,
    SignBody,
)
from gateway_service.exchange import command
from gateway_service.rendering import one, page
from gateway_service.routes import NeededVersion, Services, router

api = router("goods")


@api.post("/receipts", status_code=201, responses=answers.one(Receipt, 201))
async def receive_goods(body: ReceiptBody, services: Services) -> Response:
    """Receive finished goods of a production order: at most what passed inspection (S51-S54)."""
    who = exchange.current().principal
    device = who.subject.removeprefix("device:") if who.kind == "device" else ""
    request = ReceiveGoodsRequest(context=command(), device_id=device, **body.given())
    return one((await services.inventory.ask(services.inventory.goods.ReceiveGoods, request)).receipt, 201)


@api.get("/receipts", responses=answers.listing(Receipt))
async def list_receipts(filters: Annotated[GoodsFilter, Query()], services: Services) -> Response:
    """Receipts, newest first."""
    request = ListReceiptsRequest(page=filters.wire(), order=filters.order, production_order=filters.production_order)
    found = await services.inventory.ask(services.inventory.goods.ListReceipts, request)
    return page(await sight.seen(services, found.receipts, sight.order_of), found.next_page_token)


@api.post("/issues", status_code=201, responses=answers.one(IssueComponentsResponse, 201))
async def issue_components(body: IssueBody, services: Services) -> Response:
    """Give out components against the pick list."""
    request = IssueComponentsRequest(context=command(), **body.given())
    return one(await services.inventory.ask(services.inventory.goods.IssueComponents, request), 201)


@api.post("/shipments", status_code=201, responses=answers.one(Shipment, 201))
async def ship_goods(body: ShipmentBody, services: Services) -> Response:
    """Ship lines of one or more orders (X45-X51)."""
    request = ShipGoodsRequest(context=command(), **body.given())
    return one((await services.inventory.ask(services.inventory.goods.ShipGoods, request)).shipment, 201)


@api.get("/shipments", responses=answers.listing(Shipment))
async def list_shipments(filters: Annotated[GoodsFilter, Query()], services: Services) -> Response:
    """Shipments, newest first."""
    request = ListShipmentsRequest(page=filters.wire(), order=filters.order)
    found = await services.inventory.ask(services.inventory.goods.ListShipments, request)
    shown = await sight.seen(services, found.shipments, sight.orders_of_shipment)
    return page(shown, found.next_page_token)


@api.get("/shipments/{shipment}", responses=answers.one(Shipment))
async def get_shipment(shipment: str, services: Services) -> Response:
    """One shipment, by id or number."""
    return one(await sight.shipment(services, shipment))


@api.patch("/shipments/{shipment}", responses=answers.one(Shipment))
async def change_shipment(shipment: str, body: ShipmentPatch, version: NeededVersion, services: Services) -> Response:
    """Enter the carrier and the tracking numbers when they are known; a customer message that waits for them goes."""
    if sight.is_narrow(exchange.current().principal.roles):
        await sight.shipment(services, shipment)
    request = ChangeShipmentRequest(
        context=command(), shipment=shipment, expected_version=version, fields=sorted(body.given()), **body.given()
    )
    return one((await services.inventory.ask(services.inventory.goods.ChangeShipment, request)).shipment)


@api.post("/shipments/{shipment}:sign", responses=answers.one(SignedShipment))
async def sign_shipment(shipment: str, services: Services, body: SignBody | None = None) -> Response:
    """Record that the customer signed for it."""
    request = SignShipmentRequest(context=command(), shipment=shipment, **(body or SignBody()).given())
    return one((await services.order.ask(services.order.orders.SignShipment, request)).shipment)


@api.post("/returns", status_code=201, responses=answers.one(ReturnGoodsResponse, 201))
async def return_goods(body: ReturnBody, services: Services) -> Response:
    """Take goods back; the order opens again (X47)."""
    request = ReturnGoodsRequest(context=command(), **body.given())
    return one(await services.inventory.ask(services.inventory.goods.ReturnGoods, request), 201)
