"""The article's five columns: parent, component code, component name, quantity per, routing; a verdict per row (S34)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from planning_service.domain.bom import BomLine, BomVersion
from planning_service.domain.catalogue import Catalogue
from planning_service.domain.exact import trimmed
from planning_service.domain.item import check_quantity

PARENT, COMPONENT, NAME, QUANTITY, ROUTING = range(5)


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One data row as people count it in the file, its five cells as text."""

    number: int
    cells: tuple[str, str, str, str, str]

    def is_blank(self) -> bool:
        """Say whether nothing stands in the row."""
        return not any(cell.strip() for cell in self.cells)


@dataclass(slots=True)
class RowVerdict:
    """What became of a row; a rejected one has a reason and its figures."""

    row: int
    item_code: str
    component: str
    reason: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class SheetReading:
    """The bills a sheet describes, and a verdict for each of its rows."""

    bills: dict[str, BomVersion]
    rows_of: dict[str, list[RowVerdict]]
    verdicts: list[RowVerdict]

    def reject(self, item_code: str, reason: str, params: Mapping[str, str]) -> None:
        """Take a whole bill back: all its rows that stood so far are rejected for this reason."""
        self.bills.pop(item_code, None)
        for verdict in self.rows_of[item_code]:
            if verdict.reason is None:
                verdict.reason, verdict.params = reason, params


def read_sheet(rows: Iterable[SheetRow], catalogue: Catalogue) -> SheetReading:
    """Return bills and verdicts; a bill with one bad row is not kept in part, its good rows say which row was bad."""
    verdicts: list[RowVerdict] = []
    groups: dict[str, list[tuple[SheetRow, RowVerdict]]] = {}
    for row in rows:
        if row.is_blank():
            continue
        parent = catalogue.resolve(row.cells[PARENT].strip())
        verdict = RowVerdict(row.number, parent, catalogue.resolve(row.cells[COMPONENT].strip()))
        verdict.reason, verdict.params = _fault(row, verdict, catalogue)
        verdicts.append(verdict)
        groups.setdefault(parent, []).append((row, verdict))
    reading = SheetReading({}, {code: [v for _, v in group] for code, group in groups.items()}, verdicts)
    for code, group in groups.items():
        _assemble(code, group, reading)
    return reading


def _assemble(code: str, group: Sequence[tuple[SheetRow, RowVerdict]], reading: SheetReading) -> None:
    bad = [verdict for _, verdict in group if verdict.reason]
    routings = {row.cells[ROUTING].strip() for row, _ in group if row.cells[ROUTING].strip()}
    if bad:
        reading.reject(code, "BILL_HAS_BAD_ROW", {"row": str(bad[0].row)})
    elif len(routings) > 1:
        reading.reject(code, "ROUTINGS_DIFFER", {"routings": ", ".join(sorted(routings))})
    else:
        lines = tuple(_line(row, verdict, n) for n, (row, verdict) in enumerate(group, 1))
        reading.bills[code] = BomVersion(lines, routing_code=next(iter(routings), None))


def _line(row: SheetRow, verdict: RowVerdict, position: int) -> BomLine:
    return BomLine(verdict.component, trimmed(Decimal(row.cells[QUANTITY].strip())), position=position)


def _fault(row: SheetRow, verdict: RowVerdict, catalogue: Catalogue) -> tuple[str | None, Mapping[str, str]]:
    """Return the first thing wrong with a row, or (None, {})."""
    for code in (verdict.item_code, verdict.component):
        if not code:
            return "REQUIRED", {}
        if code not in catalogue.items:
            return "ITEM_UNKNOWN", {"item": code}
    name, known = row.cells[NAME].strip(), catalogue.items[verdict.component].name
    if name and name != known:
        return "NAME_MISMATCH", {"name": name, "known": known}
    routing = row.cells[ROUTING].strip()
    if routing and routing not in catalogue.routings:
        return "ROUTING_UNKNOWN", {"routing": routing}
    return _quantity_fault(row.cells[QUANTITY].strip())


def _quantity_fault(text: str) -> tuple[str | None, Mapping[str, str]]:
    try:
        quantity = Decimal(text[:64])
    except InvalidOperation:
        return "NOT_A_NUMBER", {"value": text[:40]}
    errors = check_quantity("quantity_per", quantity)
    if errors:
        return errors[0].reason, {name: str(value) for name, value in errors[0].params.items()}
    return None, {}
