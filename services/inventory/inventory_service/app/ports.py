"""What the use cases need from outside; adapters provide it, bound to one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from inventory_service.domain.balance import Balance
from inventory_service.domain.expected_receipt import ExpectedReceipt
from inventory_service.domain.item import Item
from inventory_service.domain.policy import Policy
from inventory_service.domain.production import Receivable
from inventory_service.domain.reservation import Claim, Demand, Line, LineKey
from inventory_service.domain.shipping import OrderCopy


@dataclass(frozen=True, slots=True)
class Movement:
    """Why stock moves: the ledger's words."""

    id: str
    kind: str
    ref: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReceiptNote:
    """A receipt as written down."""

    id: str
    number: str
    receivable: Receivable
    quantity: Decimal
    actor: str
    at: datetime
    device_id: str = ""


@dataclass(frozen=True, slots=True)
class GoodsLine:
    """One line of a shipment or return, in the item's stock unit."""

    order: str
    line_no: int
    item: str
    quantity: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class ShipmentNote:
    """A shipment as written down."""

    id: str
    number: str
    lines: tuple[GoodsLine, ...]
    actor: str
    at: datetime
    carrier: str = ""
    tracking_numbers: tuple[str, ...] = field(default=())
    version: int = 1


@dataclass(frozen=True, slots=True)
class ReturnNote:
    """A customer's return as written down."""

    id: str
    number: str
    lines: tuple[GoodsLine, ...]
    actor: str
    at: datetime
    reason: str
    quarantine: bool


class Stock(Protocol):
    """Balances and the ledger."""

    async def secure(self, items: Iterable[str]) -> None:
        """Lock the balances this transaction has not locked yet, in item order, making missing ones."""

    async def lock(self, items: Iterable[str]) -> dict[str, Balance]:
        """Lock the balances in item order, making missing ones, and return them."""

    async def move(self, movement: Movement, changes: Mapping[str, Decimal]) -> None:
        """Change what is on hand and write it down; the balances must be locked."""

    async def note(self, movement: Movement, item: str) -> None:
        """Write something down that leaves what is on hand as it is."""

    async def quarantine(self, changes: Mapping[str, Decimal]) -> None:
        """Change what is under quality hold."""

    async def hold_back(self, item: str, safety_stock: Decimal) -> None:
        """Set what automatic reservations leave alone."""


class Reservations(Protocol):
    """Reservation lines; `save` keeps the balances' `reserved` equal to what the lines hold."""

    async def of_demands(self, demands: Collection[Demand]) -> list[Line]: ...

    async def of_orders(self, orders: Collection[str]) -> list[Line]: ...

    async def expired(self, now: datetime) -> list[str]:
        """Return orders whose soft lines have had their time."""

    async def save(self, lines: Sequence[Line]) -> None: ...

    async def admit(self, lines: Sequence[Line]) -> list[Line]:
        """Write new lines and give them what is free, most pressing first; return them as they are then."""

    async def rank(self, claims: Mapping[LineKey, Claim]) -> None: ...

    async def reallocate(self, items: Collection[str]) -> list[LineKey]:
        """Give free stock to the hungry lines of these items, most pressing first; return the lines that got some."""

    async def holders(self, items: Collection[str]) -> list[Line]:
        """Return the lines that hold these items, the least pressing first."""

    async def trim(self, item: str, excess: Decimal) -> list[LineKey]:
        """Take `excess` of what is held from the least pressing lines; return the lines that lost some."""


class Receivables(Protocol):
    """Copies of production orders."""

    async def find(self, name: str) -> Receivable | None:
        """Return by number, id or scan code."""

    async def of_numbers(self, numbers: Collection[str]) -> dict[str, Receivable]: ...

    async def dead(self, numbers: Collection[str]) -> set[str]:
        """Return which of them have ended."""

    async def begun(self, numbers: Collection[str]) -> dict[str, Receivable]:
        """Return those of which something was received."""

    async def learn(self, orders: Sequence[Receivable]) -> None:
        """Take over what planning says: nothing known is forgotten, `passed` only rises, `received` is ours."""

    async def receive(self, number: str, quantity: Decimal, tolerance: Decimal | None) -> Receivable | None:
        """Raise `received` when that is allowed, in one statement; None when it is not. No tolerance: no limit."""


