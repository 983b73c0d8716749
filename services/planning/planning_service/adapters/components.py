"""Components of production orders and stocked lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chassis.database import Transaction
from chassis.sql import text
from planning_service.adapters.bulk import BulkInsert, numerics, written
from planning_service.domain.component import Component, Held

COLUMNS = """
c.production_order_number, c.order_number, c.line_no, c.item_code, c.item_name, c.unit, c.due_date, c.required, c.made,
c.expected, c.available, c.reserved, c.issued, c.held_short, c.told, c.substitutes, c.heard
"""
# Most words say what the plan assumed; those components are left where they are (domain/component.py: holding).
_CONTRADICTED = text(f"""
SELECT {COLUMNS} FROM component c
JOIN unnest(CAST(:production_orders AS text[]), CAST(:lines AS int[]), CAST(:items AS text[]), {numerics("reserved")},
            {numerics("issued")}, {numerics("short")}, CAST(:revisions AS int[]))
  AS t (production_order_number, line_no, item_code, reserved, issued, short, revision)
  ON c.production_order_number = t.production_order_number AND c.item_code = t.item_code
  AND (c.production_order_number <> '' OR c.line_no = t.line_no)
WHERE c.order_number = :order AND c.production_order_number = ANY (CAST(:production_orders AS text[]))
  AND (t.revision > c.heard + 1 OR (c.reserved, c.issued, c.held_short) <> (t.reserved, t.issued, t.short)
    OR c.told <> (c.short > 0))
ORDER BY c.production_order_number, c.line_no, c.item_code FOR NO KEY UPDATE OF c
""")  # noqa: S608  constants
_WAITING_FOR = text(
    f"SELECT {COLUMNS} FROM component c "  # noqa: S608
    "WHERE c.order_number = :order AND c.line_no = :line_no AND c.item_code = :item AND c.expected > 0 "
    "AND EXISTS (SELECT 1 FROM production_order p WHERE p.number = c.production_order_number AND p.live) "
    "ORDER BY c.production_order_number FOR NO KEY UPDATE"
)
_OF_ORDER = text(
    f"SELECT {COLUMNS} FROM component c WHERE c.order_number = :order "  # noqa: S608
    "ORDER BY c.production_order_number, c.line_no, c.item_code"
)
_SAVE = text("""
UPDATE component c SET reserved = t.reserved, issued = t.issued, held_short = t.held_short, expected = t.expected, short = t.short,
  heard = t.heard
FROM unnest(CAST(:numbers AS text[]), CAST(:orders AS text[]), CAST(:lines AS int[]), CAST(:items AS text[]),
            CAST(:reserved AS numeric[]), CAST(:issued AS numeric[]), CAST(:held_short AS numeric[]),
            CAST(:expected AS numeric[]), CAST(:short AS numeric[]), CAST(:heard AS int[]))
  AS t (number, order_number, line_no, item_code, reserved, issued, held_short, expected, short, heard)
WHERE c.production_order_number = t.number AND c.order_number = t.order_number AND c.line_no = t.line_no
  AND c.item_code = t.item_code
""")
_TOLD = text("""
UPDATE component c SET told = c.short > 0
FROM unnest(CAST(:numbers AS text[]), CAST(:orders AS text[]), CAST(:lines AS int[]), CAST(:items AS text[]))
  AS t (number, order_number, line_no, item_code)
WHERE c.production_order_number = t.number AND c.order_number = t.order_number AND c.line_no = t.line_no
  AND c.item_code = t.item_code
