"""Queries about customers."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from chassis.database import Database
from chassis.sql import Connection, text
from order_service.adapters.customers import COLUMNS, CONTACTS, customer_of
from order_service.adapters.items import ITEMS, items_by_code, read_items
from order_service.adapters.order_rows import read_id
from order_service.adapters.phones import normalise
from order_service.domain.customer import Customer
from order_service.domain.errors import NotFound
from order_service.domain.item import Item
from order_service.domain.texts import is_clean

_SELECT = f"SELECT {COLUMNS}, {CONTACTS} FROM customer c WHERE "  # noqa: S608  constants
_ONE = text(_SELECT + "c.id = :id")
_SURVIVOR = text("""
WITH RECURSIVE chain AS (
  SELECT id, merged_into FROM customer WHERE id = :id
  UNION SELECT c.id, c.merged_into FROM customer c JOIN chain ON c.id = chain.merged_into
) SELECT id FROM chain WHERE merged_into IS NULL
""")
_PARTY = text(f"""
SELECT ARRAY(SELECT code FROM channel WHERE active) AS channels, ({ITEMS}) AS items, {COLUMNS}, {CONTACTS}
FROM (SELECT 1) AS one LEFT JOIN customer c ON c.id = :id
""")  # noqa: S608  constants
_PARTIES = text(_SELECT + "c.id = ANY(CAST(:ids AS uuid[])) AND c.merged_into IS NULL")
_AROUND = text(f"SELECT ARRAY(SELECT code FROM channel WHERE active) AS channels, ({ITEMS}) AS items")  # noqa: S608
# A salesperson's own customers: those one has an order of, and those nobody else has.
OWN_CUSTOMER = """
(EXISTS (SELECT 1 FROM customer_order o WHERE o.customer_id = c.id AND (o.sales_owner = :owner OR o.created_by = :owner))
 OR NOT EXISTS (SELECT 1 FROM customer_order o WHERE o.customer_id = c.id AND o.sales_owner NOT IN ('', :owner)))
"""
_OWN = text(f"SELECT c.id FROM customer c WHERE c.id = ANY(CAST(:ids AS uuid[])) AND {OWN_CUSTOMER}")  # noqa: S608
_FILTERS = {
    "phone": "EXISTS (SELECT 1 FROM customer_phone p WHERE p.customer_id = c.id AND p.phone = :phone)",
    "q": "(strpos(lower(c.name), :q) > 0 OR strpos(c.pinyin, :q) > 0 OR lower(c.credit_code) = :q)",
    "after": "c.id < :after",
    "owner": OWN_CUSTOMER,
}


async def find_party(
    connection: Connection, customer_id: UUID | None, codes: Iterable[str]
) -> tuple[Customer | None, frozenset[str], dict[str, Item]]:
    """Return what an entry is checked against: customer (the survivor of a merge), channels, items by code or alias."""
    wanted = {code for code in codes if is_clean(code)}
    row = (await connection.execute(_PARTY, {"id": customer_id, "codes": sorted(wanted)})).one()
    if row.merged_into is not None:
        survivor = (await connection.execute(_SURVIVOR, {"id": customer_id})).scalar()
        return await find_party(connection, survivor, wanted)
    customer = None if row.id is None else customer_of(row)
    return customer, frozenset(row.channels), items_by_code(read_items(row["items"]), wanted)


async def find_parties(
    connection: Connection, customer_ids: Collection[UUID], codes: Iterable[str]
) -> tuple[dict[UUID, Customer], frozenset[str], list[Item]]:
    """Return the same for several entries: customers that were not merged away, channels, all their items."""
    wanted = sorted({code for code in codes if is_clean(code)})
    around = (await connection.execute(_AROUND, {"codes": wanted})).one()
    found = await connection.execute(_PARTIES, {"ids": sorted(customer_ids)})
    return {row.id: customer_of(row) for row in found}, frozenset(around.channels), read_items(around["items"])


class CustomerViews:
    """Answers about customers from one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def customer(self, customer_id: str, owner: str = "") -> Customer:
        """Return a customer that `owner` may see, merged ones too; raise NotFound."""
        found = read_id(customer_id)
        async with self._database.read() as connection:
            row = (await connection.execute(_ONE, {"id": found})).one_or_none() if found else None
        if row is None or not await self.seen([row.id], owner):
            raise NotFound("CUSTOMER_NOT_FOUND", customer_id=customer_id[:64])
        return customer_of(row)

    async def seen(self, ids: Collection[UUID], owner: str) -> set[UUID]:
        """Return which customers a salesperson may see; empty sees all."""
        if not owner:
            return set(ids)
        async with self._database.read() as connection:
            return set((await connection.execute(_OWN, {"ids": list(ids), "owner": owner})).scalars())

    async def customers(self, phone: str, q: str, after: UUID | None, limit: int, owner: str = "") -> list[Customer]:
        """Return the newest customers by exact phone, or by part of the name or its initials."""
        if not (is_clean(phone) and is_clean(q)):
            return []
        params: dict[str, Any] = {"limit": limit}
        if phone:
            params["phone"] = normalise(phone) or ""
        if q:
            params["q"] = q.strip().lower()[:100]
        params |= {name: value for name, value in (("after", after), ("owner", owner)) if value}
        where = " AND ".join(["c.merged_into IS NULL", *(_FILTERS[name] for name in _FILTERS if name in params)])
        query = text(f"{_SELECT}{where} ORDER BY c.id DESC LIMIT :limit")
        async with self._database.read() as connection:
            return [customer_of(row) for row in await connection.execute(query, params)]
