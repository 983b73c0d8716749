"""What the use cases need from outside, as they see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from planning_service.app.facts import Claimed, KeptLine, NewPlan, Offer, OrderFacts, Prepared, RevisedLine, Told
from planning_service.domain.arrivals import Arrival
from planning_service.domain.bom import BomVersion
from planning_service.domain.catalogue import Catalogue
from planning_service.domain.change import LineChange
from planning_service.domain.component import Component, Held
from planning_service.domain.giving_way import Claim, Rank
from planning_service.domain.item import Item
from planning_service.domain.operation import Operation
from planning_service.domain.plan import OrderPlan
from planning_service.domain.production_order import ProductionOrder
from planning_service.domain.routing import Routing
from planning_service.domain.scan import ScanOutcome, ScanReport


class Orders(Protocol):
    """The order service."""

    async def get(self, order: str) -> OrderFacts:
        """Return an order by id or number; raises NotFound."""
        ...


class Stock(Protocol):
    """The inventory service."""

    async def available(self, codes: Iterable[str], order: str = "") -> Mapping[str, Decimal]:
        """Return what is free of each item for `order`; an item without stock may be missing."""
        ...

    async def offered(self, codes: Iterable[str], orders: Sequence[str]) -> Offer:
        """Return what is free for everybody, and what each of these orders may take beyond it, by order and item."""
        ...

    async def arrivals(self, codes: Iterable[str]) -> list[Arrival]:
        """Return what suppliers still bring of these items."""
        ...

    async def claims(self, codes: Iterable[str]) -> list[Claim]:
        """Return who holds these items, the last in rank of each first."""
        ...

    async def claims_behind(self, wanted: Mapping[str, Decimal], order: str, rank: Rank) -> list[Claim]:
        """Return who would give these amounts to an order of this rank, the last in rank of each item first."""
        ...


class Master(Protocol):
    """The item master inside one transaction; `lock` comes first and lets one writer in at a time."""

    async def lock(self) -> Catalogue:
        """Return the newest catalogue; nobody else changes it until the transaction ends."""
        ...

    async def save_item(self, item: Item, version: int) -> None:
        """Insert or replace an item."""
        ...

    async def save_routing(self, routing: Routing) -> None:
        """Insert or replace a routing."""
        ...

    async def save_boms(self, bills: Mapping[str, BomVersion]) -> dict[str, BomVersion]:
        """Keep a version of each bill under its next number; one of the same start is superseded."""
        ...


class ProductionOrders(Protocol):
    """Production orders inside one transaction."""

    async def next_numbers(self, count: int, today: date) -> list[str]:
        """Return numbers nobody has had yet."""
        ...

    async def add(self, orders: Sequence[ProductionOrder], bom_versions: Sequence[int]) -> None:
        """Insert new production orders with their operations."""
        ...

    async def locked(self, key: str) -> ProductionOrder | None:
        """Return the one with this number, id or scan code, locked."""
        ...

    async def locked_of_order(self, order_number: str) -> list[ProductionOrder]:
        """Return all of an order, locked, by number."""
        ...

    async def save(self, order: ProductionOrder, operation: Operation | None = None) -> None:
        """Write back a changed production order and the one operation that moved; raises the version."""
        ...


class Plans(Protocol):
    """Plans inside one transaction."""

    async def claim(self, plans: Sequence[Prepared], now: datetime, who: str, today: date) -> list[Claimed]:
        """Lock the orders' plans, made where there is none, in the order of their numbers."""
        ...

    async def add(self, plans: Sequence[NewPlan]) -> dict[str, int]:
        """Write planned lines with all that belongs to them; return each production order's rank."""
        ...

    async def locked_lines(self, order_number: str) -> tuple[dict[int, str], list[Component]]:
        """Return the item of each planned line, and all components; the plan is locked."""
        ...

    async def extend(self, order_number: str, plan: OrderPlan, components: Sequence[Component]) -> None:
        """Add components to lines that are planned already, and tell what could not be planned."""
        ...

    async def cover(self, order_number: str, changes: Mapping[int, LineChange]) -> None:
        """Set what the lines now cover and what they take from stock themselves."""
        ...

    async def kept(self, order_number: str) -> tuple[list[KeptLine], list[Component]]:
        """Return all lines the plan covers and all its components."""
        ...


class Components(Protocol):
    """Needs of production orders and stocked lines inside one transaction."""

    async def hold(self, order_number: str, words: Mapping[str, Sequence[Held]]) -> list[Component]:
        """Take what inventory holds for these production orders ("": order lines); return the components that changed."""
        ...

    async def expect_no_more(self, order_number: str, line_no: int, item_code: str) -> list[Component]:
        """A child production order has ended: nothing more of it comes; return the components that changed."""
        ...

    async def mark_told(self, components: Sequence[Component]) -> None:
        """Remember which shortages were told."""
        ...


class Tell(Protocol):
    """Events, told when the transaction commits."""

    def item_changed(self, item: Item, version: int) -> None:
        """Tell the whole item."""
        ...

    def routing_changed(self, routing: Routing) -> None:
        """Tell that a routing changed."""
        ...

    def bom_changed(self, item_code: str, version: BomVersion) -> None:
        """Tell that a bill has a new version."""
        ...

    def planned(self, order: OrderFacts, told: Told) -> None:
        """Tell a plan, whole."""
        ...

    def revised(self, order: OrderFacts, lines: Sequence[RevisedLine]) -> None:
        """Tell what a changed order did to its production."""
        ...

    def created(self, made: Sequence[ProductionOrder]) -> None:
        """Tell each new production order."""
        ...

    def dispatched(self, order: ProductionOrder) -> None:
        """Tell the team."""
        ...

    def scanned(self, order: ProductionOrder, scan: ScanReport, outcome: ScanOutcome) -> None:
        """Tell what a scan led to; the order is as the scan left it."""
        ...

    def inspection_recorded(self, order: ProductionOrder, back: Operation | None) -> None:
        """Tell the totals of all inspections, and where rework starts again."""
        ...

    def completed(self, order: ProductionOrder) -> None:
        """Tell that a production order is booked off."""
        ...

    def cancelled(self, order: ProductionOrder, *, replaced: bool = False) -> None:
        """Tell that it ended before its time; `replaced` when a plan takes over (X10)."""
        ...

    def changed(self, order: ProductionOrder) -> None:
        """Tell the floor what came from upstream."""
        ...

    def shortage(self, component: Component, trace: str) -> None:
        """Tell that a shortage began, or that it is over."""
        ...
