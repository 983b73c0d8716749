"""Issue components against the pick list of a production order, or bring them back (negative quantity)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from chassis.ids import uuid7
from inventory_service.app.consume import consume, settled
from inventory_service.app.ports import Movement, Warehouse
from inventory_service.app.reallocate import reallocate
from inventory_service.app.wanted import WantedItem
from inventory_service.domain.balance import Balance
from inventory_service.domain.entry import Entry, item_at
from inventory_service.domain.errors import FieldProblem, Forbidden, IllegalMove, NotFound
from inventory_service.domain.item import Item
from inventory_service.domain.picking import over_issue
from inventory_service.domain.policy import SUPERVISORS
from inventory_service.domain.production import CANCELLED, Receivable
from inventory_service.domain.quantity import ZERO, plain
from inventory_service.domain.reservation import Demand, Line, LineKey


@dataclass(frozen=True, slots=True)
class IssueComponents:
    """Components fetched for a production order. `may_override` says who asks is a supervisor."""

    production_order: str
    lines: tuple[WantedItem, ...]
    override_reason: str = ""
    may_override: bool = False


async def issue_components(
    house: Warehouse, command: IssueComponents, fresh: Receivable | None, learned: Mapping[str, Item]
) -> tuple[Receivable, list[Line]]:
    """Take components out of stock for the production order, or back in; return all its lines afterwards."""
    of = fresh or await house.receivables.find(command.production_order)
    if of is None or not of.is_known:
        raise NotFound("PRODUCTION_ORDER_UNKNOWN", production_order=command.production_order)
    if command.override_reason and not command.may_override:
        raise Forbidden("OVERRIDE_NOT_ALLOWED", roles=", ".join(SUPERVISORS))
    quantities = _read(command, learned)
    balances = await house.stock.lock(quantities)
    if fresh is not None:
        await house.receivables.learn([fresh])
    of = (await house.receivables.of_numbers([of.number]))[of.number]
    if of.state == CANCELLED and any(quantity > 0 for quantity in quantities.values()):
        raise IllegalMove("PRODUCTION_ORDER_CANCELLED", production_order=of.number)
    demand, movement = Demand(of.order, of.number), Movement(str(uuid7()), "issue", of.number, command.override_reason)
    known = {line.key.item: line for line in await house.reservations.of_demands([demand])}
    lines = {item: known.get(item) or _extra(of, item, learned) for item in quantities}
    planned = dict(fresh.picks) if fresh else None
    if not command.override_reason:
        _check(lines, quantities, planned or {}, house.policy.tolerance)
    await _bring_back(house, movement, lines, {item: -q for item, q in quantities.items() if q < 0}, planned)
    await _fetch(house, movement, lines, {item: q for item, q in quantities.items() if q > 0}, balances)
    after = await house.reservations.of_demands([demand])
    house.tell.issued(demand, after, "pick", settled=settled(of, after))
    await reallocate(house, set(quantities), movement.id)
    return of, after


def _read(command: IssueComponents, learned: Mapping[str, Item]) -> dict[str, Decimal]:
    entry, total = Entry(), dict[str, Decimal]()
    entry.words("override_reason", command.override_reason)
    if entry.lines(len(command.lines)):
        for place, line in enumerate(command.lines):
            item = item_at(entry, f"lines[{place}]", line.item, learned)
            quantity = entry.quantity(f"lines[{place}].quantity", line.quantity, item, line.unit, sign="±")
            if item is not None:
                total[item.code] = total.get(item.code, ZERO) + quantity
    entry.done()
    return total


def _extra(of: Receivable, item: str, learned: Mapping[str, Item]) -> Line:
    """Return a line for something the plan did not ask for."""
    unit = next((known.unit for known in learned.values() if known.code == item), "")
    return Line(LineKey(of.number, of.order, of.line_no, item), unit, ZERO, traceparent=of.traceparent)


def _check(
    lines: Mapping[str, Line], wanted: Mapping[str, Decimal], planned: Mapping[str, Decimal], tolerance: Decimal
) -> None:
    """Refuse what the pick list does not ask for, every item at once."""
    found = [
        over_issue(lines[item], quantity, planned.get(item, ZERO), tolerance)
        for item, quantity in wanted.items()
        if quantity > 0
    ]
    fields = [problem for problem in found if problem is not None]
    if fields:
        raise IllegalMove(fields[0].reason, fields, **fields[0].params)


async def _fetch(
    house: Warehouse,
    movement: Movement,
    lines: Mapping[str, Line],
    wanted: Mapping[str, Decimal],
    balances: Mapping[str, Balance],
) -> None:
    free = {item: balance.available for item, balance in balances.items()}
    fields = []
    for item, quantity in wanted.items():
        available = lines[item].held + max(ZERO, free[item])
        if quantity > available:
            params = {"item": item, "available": plain(available), "wanted": plain(quantity), "unit": lines[item].unit}
            fields.append(FieldProblem("lines.quantity", "INSUFFICIENT_STOCK", params))
    if fields:
        raise IllegalMove("INSUFFICIENT_STOCK", fields, **fields[0].params)
    await consume(house, movement, [(lines[item], quantity) for item, quantity in wanted.items()], free)


async def _bring_back(
    house: Warehouse,
    movement: Movement,
    lines: Mapping[str, Line],
    back: Mapping[str, Decimal],
    planned: Mapping[str, Decimal] | None,
) -> None:
    fields = [
        FieldProblem(
            "lines.quantity",
            "OVER_BRING_BACK",
            {"item": item, "issued": plain(lines[item].issued), "wanted": plain(quantity), "unit": lines[item].unit},
        )
        for item, quantity in back.items()
        if quantity > lines[item].issued
    ]
    if fields:
        raise IllegalMove("OVER_BRING_BACK", fields, **fields[0].params)
    await house.stock.move(Movement(movement.id, "issue_return", movement.ref, movement.reason), back)
    await house.reservations.save(_given_back(lines, back, planned))


def _given_back(
    lines: Mapping[str, Line], back: Mapping[str, Decimal], planned: Mapping[str, Decimal] | None
) -> Sequence[Line]:
    """Return the lines after the return; a plan that could not be asked leaves their needs as they are."""
    after = {item: lines[item].given_back(quantity) for item, quantity in back.items()}
    if planned is None:
        return list(after.values())
    return [line.back_to_plan(planned.get(item, ZERO)) for item, line in after.items()]
