"""The services planning asks: order for orders, inventory for what is free."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from orderhub.inventory.v1 import inventory_pb2, inventory_pb2_grpc
from orderhub.order.v1 import order_pb2, order_pb2_grpc

from chassis.grpc_client import Peer
from planning_service.app.facts import Offer, OrderFacts
from planning_service.domain.arrivals import Arrival
from planning_service.domain.exact import plain
from planning_service.domain.giving_way import Claim, Rank
from planning_service.domain.plan import DemandLine
from planning_service.domain.priority import URGENCY_WEIGHT, Urgency

BATCH = 2_000
AVAILABILITY_SECONDS = 2.3
"""Inventory may wait 1.5 s until it has heard of earlier plans, then answers with what it knows."""


class OrderClient:
    """Asks the order service."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._stub = order_pb2_grpc.OrderServiceStub(peer.channel)

    async def get(self, order: str) -> OrderFacts:
        """Return an order by id or number; the owner's refusal passes through."""
        answer = await self._peer.ask(self._stub.GetOrder, order_pb2.GetOrderRequest(order=order))
        return facts_of(answer.order)


class InventoryClient:
    """Asks the inventory service."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._stub = inventory_pb2_grpc.StockServiceStub(peer.channel)

    async def available(self, codes: Iterable[str], order: str = "") -> Mapping[str, Decimal]:
        """Return what may be held of each item, less safety stock; what `order` holds softly itself counts as free."""
        wanted = sorted(set(codes))
        found: dict[str, Decimal] = {}
        for start in range(0, len(wanted), BATCH):
            asked = wanted[start : start + BATCH]
            request = inventory_pb2.GetAvailabilityRequest(item_codes=asked, order=order, allocatable_only=True)
            answer = await self._peer.ask(self._stub.GetAvailability, request, timeout=AVAILABILITY_SECONDS)
            found |= {code: Decimal(free) for code, free in answer.allocatable.items()}
            found |= {code: Decimal(stock.allocatable or "0") for code, stock in answer.stock.items()}
        return found

    async def offered(self, codes: Iterable[str], orders: Sequence[str]) -> Offer:
        """Return what may be held of each item, and what each of these orders may take beyond that."""
        wanted = sorted(set(codes))
        free: dict[str, Decimal] = {}
        own: dict[str, dict[str, Decimal]] = {}
        for start in range(0, len(wanted), BATCH):
            request = inventory_pb2.GetAvailabilityRequest(item_codes=wanted[start : start + BATCH], orders=orders)
            answer = await self._peer.ask(self._stub.GetAvailability, request, timeout=AVAILABILITY_SECONDS)
            free |= {code: Decimal(stock.allocatable or "0") for code, stock in answer.stock.items()}
            for hold in answer.own:
                more = Decimal(hold.allocatable) - free.get(hold.item_code, Decimal(0))
                own.setdefault(hold.order, {})[hold.item_code] = more
        return Offer(free, own)

    async def arrivals(self, codes: Iterable[str]) -> list[Arrival]:
        """Return what suppliers still bring of these items."""
        wanted = sorted(set(codes))
        request = inventory_pb2.ListExpectedReceiptsRequest(item_codes=wanted[:BATCH], state="open")
        answer = await self._peer.ask(self._stub.ListExpectedReceipts, request)
        return [
            Arrival(
                number=found.number,
                item_code=found.item_code,
                open=_number(found.open_quantity),
                unclaimed=_number(found.unclaimed_quantity),
                due_date=date.fromisoformat(found.due_date),
                supplier=found.supplier,
                state=found.state,
                late=found.late,
            )
            for found in answer.expected_receipts
        ]

    async def claims(self, codes: Iterable[str]) -> list[Claim]:
        """Return who holds these items, the last in rank of each first, 200 of each at most."""
        return await self._holders(dict.fromkeys(codes, ""))

    async def claims_behind(self, wanted: Mapping[str, Decimal], order: str, rank: Rank) -> list[Claim]:
        """Return who would give these amounts to an order of this rank, the last in rank of each item first."""
        urgency, due = rank
        words = {weight: word.value for word, weight in URGENCY_WEIGHT.items()}
        due_date = "" if due == date.max else due.isoformat()
        asked = {code: plain(quantity) for code, quantity in wanted.items()}
        return await self._holders(asked, order=order, urgency=words[urgency], due_date=due_date)

    async def _holders(self, wanted: Mapping[str, str], **behind: str) -> list[Claim]:
        found: list[Claim] = []
        codes = sorted(wanted)
        for start in range(0, len(codes), BATCH):
            items = [
                inventory_pb2.HeldItem(item_code=code, quantity=wanted[code]) for code in codes[start : start + BATCH]
            ]
            request = inventory_pb2.ListHoldersRequest(items=items, **behind)
            answer = await self._peer.ask(self._stub.ListHolders, request)
            found += [_claim(one) for one in answer.reservations]
        return found


def _claim(found: inventory_pb2.Reservation) -> Claim:
    return Claim(
        order_number=found.order_number,
        production_order_number=found.production_order_number,
        line_no=found.line_no,
        item_code=found.item_code,
        reserved=_number(found.reserved),
        unit=found.unit,
        urgency=Urgency(found.urgency or "green"),
        due_date=_date(found.due_date),
    )


def facts_of(order: order_pb2.Order) -> OrderFacts:
    """Return what planning needs of an order; a line counts with what is still to be served."""
    due = date.fromisoformat(order.due_date)
    lines = tuple(
        DemandLine(line.line_no, line.item_code, open_quantity, _date(line.due_date) or due, line.unit)
        for line in order.lines
        if (open_quantity := _open(line)) > 0
    )
    asked = order.confirmed_at if order.HasField("confirmed_at") else order.created_at
    return OrderFacts(
        number=order.number,
        id=order.id,
        state=order.state,
        urgency=Urgency(order.urgency or "green"),
        due_date=due,
        asked_at=asked.ToDatetime(UTC) if asked.seconds else datetime.now(UTC),
        traceparent=order.traceparent,
        customer_name=order.customer.name,
        customer_id=order.customer.id,
        allowed=tuple(order.allowed),
        lines=lines,
        item_names={line.line_no: line.item_name for line in order.lines},
    )


def _open(line: order_pb2.OrderLine) -> Decimal:
    """Return ordered less cancelled less what left the house for good."""
    shipped = _number(line.shipped_quantity) - _number(line.returned_quantity)
    return _number(line.quantity) - _number(line.cancelled_quantity) - shipped


def _number(text: str) -> Decimal:
    return Decimal(text or "0")


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
