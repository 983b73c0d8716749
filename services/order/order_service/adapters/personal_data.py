"""What Postgres keeps of the people at a customer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from orderhub.order.v1 import events_pb2

from chassis.database import Transaction
from chassis.sql import Row, text
from order_service.domain.customer import Contact
from order_service.domain.erasure import ERASED

MOST_TOLD = 2000  # values of one export: 4 MB of the longest texts

_CONTACTS = text("""
SELECT DISTINCT contact_name AS name, contact_phone AS phone FROM customer_order
WHERE customer_id = :id AND (contact_name, contact_phone) <> (:erased, '') ORDER BY 1, 2
""")
_PEOPLE = "(contact_name, contact_phone) IN (SELECT * FROM unnest(CAST(:names AS text[]), CAST(:phones AS text[])))"
_ERASE_ORDERS = text(f"""
UPDATE customer_order SET contact_name = CASE WHEN contact_name = '' THEN '' ELSE :erased END, contact_phone = '',
  token_epoch = token_epoch + 1, version = version + 1, updated_at = :now
WHERE customer_id = :id AND {_PEOPLE} AND (contact_name, contact_phone) <> ('', '') RETURNING number
""")  # noqa: S608  constants
_OWN = "IN (SELECT id FROM customer_order WHERE customer_id = :id)"
_ERASE_TEXTS = text(f"""
WITH notes AS (
  UPDATE customer_order SET note = regexp_replace(note, :pattern, :erased, 'g'), version = version + 1, updated_at = :now
  WHERE customer_id = :id AND note ~ :pattern RETURNING 1
), complaints AS (
  UPDATE complaint SET text = regexp_replace(text, :pattern, :erased, 'g'),
    resolution = regexp_replace(resolution, :pattern, :erased, 'g')
  WHERE order_id {_OWN} AND (text ~ :pattern OR resolution ~ :pattern) RETURNING 1
), signatures AS (
  UPDATE shipment SET signed_by = :erased
  WHERE signed_by = ANY(CAST(:words AS text[])) AND number IN (
    SELECT shipment_number FROM shipment_line WHERE order_id {_OWN}) RETURNING 1
)
SELECT (SELECT count(*) FROM notes) + (SELECT count(*) FROM complaints) + (SELECT count(*) FROM signatures)
  + erase_from_timeline(:id, :pattern)
""")  # noqa: S608  constants
# Read seldom: when a person is to be forgotten. An answer about a customer or an order carries the customer's id.
_ANSWERS = text("""
SELECT principal, route, key, answer FROM idempotency WHERE position(convert_to(:id, 'UTF8') IN answer) > 0
""")
_ERASE_ANSWERS = text("""
UPDATE idempotency i SET answer = t.answer
FROM unnest(CAST(:principals AS text[]), CAST(:routes AS text[]), CAST(:keys AS text[]), CAST(:answers AS bytea[]))
  AS t (principal, route, key, answer)
