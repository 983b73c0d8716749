"""What a bill must satisfy before it is kept; everything wrong is told at once."""

from __future__ import annotations

from collections.abc import Mapping

from planning_service.domain.bom import Bom, BomLine, BomVersion
from planning_service.domain.errors import FieldError, Invalid, UnitMismatch
from planning_service.domain.item import Item, check_quantity
from planning_service.domain.units import UnitCatalogue

MAX_LINES = 20_000
MAX_ALTERNATES = 20


def check_version(
    item_code: str, version: BomVersion, *, items: Mapping[str, Item], units: UnitCatalogue, routing_known: bool
) -> None:
    """Raise Invalid unless every line is sane; `items` must hold what is known of the codes named."""
    errors = [] if item_code in items else [FieldError("item_code", "ITEM_UNKNOWN", {"item": item_code})]
    errors += check_quantity("base_quantity", version.base_quantity, strict=True)
    if version.effective.is_backwards():
        errors.append(FieldError("effective_to", "ENDS_BEFORE_START"))
    if version.routing_code and not routing_known:
        errors.append(FieldError("routing_code", "ROUTING_UNKNOWN", {"routing": version.routing_code}))
    if not version.lines:
        errors.append(FieldError("lines", "REQUIRED"))
    if len(version.lines) > MAX_LINES:
        raise Invalid([*errors, FieldError("lines", "TOO_MANY", {"max": MAX_LINES})])
    for index, line in enumerate(version.lines):
        errors += _check_line(f"lines.{index}", line, items, units)
    errors += _overlapping_positions(version)
    if errors:
        raise Invalid(errors)


def with_version(bom: Bom, version: BomVersion) -> Bom:
    """Return the bill with the version put in: it takes the place of one that starts on the same day.

    Two versions of one day would make the need date ambiguous: an overlap is refused, a gap is allowed (X26).
    """
    others = tuple(v for v in bom.versions if v.effective.start != version.effective.start)
    merged = Bom(bom.item_code, (*others, version))
    spans = [(kept, span) for kept, span in merged.spans() if kept is not version]
    mine = next(span for kept, span in merged.spans() if kept is version)
    clashes = [span for _, span in spans if span.overlaps(mine)]
    if clashes:
        params = {"from": str(clashes[0].start or ""), "to": str(clashes[0].end or "")}
        raise Invalid([FieldError("effective_from", "EFFECTIVITY_OVERLAP", params)])
    return merged


def _check_line(field: str, line: BomLine, items: Mapping[str, Item], units: UnitCatalogue) -> list[FieldError]:
    errors = _check_component(field, line, items, units)
    errors += check_quantity(f"{field}.quantity_per", line.quantity_per)
    errors += check_quantity(f"{field}.setup_quantity", line.setup_quantity)
    errors += check_quantity(f"{field}.scrap_rate", line.scrap_rate)
    if line.scrap_rate.is_finite() and line.scrap_rate > 1:
        errors.append(FieldError(f"{field}.scrap_rate", "OUT_OF_RANGE", {"max": 1}))
    if line.rounding_multiple is not None:
        errors += check_quantity(f"{field}.rounding_multiple", line.rounding_multiple, strict=True)
    if line.effective.is_backwards():
        errors.append(FieldError(f"{field}.effective_to", "ENDS_BEFORE_START"))
    return errors + _check_alternates(field, line, items)


def _check_component(field: str, line: BomLine, items: Mapping[str, Item], units: UnitCatalogue) -> list[FieldError]:
    item = items.get(line.component)
    if item is None:
        return [FieldError(f"{field}.component", "ITEM_UNKNOWN", {"item": line.component})]
    try:
        item.factor(line.unit, units)
    except UnitMismatch as mismatch:
        reason = mismatch.reason if line.unit and line.unit in units else "UNIT_UNKNOWN"
        return [FieldError(f"{field}.unit", reason, mismatch.params)]
    return []


def _check_alternates(field: str, line: BomLine, items: Mapping[str, Item]) -> list[FieldError]:
    if len(line.alternates) > MAX_ALTERNATES:
        return [FieldError(f"{field}.alternates", "TOO_MANY", {"max": MAX_ALTERNATES})]
    errors: list[FieldError] = []
    seen = {line.component}
    for index, alternate in enumerate(line.alternates):
        path = f"{field}.alternates.{index}"
        if alternate.item_code not in items:
            errors.append(FieldError(f"{path}.item_code", "ITEM_UNKNOWN", {"item": alternate.item_code}))
        if alternate.item_code in seen:
            errors.append(FieldError(f"{path}.item_code", "DUPLICATE", {"item": alternate.item_code}))
        errors += check_quantity(f"{path}.ratio", alternate.ratio, strict=True)
        seen.add(alternate.item_code)
    return errors


def _overlapping_positions(version: BomVersion) -> list[FieldError]:
    """Two lines on one position succeed each other in time; on the same day they contradict each other."""
    errors: list[FieldError] = []
    by_position: dict[int, list[BomLine]] = {}
    for index, line in enumerate(version.lines):
        if not line.position:
            continue
        if any(line.effective.overlaps(other.effective) for other in by_position.get(line.position, ())):
            errors.append(FieldError(f"lines.{index}.position", "EFFECTIVITY_OVERLAP", {"position": line.position}))
        by_position.setdefault(line.position, []).append(line)
    return errors
