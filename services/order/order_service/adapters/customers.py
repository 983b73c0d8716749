"""The customer library in Postgres."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from orderhub.order.v1 import events_pb2

from chassis.database import Transaction
from chassis.sql import Row, text
from order_service.adapters.order_rows import read_id
from order_service.adapters.pinyin import initials
from order_service.domain.customer import Contact, Customer
from order_service.domain.errors import Conflict, NotFound

COLUMNS = "c.id, c.name, c.tier, c.credit_code, c.version, c.merged_into, c.created_at, c.invoice_policy"
CONTACTS = """
ARRAY(SELECT k.name FROM customer_contact k WHERE k.customer_id = c.id ORDER BY k.position) AS contact_names,
ARRAY(SELECT k.phone FROM customer_contact k WHERE k.customer_id = c.id ORDER BY k.position) AS contact_phones
"""
_LOCK = text("SELECT id FROM customer WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR NO KEY UPDATE")
_READ = text(f"SELECT {COLUMNS}, {CONTACTS} FROM customer c WHERE c.id = ANY(CAST(:ids AS uuid[])) ORDER BY c.id")  # noqa: S608
_STORE = text("""
INSERT INTO customer (id, name, pinyin, tier, credit_code, version, merged_into, invoice_policy, created_at, created_by)
VALUES (:id, :name, :pinyin, :tier, :credit_code, :version, :merged_into, :invoice_policy, :created_at, :actor)
ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name, pinyin = EXCLUDED.pinyin, tier = EXCLUDED.tier,
  credit_code = EXCLUDED.credit_code, version = EXCLUDED.version, merged_into = EXCLUDED.merged_into,
  invoice_policy = EXCLUDED.invoice_policy
""")
_CLEAR = text("DELETE FROM customer_contact WHERE customer_id = :id")
_CLEAR_PHONES = text("DELETE FROM customer_phone WHERE customer_id = :id AND NOT phone = ANY(CAST(:phones AS text[]))")
_CONTACTS = text("""
INSERT INTO customer_contact (customer_id, position, name, phone)
SELECT :id, n, name, phone FROM unnest(CAST(:names AS text[]), CAST(:phones AS text[])) WITH ORDINALITY AS t (name, phone, n)
""")
# The phones' owners are settled by the primary key: of two customers claiming one phone at once, one is refused.
_PHONES = text("""
INSERT INTO customer_phone (phone, customer_id)
SELECT phone, :id FROM unnest(CAST(:phones AS text[])) AS t (phone) ORDER BY phone
ON CONFLICT (phone) DO NOTHING
""")
_TAKEN = text("""
SELECT p.phone, c.id, c.name FROM customer_phone p JOIN customer c ON c.id = p.customer_id
WHERE p.phone = ANY(CAST(:phones AS text[])) AND p.customer_id <> :id ORDER BY p.phone LIMIT 1
""")
_CODE_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:code, 4713))")
_CODE_TAKEN = text("""
SELECT id, name FROM customer WHERE credit_code = :code AND merged_into IS NULL AND id <> :id
""")
# Read once per new customer; a library of some thousand customers needs no index for it.
_NAMESAKES = text("""
SELECT id, name FROM customer WHERE merged_into IS NULL AND id <> :id
  AND lower(regexp_replace(name, '\\s', '', 'g')) = lower(regexp_replace(:name, '\\s', '', 'g'))
