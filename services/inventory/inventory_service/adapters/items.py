"""Copies of the item master, fed by ItemChanged and by asking planning on a miss."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import Any

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
SELECT item_code, name, unit, whole_units, safety_stock, CAST(conversions AS jsonb), version
FROM unnest(CAST(:codes AS text[]), CAST(:names AS text[]), CAST(:units AS text[]), CAST(:wholes AS boolean[]),
            CAST(:safeties AS numeric[]), CAST(:conversions AS text[]), CAST(:versions AS bigint[]))
     AS t (item_code, name, unit, whole_units, safety_stock, conversions, version)
ORDER BY item_code ON CONFLICT (item_code) DO UPDATE
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
        newest = {item.code: item for item in sorted(items, key=lambda item: item.version)}
        if not newest:
            return set()
        return set((await self._executor.execute(_LEARN, _columns(list(newest.values())))).scalars())


def _columns(items: Sequence[Item]) -> dict[str, list[Any]]:
    return {
        "codes": [item.code for item in items], "names": [item.name for item in items],
        "units": [item.unit for item in items], "wholes": [item.whole_units for item in items],
        "safeties": [item.safety_stock for item in items], "versions": [item.version for item in items],
        "conversions": [
            json.dumps({unit: plain(factor) for unit, factor in item.units.items()}) for item in items
        ],
    }  # fmt: skip
