"""Rows of the item master to domain objects and back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from planning_service.domain.bom import Alternate, BomLine, BomVersion
from planning_service.domain.effectivity import span
from planning_service.domain.exact import plain, trimmed
from planning_service.domain.item import Item, Supply
from planning_service.domain.routing import Routing, RoutingOperation
from planning_service.domain.units import ItemUnit, Unit

ITEM_COLUMNS = """
code, name, unit, supply, whole_units, safety_stock, lead_time_days, units, aliases, active, stock_first, version
"""


def unit_of(row: Any) -> Unit:
    """Return the unit of a row."""
    return Unit(row.code, row.dimension, row.scale, row.whole_units)


def item_of(row: Any) -> Item:
    """Return the item of a row."""
    return Item(
        code=row.code,
        name=row.name,
        unit=row.unit,
        supply=Supply(row.supply),
        whole_units=row.whole_units,
        safety_stock=trimmed(row.safety_stock),
        lead_time_days=row.lead_time_days,
        aliases=tuple(row.aliases),
        units=tuple(ItemUnit(u["unit"], Decimal(u["factor"])) for u in row.units),
        active=row.active,
        stock_first=row.stock_first,
    )


def item_values(item: Item) -> dict[str, Any]:
    """Return the columns of an item, without version and epoch."""
    return {
        "code": item.code,
        "name": item.name,
        "unit": item.unit,
        "supply": item.supply.value,
        "whole_units": item.whole_units,
        "safety_stock": item.safety_stock,
        "lead_time_days": item.lead_time_days,
        "units": json.dumps([{"unit": u.unit, "factor": plain(u.factor)} for u in item.units], ensure_ascii=False),
        "aliases": list(item.aliases),
        "active": item.active,
        "stock_first": item.stock_first,
    }


def routing_of(row: Any) -> Routing:
    """Return the routing of a row."""
    steps = (
        RoutingOperation(
            s["sequence"],
            s["code"],
            s["name"],
            s["work_center"],
            Decimal(s["minutes_per_unit"]),
            Decimal(s["setup_minutes"]),
        )
        for s in row.operations
    )
    return Routing(row.code, tuple(steps), row.version)


def operations_json(routing: Routing) -> str:
    """Return the operations as kept in the routing's row."""
    return json.dumps(
        [
            {
                "sequence": op.sequence,
                "code": op.code,
                "name": op.name,
                "work_center": op.work_center,
                "minutes_per_unit": plain(op.minutes_per_unit),
                "setup_minutes": plain(op.setup_minutes),
            }
            for op in routing.operations
        ],
        ensure_ascii=False,
    )


def version_of(row: Any, lines: Iterable[BomLine]) -> BomVersion:
    """Return one version of a bill."""
    return BomVersion(
        lines=tuple(lines),
        base_quantity=trimmed(row.base_quantity),
        routing_code=row.routing_code,
        effective=span(row.effective_from, row.effective_to),
        version=row.version,
        kept_hash=row.content_hash,
    )


def line_of(row: Any) -> BomLine:
    """Return one line of a bill."""
    alternates = row.alternates
    return BomLine(
        component=row.component,
        quantity_per=trimmed(row.quantity_per),
        position=row.position,
        unit=row.unit,
        scrap_rate=trimmed(row.scrap_rate),
        setup_quantity=trimmed(row.setup_quantity),
        rounding_multiple=trimmed(row.rounding_multiple) if row.rounding_multiple is not None else None,
        alternates=tuple(Alternate(a["item_code"], a["priority"], Decimal(a["ratio"])) for a in alternates),
        effective=span(row.effective_from, row.effective_to),
        supply=Supply(row.supply) if row.supply else None,
    )


def line_values(item_code: str, version: int, row_no: int, line: BomLine) -> dict[str, Any]:
    """Return the columns of one line."""
    alternates = [{"item_code": a.item_code, "priority": a.priority, "ratio": plain(a.ratio)} for a in line.alternates]
    return {
        "item_code": item_code,
        "version": version,
        "row_no": row_no,
        "position": line.position,
        "component": line.component,
        "quantity_per": line.quantity_per,
        "unit": line.unit,
        "scrap_rate": line.scrap_rate,
        "setup_quantity": line.setup_quantity,
        "rounding_multiple": line.rounding_multiple,
        "alternates": json.dumps(alternates, ensure_ascii=False),
        "effective_from": line.effective.start,
        "effective_to": line.effective.end,
        "supply": line.supply.value if line.supply else None,
    }
