"""Stock movements by hand: receipt, issue, adjustment, count (S53, X32)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from inventory_service.app.expect_receipt import Announced, count_against
from inventory_service.app.ports import Movement, Warehouse
from inventory_service.app.reallocate import reallocate
from inventory_service.app.wanted import WantedItem
from inventory_service.domain.balance import Balance
from inventory_service.domain.entry import Entry, findable, item_at
from inventory_service.domain.errors import FieldProblem, IllegalMove
from inventory_service.domain.item import Item
from inventory_service.domain.quantity import LIMIT, ZERO, plain
from inventory_service.domain.reservation import Demand

KINDS = {"receipt": "+", "issue": "+", "adjustment": "±", "count": "0", "quarantine": "+", "release": "+"}

QUALITY_HOLD = {"quarantine": Decimal(1), "release": Decimal(-1)}


@dataclass(frozen=True, slots=True)
class PostMovement:
    """A movement as posted; `id` is minted by the caller or for it."""

    id: str
    kind: str
    lines: tuple[WantedItem, ...]
    reason: str = ""


async def post_movement(house: Warehouse, command: PostMovement, items: Mapping[str, Item]) -> dict[str, Balance]:
    """Change what is on hand; return the balances afterwards, by item. `items` are known by the codes asked for."""
    wanted, reason, announced = _read(command, items)
    if command.kind in QUALITY_HOLD:
        return await _hold(house, command, wanted, reason)
    before = await house.stock.lock(wanted)
    after = {item: _after(command.kind, before[item].on_hand, quantity) for item, quantity in wanted.items()}
    _refuse(command.kind, wanted, before, after)
    lost = await _trim(house, before, after)
    movement = Movement(command.id, command.kind, command.id, reason)
    changes = {item: after[item] - before[item].on_hand for item in wanted}
    await house.stock.move(movement, changes)
    known = {item.code: item for item in items.values()}
    if announced:
        await count_against(house, announced, known)
    for item, change in changes.items():
        house.tell.adjusted(movement, known[item], change, after[item])
    await reallocate(house, set(wanted), command.id, changed=lost)
    return await house.stock.lock(wanted)


async def _hold(
    house: Warehouse, command: PostMovement, wanted: Mapping[str, Decimal], reason: str
) -> dict[str, Balance]:
    """Put available stock under quality hold, or set it free again for who waits; on hand stays as it is (X32d)."""
    before = await house.stock.lock(wanted)
    there = {
        item: balance.available if command.kind == "quarantine" else balance.quarantined
        for item, balance in before.items()
    }
    fields = [_insufficient(item, there[item], quantity) for item, quantity in wanted.items() if quantity > there[item]]
    if fields:
        raise IllegalMove(fields[0].reason, fields, **fields[0].params)
    sign = QUALITY_HOLD[command.kind]
    await house.stock.quarantine({item: sign * quantity for item, quantity in wanted.items()})
    for item, quantity in wanted.items():
        await house.stock.note(Movement(command.id, command.kind, plain(quantity), reason), item)
    await reallocate(house, set(wanted), command.id)
    return await house.stock.lock(wanted)


def _insufficient(item: str, available: Decimal, wanted: Decimal) -> FieldProblem:
    params = {"item": item, "available": plain(available), "wanted": plain(wanted)}
    return FieldProblem("lines.quantity", "INSUFFICIENT_STOCK", params)


def _read(command: PostMovement, items: Mapping[str, Item]) -> tuple[dict[str, Decimal], str, list[Announced]]:
    entry, total, announced = Entry(), dict[str, Decimal](), list[Announced]()
    reason = entry.words("reason", command.reason)
    entry.words("movement_id", command.id, 100)
    sign = KINDS.get(command.kind)
    if sign is None:
        entry.wrong("kind", "KIND_UNKNOWN", allowed=list(KINDS))
    if entry.lines(len(command.lines)):
        for place, line in enumerate(command.lines):
            item = item_at(entry, f"lines[{place}]", line.item, items)
            quantity = entry.quantity(f"lines[{place}].quantity", line.quantity, item, line.unit, sign=sign or "+")
            if item is not None and item.code in total and command.kind == "count":
                entry.wrong(f"lines[{place}].item_code", "ITEM_REPEATED", item=item.code)
            elif item is not None:
                total[item.code] = total.get(item.code, ZERO) + quantity
                if line.expected_receipt:
                    announced.append(_announced(entry, command.kind, f"lines[{place}]", line, item.code, quantity))
    entry.done()
    return total, reason, announced


def _announced(entry: Entry, kind: str, at: str, line: WantedItem, item: str, quantity: Decimal) -> Announced:
    field = f"{at}.expected_receipt"
    if kind != "receipt":
        entry.wrong(field, "FIELD_NOT_ALLOWED", kind=kind)
    elif not findable(line.expected_receipt):
        entry.wrong(field, "EXPECTED_RECEIPT_UNKNOWN", expected_receipt=line.expected_receipt[:100], item=item)
    return Announced(line.expected_receipt, item, quantity, field)


def _after(kind: str, on_hand: Decimal, quantity: Decimal) -> Decimal:
    if kind == "count":
        return quantity
    return on_hand - quantity if kind == "issue" else on_hand + quantity


def _refuse(
    kind: str, wanted: Mapping[str, Decimal], before: Mapping[str, Balance], after: Mapping[str, Decimal]
) -> None:
    """Nothing goes below zero; an issue by hand takes nothing that is held for somebody (X32c)."""
    fields = []
    for item, quantity in wanted.items():
        available = before[item].available if kind == "issue" else before[item].on_hand
        if after[item] < 0 or (kind == "issue" and quantity > available):
            fields.append(_insufficient(item, available, abs(quantity)))
        elif after[item] >= LIMIT:
            fields.append(FieldProblem("lines.quantity", "QUANTITY_TOO_LARGE", {"item": item}))
    if fields:
        raise IllegalMove(fields[0].reason, fields, **fields[0].params)


async def _trim(house: Warehouse, before: Mapping[str, Balance], after: Mapping[str, Decimal]) -> set[Demand]:
    """Where less is there than was held, quarantine gives way last, the least pressing reservations first (4.5)."""
    lost: set[Demand] = set()
    freed = {}
    for item, on_hand in after.items():
        quarantined = min(before[item].quarantined, on_hand)
        freed[item] = quarantined - before[item].quarantined
        excess = before[item].reserved - (on_hand - quarantined)
        if excess > 0:
            lost |= {key.demand for key in await house.reservations.trim(item, excess)}
    await house.stock.quarantine(freed)
    return lost
