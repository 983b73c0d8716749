"""What an entry is checked against: the customer, the channels and the items, from this database or from planning."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from chassis.clock import Clock
from chassis.database import Database, Transaction
from order_service.adapters.capacity_rules import CapacityRules
from order_service.adapters.customer_views import find_parties, find_party
from order_service.adapters.items import ItemMaster, items_by_code, store_items
from order_service.adapters.order_rows import read_id
from order_service.adapters.phones import normalise
from order_service.domain.customer import Customer
from order_service.domain.entry import Known, KnownCustomer
from order_service.domain.item import Item


@dataclass
class Gathered:
    """Known facts, and the newer items to keep in the transaction."""

    known: Known
    newer: dict[str, Item] = field(default_factory=dict)

    async def keep(self, unit: Transaction) -> None:
        if self.newer:
            await store_items(unit, list(self.newer.values()))


class Knowledge:
    """Gathers facts before a transaction."""

    def __init__(self, database: Database, master: ItemMaster, clock: Clock, rules: CapacityRules) -> None:
        self._database = database
        self._master = master
        self._clock = clock
        self._rules = rules

    async def gather(self, customer_id: str, codes: Iterable[str]) -> Gathered:
        """Return what is known of the customer and the items; items without a copy are asked for."""
        wanted = set(codes)
        today = self._clock.today()
        async with self._database.read() as connection:
            notice = await self._rules.notice(connection, today)
            customer, channels, items = await find_party(connection, read_id(customer_id), wanted)
        gathered = Gathered(Known(_party(customer), channels, items, today, self._clock.now(), normalise, notice))
        missing = wanted - items.keys()
        return await self.ask_again(gathered, missing) if missing else gathered

    async def gather_together(self, unit: Transaction, asked: Sequence[tuple[str, Collection[str]]]) -> list[Known]:
        """Return what this database knows of several entries' customers and items; nobody else is asked."""
        ids = [read_id(customer_id) for customer_id, _ in asked]
        today, now = self._clock.today(), self._clock.now()
        notice = await self._rules.notice(unit, today)
        customers, channels, items = await find_parties(
            unit.connection, {one for one in ids if one}, {code for _, codes in asked for code in codes}
        )
        return [
            Known(_party(customers.get(one) if one else None), channels, items_by_code(items, codes), today, now, normalise, notice)
            for one, (_, codes) in zip(ids, asked, strict=True)
        ]  # fmt: skip

    async def ask_again(self, gathered: Gathered, codes: Iterable[str]) -> Gathered:
        """Return the same with planning's own word on some items; raise Remote when planning is away."""
        asked = await self._master.ask(codes)
        known = gathered.known
        items: Mapping[str, Item] = {**known.items, **asked}
        return Gathered(replace(known, items=items), {**gathered.newer, **asked})


def _party(customer: Customer | None) -> KnownCustomer | None:
    if customer is None:
        return None
    contacts = tuple((contact.name, contact.phone) for contact in customer.contacts)
    return KnownCustomer(customer.id, customer.name, contacts, customer.invoice_policy)