WHERE (i.principal, i.route, i.key) = (t.principal, t.route, t.key)
""")
_KEPT = text(f"""
SELECT place, ref, field, value FROM (
  SELECT 1 AS rank, 'customer' AS place, '' AS ref, t.field, t.value
  FROM customer_contact CROSS JOIN LATERAL (VALUES ('contact.name', name), ('contact.phone', phone)) AS t (field, value)
  WHERE customer_id = :id AND (name, phone) IN (
    SELECT * FROM unnest(CAST(:names AS text[]), CAST(:phones AS text[])))
  UNION ALL SELECT 2, 'order', number, t.field, t.value FROM customer_order CROSS JOIN LATERAL
    (VALUES ('contact.name', contact_name), ('contact.phone', contact_phone)) AS t (field, value)
  WHERE customer_id = :id AND {_PEOPLE}
  UNION ALL SELECT 3, 'order', number, 'note', note FROM customer_order WHERE customer_id = :id AND note ~ :pattern
  UNION ALL SELECT 4, 'timeline', o.number, p.key, p.value FROM customer_order o JOIN timeline t ON t.order_id = o.id
    CROSS JOIN LATERAL jsonb_each_text(t.params) AS p WHERE o.customer_id = :id AND p.value ~ :pattern
  UNION ALL SELECT 5, 'shipment', number, 'signed_by', signed_by FROM shipment
  WHERE signed_by = ANY(CAST(:words AS text[])) AND number IN (SELECT shipment_number FROM shipment_line WHERE order_id {_OWN})
  UNION ALL SELECT 6, 'complaint', o.number, t.field, t.value FROM customer_order o JOIN complaint c ON c.order_id = o.id
    CROSS JOIN LATERAL (VALUES ('text', c.text), ('resolution', c.resolution)) AS t (field, value)
  WHERE o.customer_id = :id AND t.value ~ :pattern
) kept WHERE value <> '' ORDER BY rank, ref, field LIMIT :limit
""")  # noqa: S608  constants


class SqlTraces:
    """The traces of one transaction."""

    def __init__(self, unit: Transaction) -> None:
        self._unit = unit

    async def contacts(self, customer_id: UUID) -> list[Contact]:
        """Return the contacts named on orders, each once."""
        rows = await self._unit.execute(_CONTACTS, {"id": customer_id, "erased": ERASED})
        return [Contact(row.name, row.phone) for row in rows]

    async def kept(self, customer_id: UUID, people: Sequence[Contact], words: list[str], pattern: str) -> list[Row]:
        """Return every value kept of these people, with its place; one more than an answer holds at most."""
        values = {
            **_people(people),
            "id": customer_id,
            "words": words,
            "pattern": pattern or "$^",
            "limit": MOST_TOLD + 1,
        }
        return list(await self._unit.execute(_KEPT, values))

    async def erase_orders(self, customer_id: UUID, people: list[Contact]) -> list[str]:
        """Make the orders of these contacts nameless and end their tracking links; return their numbers."""
        values = {**_people(people), "id": customer_id, "erased": ERASED, "now": self._unit.now}
        return sorted((await self._unit.execute(_ERASE_ORDERS, values)).scalars())

    async def erase_texts(self, customer_id: UUID, words: list[str], pattern: str) -> int:
        """Blank the words in notes, complaints, timeline and signatures; return how many texts."""
        values = {"id": customer_id, "words": words, "pattern": pattern, "erased": ERASED, "now": self._unit.now}
        return int((await self._unit.execute(_ERASE_TEXTS, values)).scalar_one())

    async def erase_answers(self, customer_id: UUID, words: list[str]) -> None:
        """Blank the words in answers kept for repeated requests; each keeps its length, so the message stays readable."""
        rows = (await self._unit.execute(_ANSWERS, {"id": str(customer_id)})).all()
        blanked = [(row, blank(row.answer, words)) for row in rows]
        changed = [(row, answer) for row, answer in blanked if answer != row.answer]
        values: dict[str, Any] = {
            "principals": [row.principal for row, _ in changed], "routes": [row.route for row, _ in changed],
            "keys": [row.key for row, _ in changed], "answers": [answer for _, answer in changed],
        }  # fmt: skip
        await self._unit.execute(_ERASE_ANSWERS, values)

    def tell(self, customer_id: UUID, orders: list[str], *, everybody: bool) -> None:
        """Tell the other services."""
        message = events_pb2.ContactErased(customer_id=str(customer_id), everybody=everybody, order_numbers=orders)
        self._unit.publish(f"customers/{customer_id}", message)


def blank(answer: bytes, words: Sequence[str]) -> bytes:
    """Return an answer with each word made asterisks of the same number of bytes."""
    for word in words:
        said = word.encode()
        answer = answer.replace(said, b"*" * len(said))
    return answer


def _people(people: Sequence[Contact]) -> dict[str, list[str]]:
    return {"names": [one.name for one in people], "phones": [one.phone for one in people]}
