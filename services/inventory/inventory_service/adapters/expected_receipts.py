"""Expected receipts in SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from chassis.sql import Row, text
from inventory_service.adapters.executor import Executor
from inventory_service.domain.document import EXPECTED, document_number
from inventory_service.domain.expected_receipt import ExpectedReceipt

COLUMNS = """e.id, e.number, e.item_code, e.quantity, e.received, e.due_date, e.supplier, e.reference, e.note, e.cancelled, e.actor,
       e.created_at, e.version"""
_NEXT = text("SELECT nextval('expected_receipt_number')")
_ADD = text("""
INSERT INTO expected_receipt (id, number, item_code, quantity, due_date, supplier, reference, note, actor, created_at)
VALUES (:id, :number, :item, :quantity, :due, :supplier, :reference, :note, :actor, :at)
""")
_LOCKED = text(f"""
SELECT {COLUMNS} FROM expected_receipt e
WHERE e.number = ANY (CAST(:names AS text[])) OR CAST(e.id AS text) = ANY (CAST(:names AS text[]))
ORDER BY e.number FOR NO KEY UPDATE
""")  # noqa: S608  constants
_SAVE = text("""
UPDATE expected_receipt SET quantity = :quantity, due_date = :due, supplier = :supplier, reference = :reference, note = :note,
  cancelled = :cancelled, received = :received, version = version + 1
WHERE number = :number
""")


class SqlExpectedReceipts:
    """Expected receipts of one transaction; `today` is the factory's date."""

    def __init__(self, executor: Executor, today: date) -> None:
        self._executor = executor
        self.today = today

    async def next_number(self) -> str:
        return document_number(EXPECTED, self.today, (await self._executor.execute(_NEXT)).scalar_one())

    async def add(self, one: ExpectedReceipt) -> None:
        await self._executor.execute(
            _ADD, {**_words(one), "id": one.id, "item": one.item, "actor": one.actor, "at": one.created_at}
        )

    async def locked(self, names: Sequence[str]) -> Mapping[str, ExpectedReceipt]:
        rows = await self._executor.execute(_LOCKED, {"names": list(names)})
        found = [expected_receipt(row) for row in rows]
        by_name = {name: one for one in found for name in (one.id, one.number)}
        return {name: by_name[name] for name in names if name in by_name}

    async def save(self, one: ExpectedReceipt) -> ExpectedReceipt:
        await self._executor.execute(_SAVE, {**_words(one), "cancelled": one.cancelled, "received": one.received})
        return replace(one, version=one.version + 1)


def _words(one: ExpectedReceipt) -> dict[str, Any]:
    return {
        "number": one.number, "quantity": one.quantity, "due": one.due, "supplier": one.supplier, "reference": one.reference,
        "note": one.note,
    }  # fmt: skip


def expected_receipt(row: Row) -> ExpectedReceipt:
    """Return the expected receipt of a row."""
    return ExpectedReceipt(
        str(row.id), row.number, row.item_code, Decimal(row.quantity), row.due_date, row.actor, row.created_at, row.supplier,
        row.reference, row.note, Decimal(row.received), row.cancelled, row.version,
    )  # fmt: skip
