"""Looking ahead of a transaction: what the copies here lack, or what would make us refuse, is asked of its owner.

No remote call happens inside a transaction; an answered command elsewhere is never refused here (contract 2).
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from chassis.database import Database
from chassis.errors import Remote
from inventory_service.adapters.items import SqlItems
from inventory_service.adapters.orders import SqlOrders
from inventory_service.adapters.receivables import SqlReceivables
from inventory_service.adapters.reservations import SqlReservations
from inventory_service.app.wanted import WantedItem, WantedLine
from inventory_service.domain.entry import findable
from inventory_service.domain.item import Item
from inventory_service.domain.production import CANCELLED, Receivable
from inventory_service.domain.quantity import ZERO, BadQuantity, read
from inventory_service.domain.reservation import Demand, Line
from inventory_service.domain.shipping import OrderCopy

AT_ONCE = 8


class Owners(Protocol):
    """Who can be asked."""

    async def items(self, codes: Collection[str]) -> dict[str, Item]: ...

    async def production_order(self, name: str) -> Receivable | None: ...

    async def order(self, name: str) -> OrderCopy | None: ...


class Lookout:
    """Reads the copies, and asks when they don't suffice."""

    def __init__(self, database: Database, owners: Owners, tolerance: Decimal) -> None:
        self._database = database
        self._owners = owners
        self._tolerance = tolerance

    async def items(self, codes: Iterable[str]) -> dict[str, Item]:
        """Return items by the code or alias asked for."""
        wanted = {code for code in codes if findable(code)}
        async with self._database.read() as connection:
            known = await SqlItems(connection).find(wanted)
        missing = wanted - known.keys()
        return {**known, **(await self._owners.items(missing) if missing else {})}

    async def receivable(self, name: str, quantity: str = "") -> tuple[Receivable | None, dict[str, Item]]:
        """Return what planning says when the copy here is missing or would refuse `quantity`, and the item made."""
        if not findable(name):
            return None, {}
        async with self._database.read() as connection:
            known = await SqlReceivables(connection).find(name)
        fresh = None if known and self._accepts(known, quantity) else await self._owners.production_order(name)
        made = fresh or known
        return fresh, await self.items([made.item] if made else [])

    async def picking(self, name: str, lines: Sequence[WantedItem]) -> tuple[Receivable | None, dict[str, Item]]:
        """Return what planning says when the copy here is missing or would refuse to issue `lines`, and their items."""
        fresh, _ = await self.receivable(name)
        items = await self.items(line.item for line in lines)
        if fresh is not None or not findable(name):
            return fresh, items
        async with self._database.read() as connection:
            known = await SqlReceivables(connection).find(name)
            held = (
                []
                if known is None
                else await SqlReservations(connection).of_demands([Demand(known.order, known.number)])
            )
        if self._tolerance == 0 and _would_issue(held, lines, items):
            return None, items
        try:
            return await self._owners.production_order(name), items
        except Remote:
            if _brings_only_back(lines):  # goods come home whether or not the plan can be asked
                return None, items
            raise

    def _accepts(self, known: Receivable, quantity: str) -> bool:
        if not known.is_known or known.state == CANCELLED:
            return False
        return not quantity or (known.passed > 0 and known.accepts(_guess(quantity), self._tolerance))

    async def orders(self, lines: Iterable[WantedLine]) -> tuple[dict[str, OrderCopy], dict[str, Item]]:
        """Return what the order service says of orders whose copy is missing or would refuse, by name, and all items."""
        wanted: defaultdict[str, list[WantedLine]] = defaultdict(list)
        for line in lines:
            if findable(line.order):
                wanted[line.order].append(line)
        async with self._database.read() as connection:
            known = await SqlOrders(connection).find(wanted)
        fresh = await self._ask([name for name, asked in wanted.items() if not _would_ship(known.get(name), asked)])
        orders = {**known, **fresh}.values()
        return fresh, await self.items({line.item for order in orders for line in order.lines})

    async def _ask(self, names: Collection[str]) -> dict[str, OrderCopy]:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(name: str) -> tuple[str, OrderCopy | None]:
            async with gate:
                return name, await self._owners.order(name)

        found: Mapping[str, OrderCopy | None] = dict(await asyncio.gather(*map(one, names)))
        return {name: order for name, order in found.items() if order is not None}


def _would_ship(order: OrderCopy | None, asked: Iterable[WantedLine]) -> bool:
    if order is None or not order.may_ship:
        return False
    wanted: defaultdict[int, Decimal] = defaultdict(Decimal)
    for line in asked:
        wanted[line.line_no] += _guess(line.quantity)
    known = {line.line_no: line for line in order.lines}
    return all(line_no in known and known[line_no].remaining >= quantity for line_no, quantity in wanted.items())


def _would_issue(held: Iterable[Line], lines: Iterable[WantedItem], items: Mapping[str, Item]) -> bool:
    left = {line.key.item: line.need - line.issued for line in held}
    for line in lines:
        item = items.get(line.item)
        quantity = _guess(line.quantity)
        if quantity < 0:
            return False  # the plan says what the line needs from now on
        if item is None or quantity == 0:
            continue
        left[item.code] = left.get(item.code, ZERO) - quantity
        if left[item.code] < 0 or line.unit not in ("", item.unit):
            return False
    return True


def _brings_only_back(lines: Iterable[WantedItem]) -> bool:
    return all(_guess(line.quantity) < 0 for line in lines)


def _guess(quantity: str) -> Decimal:
    try:
        return read(quantity)
    except BadQuantity:
        return ZERO
