"""Expect a delivery, move it, call it off, and count what came against it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from inventory_service.app.ports import Warehouse
from inventory_service.domain.entry import MAX_NAME, MAX_WORDS, Entry, findable
from inventory_service.domain.errors import FieldProblem, IllegalMove, NotFound, Stale
from inventory_service.domain.expected_receipt import ExpectedReceipt
from inventory_service.domain.item import Item
from inventory_service.domain.quantity import plain

MAX_PARTY = 200


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is told of a delivery; None leaves what is known."""

    item: str = ""
    quantity: str | None = None
    unit: str = ""
    due: str | None = None
    supplier: str | None = None
    reference: str | None = None
    note: str | None = None
    cancelled: bool | None = None


@dataclass(frozen=True, slots=True)
class Announced:
    """A line of a receipt that names its expected receipt by number or id; `at` is where."""

    receipt: str
    item: str
    quantity: Decimal
    at: str


async def expect_receipt(
    house: Warehouse, told: Announcement, items: Mapping[str, Item], new_id: str
) -> ExpectedReceipt:
    """Keep a new expected receipt."""
    entry = Entry()
    item = items.get(told.item)
    if item is None:
        entry.wrong("item_code", "ITEM_UNKNOWN", item=told.item[:MAX_NAME])
    quantity = entry.quantity("quantity", told.quantity or "", item, told.unit)
    due = day(entry, "due_date", told.due or "")
    supplier, reference = _said(entry, "supplier", told.supplier, ""), _said(entry, "reference", told.reference, "")
    note = _said(entry, "note", told.note, "", MAX_WORDS)
    entry.done()
    assert item is not None, "an unknown item is refused above"
    number = await house.expected.next_number()
    one = ExpectedReceipt(new_id, number, item.code, quantity, due, house.actor, house.now, supplier, reference, note)
    await house.expected.add(one)
    house.tell.expected(one, item)
    return one


async def change_expected_receipt(
    house: Warehouse, name: str, version: int, told: Announcement, items: Mapping[str, Item]
) -> ExpectedReceipt:
    """Change what is told; what has come in stays."""
    known = (await house.expected.locked([name] if findable(name) else [])).get(name)
    if known is None:
        raise NotFound("EXPECTED_RECEIPT_UNKNOWN", expected_receipt=name[:MAX_NAME])
    if version and version != known.version:
        raise Stale("VERSION_STALE", expected=version, current=known.version)
    changed = _changed(known, told, items.get(known.item))
    if changed == known:
        return known
    saved = await house.expected.save(changed)
    house.tell.expected(saved, items[known.item])
    return saved


async def count_against(house: Warehouse, came: Sequence[Announced], items: Mapping[str, Item]) -> None:
    """Count what came against its deliveries, each once whatever it was called by; raise IllegalMove, every line named."""
    known = await house.expected.locked(sorted({line.receipt for line in came}))
    problems = [
        FieldProblem(line.at, reason, {"expected_receipt": line.receipt[:MAX_NAME], "item": line.item})
        for line in came
        if (reason := _refusal(known.get(line.receipt), line.item))
    ]
    if problems:
        raise IllegalMove(problems[0].reason, problems, **problems[0].params)
    received: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in came:
        received[known[line.receipt].number] += line.quantity
    deliveries = {one.number: one for one in known.values()}
    for number, quantity in sorted(received.items()):
        one = deliveries[number]
        saved = await house.expected.save(replace(one, received=one.received + quantity))
        house.tell.expected(saved, items[one.item])


def day(entry: Entry, at: str, text: str) -> date:
    """Return a civil date, or note that it is none."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        entry.wrong(at, "DATE_INVALID" if text else "REQUIRED")
        return date.max
    if not 2000 <= found.year <= 2200:
        entry.wrong(at, "DATE_INVALID")
    return found


def _refusal(one: ExpectedReceipt | None, item: str) -> str:
    if one is None:
        return "EXPECTED_RECEIPT_UNKNOWN"
    if one.cancelled:
        return "EXPECTED_RECEIPT_CANCELLED"
    return "" if one.item == item else "EXPECTED_RECEIPT_OTHER_ITEM"


def _changed(known: ExpectedReceipt, told: Announcement, item: Item | None) -> ExpectedReceipt:
    entry = Entry()
    quantity = known.quantity if told.quantity is None else entry.quantity("quantity", told.quantity, item)
    due = known.due if told.due is None else day(entry, "due_date", told.due)
    if told.quantity is not None and quantity < known.received:
        entry.wrong("quantity", "BELOW_RECEIVED", received=plain(known.received))
    supplier = _said(entry, "supplier", told.supplier, known.supplier)
    reference = _said(entry, "reference", told.reference, known.reference)
    note = _said(entry, "note", told.note, known.note, MAX_WORDS)
    entry.done()
    cancelled = known.cancelled if told.cancelled is None else told.cancelled
    return replace(
        known, quantity=quantity, due=due, cancelled=cancelled, supplier=supplier, reference=reference, note=note
    )


def _said(entry: Entry, at: str, said: str | None, known: str, limit: int = MAX_PARTY) -> str:
    return known if said is None else entry.words(at, said, limit)
