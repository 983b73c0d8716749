"""Item master: messages to domain objects and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from orderhub.planning.v1 import master_pb2 as pb

from planning_service.domain.bom import Alternate, Bom, BomLine, BomVersion
from planning_service.domain.effectivity import Span
from planning_service.domain.errors import FieldError
from planning_service.domain.exact import plain, trimmed
from planning_service.domain.item import Item, Supply, check_quantity
from planning_service.domain.routing import Routing, RoutingOperation
from planning_service.domain.units import ItemUnit, UnitCatalogue
from planning_service.entrypoints.reading import Reading


def read_item(request: pb.PutItemRequest, units: UnitCatalogue) -> Item:
    """Return the item asked for; whole pieces by default where the unit counts them."""
    reading = Reading()
    supply = reading.choice("supply", request.supply, Supply) or Supply.BUY
    unit = reading.text("unit", request.unit, 40)
    item = Item(
        code=reading.text("code", request.code),
        name=reading.text("name", request.name),
        unit=unit,
        supply=supply,
        whole_units=request.whole_units if request.HasField("whole_units") else units.is_whole(unit),
        safety_stock=trimmed_or_same(reading.decimal("safety_stock", request.safety_stock)),
        lead_time_days=request.lead_time_days,
        aliases=tuple(reading.text(f"aliases.{i}", alias) for i, alias in enumerate(request.aliases)),
        units=tuple(
            ItemUnit(entry.unit.strip(), trimmed_or_same(reading.decimal(f"units.{i}.factor", entry.factor, "1")))
            for i, entry in enumerate(request.units)
        ),
        active=request.active if request.HasField("active") else True,
    )
    reading.done()
    return item


def trimmed_or_same(value: Decimal) -> Decimal:
    """Return the number without trailing zeros, when it is short enough to be trimmed exactly."""
    return trimmed(value) if abs(value.adjusted()) < 30 else value


def item_message(item: Item, version: int) -> pb.Item:
    """Return an item as people see it."""
    return pb.Item(
        code=item.code,
        name=item.name,
        unit=item.unit,
        supply=item.supply.value,
        whole_units=item.whole_units,
        safety_stock=plain(item.safety_stock),
        lead_time_days=item.lead_time_days,
        aliases=item.aliases,
        units=[pb.ItemUnit(unit=u.unit, factor=plain(u.factor)) for u in item.units],
        active=item.active,
        version=version,
    )


def read_routing(request: pb.PutRoutingRequest) -> Routing:
    """Return the routing asked for, operations by sequence."""
    reading = Reading()
    operations = [
        RoutingOperation(
            sequence=op.sequence,
            code=reading.text(f"operations.{i}.code", op.code),
            name=reading.text(f"operations.{i}.name", op.name, 200),
            work_center=reading.text(f"operations.{i}.work_center", op.work_center, 64),
            minutes_per_unit=trimmed_or_same(reading.decimal(f"operations.{i}.minutes_per_unit", op.minutes_per_unit)),
            setup_minutes=trimmed_or_same(reading.decimal(f"operations.{i}.setup_minutes", op.setup_minutes)),
        )
        for i, op in enumerate(request.operations)
    ]
    code = reading.text("code", request.code)
    reading.done()
    return Routing(code, tuple(sorted(operations, key=lambda op: op.sequence)))


def routing_message(routing: Routing) -> pb.Routing:
    """Return a routing as people see it."""
    steps = [
        pb.RoutingOperation(
            sequence=op.sequence,
            code=op.code,
            name=op.name,
            work_center=op.work_center,
            minutes_per_unit=plain(op.minutes_per_unit),
            setup_minutes=plain(op.setup_minutes),
        )
        for op in routing.operations
    ]
    return pb.Routing(code=routing.code, operations=steps, version=routing.version)


def read_bom(request: pb.PutBomRequest) -> BomVersion:
    """Return the version asked for; codes are as written, aliases are resolved later."""
    reading = Reading()
    version = BomVersion(
        lines=tuple(_read_line(f"lines.{i}", line, reading) for i, line in enumerate(request.lines)),
        base_quantity=trimmed_or_same(reading.decimal("base_quantity", request.base_quantity, "1")),
        routing_code=reading.text("routing_code", request.routing_code) or None,
        effective=Span(
            reading.day("effective_from", request.effective_from), reading.day("effective_to", request.effective_to)
        ),
    )
    reading.done()
    return version


def _read_line(field: str, line: pb.BomLine, reading: Reading) -> BomLine:
    multiple = line.rounding_multiple
    return BomLine(
        component=reading.text(f"{field}.component", line.component),
        quantity_per=trimmed_or_same(reading.decimal(f"{field}.quantity_per", line.quantity_per)),
        position=line.position,
        unit=reading.text(f"{field}.unit", line.unit, 40) or None,
        scrap_rate=trimmed_or_same(reading.decimal(f"{field}.scrap_rate", line.scrap_rate)),
        setup_quantity=trimmed_or_same(reading.decimal(f"{field}.setup_quantity", line.setup_quantity)),
        rounding_multiple=trimmed_or_same(reading.decimal(f"{field}.rounding_multiple", multiple))
        if multiple
        else None,
        alternates=tuple(
            Alternate(
                a.item_code,
                a.priority or 1,
                trimmed_or_same(reading.decimal(f"{field}.alternates.{n}.ratio", a.ratio, "1")),
            )
            for n, a in enumerate(line.alternates)
        ),
        effective=Span(
            reading.day(f"{field}.effective_from", line.effective_from),
            reading.day(f"{field}.effective_to", line.effective_to),
        ),
        supply=reading.choice(f"{field}.supply", line.supply, Supply),
    )


def resolved(version: BomVersion, resolve: Callable[[str], str]) -> BomVersion:
    """Return the version with aliases replaced by item codes."""
    lines = (
        replace(
            line,
            component=resolve(line.component),
            alternates=tuple(replace(a, item_code=resolve(a.item_code)) for a in line.alternates),
        )
        for line in version.lines
    )
    return replace(version, lines=tuple(lines))


def bom_message(item_code: str, version: BomVersion, span: Span | None = None) -> pb.Bom:
    """Return one version of a bill as people see it; `span` is when it really holds."""
    held = span or version.effective
    return pb.Bom(
        item_code=item_code,
        routing_code=version.routing_code or "",
        base_quantity=plain(version.base_quantity),
        effective_from=str(held.start or ""),
        effective_to=str(held.end or ""),
        lines=[_line_message(line) for line in version.lines],
        version=version.version,
        content_hash=version.content_hash(),
    )


def _line_message(line: BomLine) -> pb.BomLine:
    return pb.BomLine(
        position=line.position,
        component=line.component,
        quantity_per=plain(line.quantity_per),
        unit=line.unit or "",
        scrap_rate=plain(line.scrap_rate),
        setup_quantity=plain(line.setup_quantity),
        rounding_multiple=plain(line.rounding_multiple) if line.rounding_multiple else "",
        alternates=[
            pb.Alternate(item_code=a.item_code, priority=a.priority, ratio=plain(a.ratio))
            for a in line.ordered_alternates()
        ],
        effective_from=str(line.effective.start or ""),
        effective_to=str(line.effective.end or ""),
        supply=line.supply.value if line.supply else "",
    )


def span_of(bom: Bom, version: BomVersion) -> Span:
    """Return when a version of a bill really holds."""
    return next((span for kept, span in bom.spans() if kept.version == version.version), version.effective)


def check_demand(field: str, quantity: Decimal) -> list[FieldError]:
    """Return what is wrong with a quantity to explode: it must be above zero and fit NUMERIC(18,6)."""
    return check_quantity(field, quantity, strict=True)