class Orders(Protocol):
    """Copies of customer orders and what may still be shipped of them."""

    async def find(self, names: Collection[str]) -> dict[str, OrderCopy]:
        """Return orders by the number or id asked for."""

    async def states(self, numbers: Collection[str]) -> dict[str, str]: ...

    async def learn(self, order: OrderCopy) -> None:
        """Take over what the order service says; never touches shipped and returned, and what has ended stays so."""

    async def set_state(self, number: str, state: str) -> None: ...

    async def ship(self, lines: Sequence[GoodsLine]) -> set[tuple[str, int]]:
        """Raise `shipped` where order and quantity allow it, in one statement; return the lines raised."""

    async def take_back(self, lines: Sequence[GoodsLine]) -> set[tuple[str, int]]:
        """Raise `returned` where that much was shipped, in one statement; return the lines raised."""


class Documents(Protocol):
    """Receipts, shipments and returns as written down."""

    async def next_number(self, prefix: str) -> str: ...

    async def add_receipt(self, note: ReceiptNote) -> None: ...

    async def add_shipment(self, note: ShipmentNote) -> None: ...

    async def locked_shipment(self, name: str) -> ShipmentNote | None:
        """Lock a shipment by number or id and return it."""

    async def save_shipment(self, note: ShipmentNote) -> ShipmentNote:
        """Write carrier and tracking numbers back and return it with its new version."""

    async def add_return(self, note: ReturnNote) -> None: ...


class ExpectedReceipts(Protocol):
    async def next_number(self) -> str: ...

    async def add(self, one: ExpectedReceipt) -> None: ...

    async def locked(self, names: Sequence[str]) -> Mapping[str, ExpectedReceipt]:
        """Lock those of these numbers or ids, in the order of their numbers; return them by the name asked for."""

    async def save(self, one: ExpectedReceipt) -> ExpectedReceipt:
        """Write it back and return it with its new version."""


class Items(Protocol):
    """Copies of the item master."""

    async def find(self, codes: Collection[str]) -> dict[str, Item]: ...

    async def learn(self, items: Iterable[Item]) -> set[str]:
        """Keep newer versions only; return the codes that changed."""


class Teller(Protocol):
    """Tells other services, when the transaction commits."""

    def because(self, order: str, actor: str, event_id: str) -> None:
        """Tell what follows about `order` as caused by this event; a batch has many causes."""

    def held(self, demand: Demand, lines: Sequence[Line]) -> None:
        """Tell that everything is held, or what is short."""

    def released(self, demand: Demand, lines: Sequence[Line], reason: str) -> None: ...

    def issued(self, demand: Demand, lines: Sequence[Line], mode: str, *, settled: bool) -> None: ...

    def received(self, note: ReceiptNote, held: Sequence[Line], *, shipped: bool) -> None: ...

    def shipped(self, note: ShipmentNote, traces: Mapping[str, str]) -> None: ...

    def shipment_changed(self, note: ShipmentNote, traces: Mapping[str, str]) -> None: ...

    def returned(self, note: ReturnNote, traces: Mapping[str, str]) -> None: ...

    def adjusted(self, movement: Movement, item: Item, change: Decimal, on_hand: Decimal) -> None: ...

    def expected(self, one: ExpectedReceipt, item: Item) -> None: ...


@dataclass(frozen=True)
class Warehouse:
    """Everything one use case works with, inside one transaction."""

    stock: Stock
    reservations: Reservations
    receivables: Receivables
    orders: Orders
    documents: Documents
    items: Items
    expected: ExpectedReceipts
    tell: Teller
    policy: Policy
    actor: str
    now: datetime
