"""Copies of the item master, fed by ItemChanged and by asking planning on a miss."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from decimal import Decimal

from chassis.sql import text
from inventory_service.adapters.executor import Executor
from inventory_service.domain.entry import findable
from inventory_service.domain.item import Item
from inventory_service.domain.quantity import plain

_FIND = text("""
SELECT item_code, name, unit, whole_units, safety_stock, units, version FROM item_copy
WHERE item_code = ANY (CAST(:codes AS text[]))
""")
_LEARN = text("""
INSERT INTO item_copy (item_code, name, unit, whole_units, safety_stock, units, version)
VALUES (:code, :name, :unit, :whole_units, :safety_stock, CAST(:units AS jsonb), :version)
ON CONFLICT (item_code) DO UPDATE
SET name = EXCLUDED.name, unit = EXCLUDED.unit, whole_units = EXCLUDED.whole_units, safety_stock = EXCLUDED.safety_stock,
    units = EXCLUDED.units, version = EXCLUDED.version
WHERE item_copy.version < EXCLUDED.version
RETURNING item_code
""")


class SqlItems:
    """Items known to inventory."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def find(self, codes: Collection[str]) -> dict[str, Item]:
        rows = await self._executor.execute(_FIND, {"codes": [code for code in codes if findable(code)]})
        return {
            row.item_code: Item(
                row.item_code, row.name, row.unit, row.whole_units, row.safety_stock,
                {unit: Decimal(factor) for unit, factor in row.units.items()}, row.version,
            )
            for row in rows
        }  # fmt: skip

    async def learn(self, items: Iterable[Item]) -> set[str]:
        changed = set()
        for item in sorted(items, key=lambda item: item.code):
            values = {
                "code": item.code, "name": item.name, "unit": item.unit, "whole_units": item.whole_units,
                "safety_stock": item.safety_stock, "version": item.version,
                "units": json.dumps({unit: plain(factor) for unit, factor in item.units.items()}),
            }  # fmt: skip
            if (await self._executor.execute(_LEARN, values)).first():
                changed.add(item.code)
        return changed
