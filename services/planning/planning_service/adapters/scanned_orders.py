"""Production orders as scans move them: locked, read and written back for many scans at once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from chassis.database import Transaction
from chassis.sql import text
from planning_service.adapters.bulk import numerics, written
from planning_service.adapters.production_orders import as_uuid
from planning_service.adapters.production_rows import (
    LOCKED,
    OPERATIONS_OF,
    ORDER_COLUMNS,
    operation_of,
    production_order_of,
)
from planning_service.domain.lifecycle import LIVE
from planning_service.domain.operation import Operation
from planning_service.domain.production_order import ProductionOrder

_LOCK_BY_ID = text(
    f"SELECT {ORDER_COLUMNS} FROM production_order p WHERE p.number = ANY(:numbers) OR p.id = ANY(:ids) "  # noqa: S608
    "ORDER BY p.number FOR NO KEY UPDATE"
)
_PASSES = text("""
SELECT production_order_number, sequence, serial, passes FROM piece_pass
WHERE production_order_number = ANY(:numbers) AND (serial = ANY(:serials) OR passes > 1)
""")
_SAVE = text(f"""
WITH reported AS (
  UPDATE operation o SET good = t.good, scrap = t.scrap, started_at = t.started_at, last_report_at = t.last_report_at,
    flags = string_to_array(t.flags, ',')
  FROM unnest(CAST(:op_numbers AS text[]), CAST(:op_sequences AS int[]), {numerics("op_good")}, {numerics("op_scrap")},
              CAST(:op_started AS timestamptz[]), CAST(:op_reported AS timestamptz[]), CAST(:op_flags AS text[]))
       AS t (number, sequence, good, scrap, started_at, last_report_at, flags)
  WHERE o.production_order_number = t.number AND o.sequence = t.sequence
)
UPDATE production_order p SET state = t.state, live = t.live, rework_waiting = t.rework_waiting, version = p.version + t.times
FROM unnest(CAST(:numbers AS text[]), CAST(:states AS text[]), CAST(:lives AS boolean[]), CAST(:waiting AS boolean[]),
            CAST(:times AS int[])) AS t (number, state, live, rework_waiting, times)
WHERE p.number = t.number
""")  # noqa: S608  constants
# Only codes that name no production order ask this.
_ITEMS = text("""
SELECT code AS said, name FROM item WHERE code = ANY(:codes)
UNION SELECT a.alias, i.name FROM item_alias a JOIN item i ON i.code = a.item_code WHERE a.alias = ANY(:codes)
""")
_PASSED = text("""
INSERT INTO piece_pass (production_order_number, sequence, serial, passes)
SELECT * FROM unnest(CAST(:numbers AS text[]), CAST(:sequences AS int[]), CAST(:serials AS text[]), CAST(:times AS int[]))
ON CONFLICT (production_order_number, sequence, serial) DO UPDATE SET passes = piece_pass.passes + excluded.passes
""")


class ScannedOrderRows:
    """Production orders of one round of scans."""

    def __init__(self, unit: Transaction) -> None:
        self._unit = unit
        self._before: dict[tuple[str, int], tuple[Any, ...]] = {}

    async def locked_for_scans(self, keys: Sequence[str], serials: Sequence[str]) -> Mapping[str, ProductionOrder]:
        """Return production orders by number or id, locked in one order, with the passes of these serials."""
        ids = {key: found for key in keys if (found := as_uuid(key)) is not None}
        numbers = [key for key in keys if key not in ids and "\x00" not in key]
        if ids:
            rows = list(await self._unit.execute(_LOCK_BY_ID, {"numbers": numbers, "ids": list(ids.values())}))
        else:
            rows = list(await self._unit.execute(LOCKED, {"numbers": numbers}))
        operations = await self._operations([row.number for row in rows])
        orders = {row.number: production_order_of(row, operations[row.number]) for row in rows}
        if serials and orders:
            await self._read_passes(orders, serials)
        by_id = {order.id: order for order in orders.values()}
        return {**orders, **{key: by_id[one] for key, one in ids.items() if one in by_id}}

    async def items_among(self, codes: Sequence[str]) -> Mapping[str, str]:
        """Return the names of the items that these codes or aliases stand for."""
        rows = await self._unit.execute(_ITEMS, {"codes": [code for code in codes if "\x00" not in code]})
        return {row.said: row.name for row in rows}

    async def save_scanned(self, moved: Sequence[tuple[ProductionOrder, int]]) -> None:
        """Write back what moved: two statements at most, however many scans."""
        touched = [
            (order.number, operation)
            for order, _ in moved
            for operation in order.operations
            if self._before.get((order.number, operation.sequence)) != _facts(operation)
        ]
        await self._unit.execute(_SAVE, {**_order_values(moved), **_operation_values(touched)})
        passed = [(order.number, *key, times) for order, _ in moved for key, times in order.pieces.fresh.items()]
        if passed:
            numbers, sequences, serials, times = zip(*sorted(passed), strict=True)
            values = {"numbers": numbers, "sequences": sequences, "serials": serials, "times": times}
            await self._unit.execute(_PASSED, {name: list(column) for name, column in values.items()})
        for order, times_moved in moved:
            order.version += times_moved

    async def _operations(self, numbers: list[str]) -> dict[str, list[Operation]]:
        found: dict[str, list[Operation]] = defaultdict(list)
        for row in await self._unit.execute(OPERATIONS_OF, {"numbers": numbers}) if numbers else ():
            operation = operation_of(row)
            found[row.production_order_number].append(operation)
            self._before[row.production_order_number, operation.sequence] = _facts(operation)
        return found

    async def _read_passes(self, orders: Mapping[str, ProductionOrder], serials: Sequence[str]) -> None:
        values = {"numbers": list(orders), "serials": list(serials)}
        for row in await self._unit.execute(_PASSES, values):
            pieces = orders[row.production_order_number].pieces
            pieces.passes[row.sequence, row.serial] = row.passes
            pieces.repeated += Counter({row.sequence: row.passes - 1})


def _facts(operation: Operation) -> tuple[Any, ...]:
    flags = ",".join(sorted(operation.flags))
    return operation.good, operation.scrap, operation.started_at, operation.last_report_at, flags


def _order_values(moved: Sequence[tuple[ProductionOrder, int]]) -> dict[str, Any]:
    orders = [order for order, _ in moved]
    return {
        "numbers": [order.number for order in orders],
        "states": [order.state.value for order in orders],
        "lives": [order.state in LIVE for order in orders],
        "waiting": [order.rework_waiting for order in orders],
        "times": [times for _, times in moved],
    }


def _operation_values(touched: Sequence[tuple[str, Operation]]) -> dict[str, Any]:
    operations = [operation for _, operation in touched]
    return {
        "op_numbers": [number for number, _ in touched],
        "op_sequences": [operation.sequence for operation in operations],
        "op_good": written(operation.good for operation in operations),
        "op_scrap": written(operation.scrap for operation in operations),
        "op_started": [operation.started_at for operation in operations],
        "op_reported": [operation.last_report_at for operation in operations],
        "op_flags": [",".join(sorted(operation.flags)) for operation in operations],
    }