""")
UNHEARD = """
INSERT INTO unheard_demand (order_number, production_order_number)
SELECT * FROM unnest(CAST(:unheard_orders AS text[]), CAST(:unheard_production_orders AS text[])) ON CONFLICT DO NOTHING
"""
_UNHEARD = text(UNHEARD)
_HEARD = text("""
DELETE FROM unheard_demand WHERE order_number = :order AND production_order_number = ANY (CAST(:production_orders AS text[]))
""")
NEW_COMPONENTS = BulkInsert(
    "component",
    {
        "production_order_number": "text", "order_number": "text", "line_no": "int", "item_code": "text",
        "item_name": "text", "unit": "text", "due_date": "date", "required": "numeric", "made": "numeric",
        "expected": "numeric", "available": "numeric", "reserved": "numeric", "held_short": "numeric",
        "short": "numeric", "substitutes": "text",
    },
    # A line that is planned already may take more from stock; production orders are always new.
    """ON CONFLICT (production_order_number, order_number, line_no, item_code) DO UPDATE SET
       required = component.required + excluded.required, reserved = component.reserved + excluded.reserved,
       held_short = component.held_short + excluded.held_short, short = component.short + excluded.short""",
    prefix="c_",
)  # fmt: skip


def component_of(row: Any) -> Component:
    """Return the component of a row."""
    return Component(
        order_number=row.order_number,
        production_order_number=row.production_order_number,
        line_no=row.line_no,
        item_code=row.item_code,
        item_name=row.item_name,
        unit=row.unit,
        due_date=row.due_date,
        required=row.required,
        made=row.made,
        expected=row.expected,
        available=row.available,
        reserved=row.reserved,
        issued=row.issued,
        held_short=row.held_short,
        told=row.told,
        substitutes=row.substitutes,
        heard=row.heard,
    )


class ComponentRows:
    """What inventory says of components, and what is told of it."""

    def __init__(self, unit: Transaction) -> None:
        self._unit = unit

    async def add(self, components: Sequence[Component]) -> None:
        """Insert new components in one statement."""
        await NEW_COMPONENTS.take(self._unit, components)
        if components:
            await self._unit.execute(_UNHEARD, unheard_values(components))

    async def of_order(self, order_number: str) -> list[Component]:
        """Return all components of an order."""
        return await self._of(_OF_ORDER, {"order": order_number})

    async def hold(self, order_number: str, words: Mapping[str, Sequence[Held]]) -> list[Component]:
        """Take what inventory holds for these production orders ("": order lines); return the components that changed.

        Returned too: those whose shortage the plan foresaw to the last metre, so that nobody has told it yet.
        """
        if not words:
            return []
        told = {
            (number, line.item_code, 0 if number else line.line_no): line
            for number, lines in words.items()
            for line in lines
        }
        changed, foreseen = [], []
        for known in await self._of(_CONTRADICTED, {"order": order_number, **_said(words)}):
            number = known.production_order_number
            held = told.get((number, known.item_code, 0 if number else known.line_no))
            if held is not None and (now := known.holding(held)) is not known:
                changed.append(now)
            elif held is not None and known.wants_telling():
                foreseen.append(known)
        await self._save(changed)
        await self._unit.execute(_HEARD, {"order": order_number, "production_orders": list(words)})
        return changed + foreseen

    async def expect_no_more(self, order_number: str, line_no: int, item_code: str) -> list[Component]:
        """A child production order has ended: what it did not bring is a shortage now."""
        values = {"order": order_number, "line_no": line_no, "item": item_code}
        changed = [component.expecting_nothing() for component in await self._of(_WAITING_FOR, values)]
        await self._save(changed)
        return changed

    async def mark_told(self, components: Sequence[Component]) -> None:
        """Remember that the beginning or end of these shortages was told."""
        if components:
            await self._unit.execute(_TOLD, _keys(components))

    async def _of(self, statement: Any, values: dict[str, Any]) -> list[Component]:
        return [component_of(row) for row in await self._unit.execute(statement, values)]

    async def _save(self, components: Sequence[Component]) -> None:
        if not components:
            return
        columns: dict[str, Any] = _keys(components)
        for name in ("reserved", "issued", "held_short", "expected", "short", "heard"):
            columns[name] = [getattr(component, name) for component in components]
        await self._unit.execute(_SAVE, columns)


def _said(words: Mapping[str, Sequence[Held]]) -> dict[str, Any]:
    said = [(number, line) for number, lines in words.items() for line in lines]
    return {
        "production_orders": [number for number, _ in said],
        "lines": [line.line_no for _, line in said],
        "items": [line.item_code for _, line in said],
        "reserved": written([line.reserved for _, line in said]),
        "issued": written([line.issued for _, line in said]),
        "short": written([line.short for _, line in said]),
        "revisions": [line.revision for _, line in said],
    }


def unheard_values(components: Iterable[Component]) -> dict[str, Any]:
    """Return who waits for inventory's first word, as parameters."""
    demands = sorted({(c.order_number, c.production_order_number) for c in components})
    return {
        "unheard_orders": [demand[0] for demand in demands],
        "unheard_production_orders": [demand[1] for demand in demands],
    }


def _keys(components: Sequence[Component]) -> dict[str, Any]:
    return {
        "numbers": [c.production_order_number for c in components],
        "orders": [c.order_number for c in components],
        "lines": [c.line_no for c in components],
        "items": [c.item_code for c in components],
    }
