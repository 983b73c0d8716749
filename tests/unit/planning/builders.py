"""Small factories for planning tests: show only what matters."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from planning_service.domain.bom import Bom, BomLine, BomVersion
from planning_service.domain.catalogue import Catalogue
from planning_service.domain.effectivity import Span
from planning_service.domain.item import Item, Supply
from planning_service.domain.operation import Operation
from planning_service.domain.production_order import ProductionOrder
from planning_service.domain.routing import Routing, RoutingOperation
from planning_service.domain.units import ItemUnit, Unit, UnitCatalogue

DAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
UNITS = UnitCatalogue(
    [
        Unit("件", whole=True),
        Unit("台", whole=True),
        Unit("套", whole=True),
        Unit("个", whole=True),
        Unit("kg", "mass", Decimal(1000)),
        Unit("g", "mass", Decimal(1)),
        Unit("m", "length", Decimal(100)),
        Unit("cm", "length", Decimal(1)),
        Unit("L"),
        Unit("卷"),
        Unit("箱"),
    ]
)


def d(value: str | int) -> Decimal:
    return Decimal(value)


def item(code: str, supply: str = "buy", unit: str = "m", **more: object) -> Item:
    more.setdefault("whole_units", UNITS.is_whole(unit))
    units = tuple(ItemUnit(name, Decimal(factor)) for name, factor in dict(more.pop("units", {})).items())
    return Item(code=code, name=more.pop("name", code), unit=unit, supply=Supply(supply), units=units, **more)


def line(component: str, per: str | int = 1, **more: object) -> BomLine:
    for name in ("scrap_rate", "setup_quantity", "rounding_multiple"):
        if name in more:
            more[name] = Decimal(str(more[name]))
    if "supply" in more:
        more["supply"] = Supply(more["supply"])
    return BomLine(component, Decimal(str(per)), **more)


def version(*lines: BomLine, base: str | int = 1, routing: str | None = "R", **more: object) -> BomVersion:
    start, end = more.pop("start", None), more.pop("end", None)
    return BomVersion(tuple(lines), Decimal(str(base)), routing, Span(start, end), **more)


def catalogue(items: Iterable[Item], **boms: BomVersion | list[BomVersion]) -> Catalogue:
    held = {
        code.replace("_", "-"): Bom(code.replace("_", "-"), tuple(v if isinstance(v, list) else [v]))
        for code, v in boms.items()
    }
    step = RoutingOperation(10, "OP10", "wind", "WC1", Decimal(48))
    return Catalogue({i.code: i for i in items}, held, UNITS, {"R": Routing("R", (step,))})


def production_order(quantity: str | int = 10, *, operations: int = 3, **more: object) -> ProductionOrder:
    steps = [RoutingOperation(n * 10, f"OP{n}", f"step {n}", f"WC{n}") for n in range(1, operations + 1)]
    return ProductionOrder(
        id=UUID(int=1),
        number="PO20261122-0001",
        order_number="SO20261122-0001",
        line_no=1,
        item_code="A",
        item_name="A",
        unit="台",
        quantity=Decimal(quantity),
        due_date=DAY,
        created_at=NOW,
        operations=[Operation(step) for step in steps],
        whole_units=more.pop("whole_units", True),
        **more,
    )
