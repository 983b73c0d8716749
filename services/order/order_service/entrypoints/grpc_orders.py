"""OrderService over gRPC: translate, hand over, answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from orderhub.order.v1 import order_pb2 as pb
from orderhub.order.v1 import order_pb2_grpc

from chassis.commands import Commands
from chassis.database import Database, Transaction
from order_service.adapters.calendars import WorkingTimes
from order_service.adapters.channels import ChannelViews, put_channel
from order_service.adapters.goods import GoodsLedger
from order_service.adapters.invoices import InvoiceRepository
from order_service.adapters.knowledge import Gathered, Knowledge
from order_service.adapters.messages import stamp
from order_service.adapters.order_views import OrderViews
from order_service.adapters.orders import OrderRepository
from order_service.adapters.shipments import ShipmentRecords
from order_service.adapters.stage_times import turnover_of
from order_service.app.facts import Shipment
from order_service.app.move_order import move_order
from order_service.app.revise_order import revise_order
from order_service.app.sign_shipment import check_signature, sign_shipment
from order_service.domain import stages
from order_service.domain.entry import LINE_LIMIT, about_items, check_lines
from order_service.domain.errors import NotFound
from order_service.domain.revision import FIELDS
from order_service.domain.texts import check_fields
from order_service.domain.tracking import is_genuine, order_id_in
from order_service.entrypoints import order_messages as messages
from order_service.entrypoints import order_requests as requests
from order_service.entrypoints.paging import page_size
from order_service.entrypoints.scope import SalesScope, check_prices, owner_asking, sees_prices
from order_service.entrypoints.submissions import SubmissionDesk

MOST_STANDINGS = 5_000


@dataclass
class OrderApi(order_pb2_grpc.OrderServiceServicer):
    """Customer orders."""

    database: Database
    commands: Commands
    views: OrderViews
    knowledge: Knowledge
    shipments: ShipmentRecords
    tracking_key: bytes
    working: WorkingTimes
    channels: ChannelViews
    scope: SalesScope = "own"

    @property
    def _owner(self) -> str:
        return owner_asking(self.scope)

    @cached_property
    def submissions(self) -> SubmissionDesk:
        """Return the one desk at which all submissions of this process wait."""
        return SubmissionDesk(self.commands, self.knowledge, self._message)

    def _message(self, order: Any) -> pb.Order:
        return messages.order_message(order, self.tracking_key, prices=sees_prices())

    async def SubmitOrder(self, request: pb.SubmitOrderRequest, context: Any) -> pb.SubmitOrderResponse:
        return await self.submissions.submit(request)

    async def ReviseOrder(self, request: pb.ReviseOrderRequest, context: Any) -> pb.ReviseOrderResponse:
        change = requests.change_of(request)
        check_fields(change.fields, FIELDS)
        check_prices(change.entry.lines)

        async def ahead() -> Gathered:
            order = await self.views.order(change.order, self._owner)
            codes = (
                [line.item_code for line in change.entry.lines[: LINE_LIMIT + 1]] if "lines" in change.fields else []
            )
            found = await self.knowledge.gather(str(order.customer_id), codes)
            doubtful = codes and about_items(check_lines(change.entry.lines, found.known))
            return await self.knowledge.ask_again(found, codes) if doubtful else found

        async def work(unit: Transaction, found: Gathered) -> pb.ReviseOrderResponse:
            await found.keep(unit)
            order = await revise_order(change, found.known, OrderRepository(unit, self._owner))
            return pb.ReviseOrderResponse(order=self._message(order))

        return await self.commands.run_after(request.context, pb.ReviseOrderResponse, ahead, work)

    async def MoveOrder(self, request: pb.MoveOrderRequest, context: Any) -> pb.MoveOrderResponse:
        wish = requests.move_of(request)

        async def work(unit: Transaction) -> pb.MoveOrderResponse:
            order = await move_order(wish, OrderRepository(unit, self._owner), InvoiceRepository(unit), unit.now)
            return pb.MoveOrderResponse(order=self._message(order))

        return await self.commands.run(request.context, pb.MoveOrderResponse, work)

    async def SignShipment(self, request: pb.SignShipmentRequest, context: Any) -> pb.SignShipmentResponse:
        signature = requests.signature_of(request)
        check_signature(signature, self.database.clock.now())

        async def ahead() -> Shipment | None:
            return await self.shipments.missing(signature.shipment)

        async def work(unit: Transaction, asked: Shipment | None) -> pb.SignShipmentResponse:
            shipment = await sign_shipment(
                signature, asked, orders=OrderRepository(unit, self._owner), goods=GoodsLedger(unit), now=unit.now
            )
            return pb.SignShipmentResponse(shipment=messages.shipment_message(shipment))

        return await self.commands.run_after(request.context, pb.SignShipmentResponse, ahead, work)

    async def GetOrder(self, request: pb.GetOrderRequest, context: Any) -> pb.GetOrderResponse:
        order = await self.views.order(request.order, self._owner)
        shipments = await self.views.shipments(order.id)
        return pb.GetOrderResponse(
            order=self._message(order), shipments=[messages.shipment_message(one) for one in shipments]
        )

    async def ListOrders(self, request: pb.ListOrdersRequest, context: Any) -> pb.ListOrdersResponse:
        size = page_size(request.page)
        found = await self.views.orders(replace(requests.filter_of(request), owner=self._owner), size + 1)
        token = requests.order_token(request.sort, found, size)
        return pb.ListOrdersResponse(orders=[self._message(order) for order in found[:size]], next_page_token=token)

    async def BatchGetOrderStates(
        self, request: pb.BatchGetOrderStatesRequest, context: Any
    ) -> pb.BatchGetOrderStatesResponse:
        found = await self.views.standings(request.order_numbers[:MOST_STANDINGS])
        standings = {n: pb.OrderStanding(state=state, updated_at=stamp(at)) for n, (state, at) in found.items()}
        return pb.BatchGetOrderStatesResponse(orders=standings)

    async def GetTimeline(self, request: pb.GetTimelineRequest, context: Any) -> pb.GetTimelineResponse:
        order = await self.views.order(request.order, self._owner)
        entries = await self.views.timeline(order.id)
        return pb.GetTimelineResponse(entries=[messages.timeline_message(entry) for entry in entries])

    async def GetOrderLeadTime(self, request: pb.GetOrderLeadTimeRequest, context: Any) -> pb.GetOrderLeadTimeResponse:
        order = await self.views.order(request.order, self._owner)
        moments, waiting, moved = await self.views.moments(order.id)
        now = self.database.clock.now()
        found = stages.dwells(moments, order.state, now, turnover_of(moved))
        found.append(stages.waiting(waiting.raised, waiting.cleared, open_now=waiting.open_now, now=now))
        async with self.database.read() as connection:
            working = await self.working.now(connection)
        return messages.lead_time_message(order, moments, found, now, working)

    async def SeeOrders(self, request: pb.SeeOrdersRequest, context: Any) -> pb.SeeOrdersResponse:
        seen = await self.views.seen(request.orders[:MOST_STANDINGS], request.attachment_id, self._owner)
        return pb.SeeOrdersResponse(orders=seen)

    async def GetTrackedOrder(self, request: pb.GetTrackedOrderRequest, context: Any) -> pb.GetTrackedOrderResponse:
        found = order_id_in(request.token)
        if found is None:
            raise NotFound("TRACKING_LINK_UNKNOWN")
        try:
            order = await self.views.order(str(found))
        except NotFound as error:
            raise NotFound("TRACKING_LINK_UNKNOWN") from error
        if not is_genuine(self.tracking_key, request.token, order.id, order.token_epoch):
            raise NotFound("TRACKING_LINK_UNKNOWN")
        return messages.tracked_message(order, await self.views.shipments(order.id))

    async def PutChannel(self, request: pb.PutChannelRequest, context: Any) -> pb.PutChannelResponse:
        active = request.active if request.HasField("active") else True
        name = request.name.strip() if request.HasField("name") else None

        async def work(unit: Transaction) -> pb.PutChannelResponse:
            kept = await put_channel(unit, request.code, active=active, name=name)
            return pb.PutChannelResponse(channel=messages.channel_message(kept))

        return await self.commands.run(request.context, pb.PutChannelResponse, work)

    async def ListChannels(self, request: pb.ListChannelsRequest, context: Any) -> pb.ListChannelsResponse:
        return pb.ListChannelsResponse(channels=map(messages.channel_message, await self.channels.channels()))