ORDER BY id LIMIT 5
""")
_MOVE_ORDERS = text("UPDATE customer_order SET customer_id = :kept WHERE customer_id = :absorbed")


class CustomerRepository:
    """Customers of one transaction."""

    def __init__(self, unit: Transaction) -> None:
        self._unit = unit

    async def get(self, customer_id: str) -> Customer:
        """Return a customer, locked; raise NotFound."""
        found = await self._load([read_id(customer_id)])
        if not found:
            raise NotFound("CUSTOMER_NOT_FOUND", customer_id=customer_id[:64])
        return found[0]

    async def pair(self, first: str, second: str) -> tuple[Customer, Customer]:
        """Return two customers, locked in one order for all; raise NotFound."""
        wanted = [read_id(first), read_id(second)]
        found = {customer.id: customer for customer in await self._load(wanted)}
        for customer_id, typed in zip(wanted, (first, second), strict=True):
            if customer_id is None or customer_id not in found:
                raise NotFound("CUSTOMER_NOT_FOUND", customer_id=typed[:64])
        return found[wanted[0]], found[wanted[1]]  # type: ignore[index]

    async def _load(self, ids: Sequence[UUID | None]) -> list[Customer]:
        params = {"ids": [one for one in ids if one is not None]}
        await self._unit.execute(_LOCK, params)
        return [customer_of(row) for row in await self._unit.execute(_READ, params)]

    async def add(self, customer: Customer) -> None:
        """Store a new customer; raise Conflict naming who has the phone or credit code."""
        await self._store(customer)

    async def save(self, *customers: Customer) -> None:
        """Store changed customers, those that give something up first; raise Conflict."""
        for customer in sorted(customers, key=lambda one: one.merged_into is None):
            customer.version += 1
            await self._store(customer)

    async def namesakes(self, customer_id: UUID, name: str) -> list[tuple[UUID, str]]:
        """Return others of the same name, whatever the case and the spaces (S14)."""
        rows = await self._unit.execute(_NAMESAKES, {"id": customer_id, "name": name})
        return [(row.id, row.name) for row in rows]

    async def move_orders(self, absorbed: UUID, kept: UUID) -> None:
        await self._unit.execute(_MOVE_ORDERS, {"absorbed": absorbed, "kept": kept})

    async def _store(self, customer: Customer) -> None:
        await self._refuse_taken_code(customer)
        values = {
            "id": customer.id, "name": customer.name, "pinyin": initials(customer.name), "tier": customer.tier,
            "credit_code": customer.credit_code, "version": customer.version, "merged_into": customer.merged_into,
            "invoice_policy": customer.invoice_policy, "created_at": customer.created_at, "actor": self._unit.actor,
        }  # fmt: skip
        await self._unit.execute(_STORE, values)
        await self._store_contacts(customer)
        self._tell(customer)

    async def _refuse_taken_code(self, customer: Customer) -> None:
        if customer.credit_code and customer.merged_into is None:
            await self._unit.execute(_CODE_LOCK, {"code": customer.credit_code})
            found = await self._unit.execute(_CODE_TAKEN, {"code": customer.credit_code, "id": customer.id})
            if taken := found.one_or_none():
                raise Conflict(
                    "CREDIT_CODE_TAKEN",
                    credit_code=customer.credit_code,
                    customer_id=taken.id,
                    customer_name=taken.name,
                )

    async def _store_contacts(self, customer: Customer) -> None:
        await self._unit.execute(_CLEAR, {"id": customer.id})
        await self._unit.execute(_CLEAR_PHONES, {"id": customer.id, "phones": customer.phones})
        names, phones = [one.name for one in customer.contacts], [one.phone for one in customer.contacts]
        await self._unit.execute(_CONTACTS, {"id": customer.id, "names": names, "phones": phones})
        await self._unit.execute(_PHONES, {"id": customer.id, "phones": customer.phones})
        found = await self._unit.execute(_TAKEN, {"phones": customer.phones, "id": customer.id})
        if taken := found.one_or_none():
            raise Conflict("CUSTOMER_PHONE_TAKEN", phone=taken.phone, customer_id=taken.id, customer_name=taken.name)

    def _tell(self, customer: Customer) -> None:
        message = events_pb2.CustomerChanged(
            customer_id=str(customer.id), name=customer.name, tier=customer.tier, active=customer.merged_into is None,
            merged_into=str(customer.merged_into or ""), invoice_policy=customer.invoice_policy,
        )  # fmt: skip
        self._unit.publish(f"customers/{customer.id}", message)


def customer_of(row: Row) -> Customer:
    """Return the customer of a row with its contacts as two arrays."""
    contacts = [Contact(name, phone) for name, phone in zip(row.contact_names, row.contact_phones, strict=True)]
    return Customer(
        row.id, row.name, row.tier, row.credit_code, contacts, row.created_at, row.version, row.merged_into,
        row.invoice_policy,
    )  # fmt: skip
