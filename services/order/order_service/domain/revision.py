"""Changing an order: which fields, what follows for lines, capacity and the audit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from order_service.domain import entry as rules
from order_service.domain.entry import Known, LineEntry, OrderEntry
from order_service.domain.errors import FieldProblem, Invalid
from order_service.domain.events import CapacityConfirmationRequested, OrderChanged
from order_service.domain.line import Line
from order_service.domain.order import Order
from order_service.domain.quantity import plain
from order_service.domain.texts import checked_texts, read_date, word_problems

FIELDS = (
    "due_date", "urgency", "note", "sales_owner", "contact", "source_ref", "attachment_ids", "lines", "ship_on_receipt",
    "inquired_at", "quoted_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Revision:
    """New values of the named fields; the others of `entry` mean nothing."""

    fields: tuple[str, ...]
    entry: OrderEntry


def check_revision(revision: Revision, order: Order, known: Known) -> None:
    """Raise Invalid with every problem."""
    fields, entry = revision.fields, revision.entry
    texts = {"note": (entry.note, 2000), "sales_owner": (entry.sales_owner, 100), "source_ref": (entry.source_ref, 100)}
    problems = checked_texts({name: value for name, value in texts.items() if name in fields})
    if "due_date" in fields and entry.due_date != order.due_date.isoformat():
        problems += rules.check_date("due_date", entry.due_date, known.today, required=True)
    if "urgency" in fields:
        problems += word_problems("urgency", entry.urgency, rules.URGENCIES, "URGENCY_UNKNOWN", required=True)
    if "contact" in fields:
        problems += rules.check_contact(entry.contact_name, entry.contact_phone, known)
    problems += [problem for problem in rules.check_moments(entry, known.now) if problem.field in fields]
    if "attachment_ids" in fields:
        problems += rules.check_attachments(entry.attachment_ids)
    if "lines" in fields:
        problems += rules.check_lines(_fresh(entry.lines, order), known) or _line_problems(entry.lines, order, known)
    if problems:
        raise Invalid(problems)


def _fresh(lines: tuple[LineEntry, ...], order: Order) -> tuple[LineEntry, ...]:
    """Leave out due dates that stay as they are, so that an old line may keep a date now past."""
    kept = {line.line_no: line.due_date.isoformat() for line in order.lines}
    return tuple(replace(line, due_date="") if kept.get(line.line_no) == line.due_date else line for line in lines)


def _line_problems(lines: tuple[LineEntry, ...], order: Order, known: Known) -> list[FieldProblem]:
    """Line numbers must be the order's, once each; a line keeps its item and never falls below what was shipped (X10)."""
    own = {line.line_no: line for line in order.lines}
    seen: set[int] = set()
    problems = []
    for n, entry in enumerate(lines):
        line = own.get(entry.line_no)
        if entry.line_no and (line is None or entry.line_no in seen):
            problems.append(FieldProblem(f"lines.{n}.line_no", "LINE_UNKNOWN", {"line_no": str(entry.line_no)}))
        elif line is not None:
            problems += _kept_line_problems(n, entry, line, known)
        seen.add(entry.line_no)
    for line in order.lines:
        if line.line_no not in seen and line.net_shipped > 0:
            problems.append(_below_shipped("lines", line))
    return problems


def _kept_line_problems(n: int, entry: LineEntry, line: Line, known: Known) -> list[FieldProblem]:
    new = rules.make_line(entry, line.line_no, line.due_date, known.items)
    if new.item_code != line.item_code:
        params = {"line_no": str(line.line_no), "item_code": line.item_code}
        return [FieldProblem(f"lines.{n}.item_code", "LINE_ITEM_FIXED", params)]
    return [_below_shipped(f"lines.{n}.quantity", line)] if new.quantity < line.net_shipped else []


def _below_shipped(field: str, line: Line) -> FieldProblem:
    params = {"line_no": str(line.line_no), "shipped": plain(line.net_shipped), "unit": line.unit}
    return FieldProblem(field, "QUANTITY_BELOW_SHIPPED", params)


def revise(order: Order, revision: Revision, known: Known) -> bool:
    """Apply a checked revision; False when it changes nothing."""
    before = _snapshot(order)
    _apply(order, revision, known)
    after = _snapshot(order)
    changed = tuple(name for name in revision.fields if before[name] != after[name])
    if not changed:
        return False
    order.content_hash = rules.content_hash(order.customer_id, order.lines)
    words = {name: f"{before[name]} -> {after[name]}" for name in changed if name not in ("lines", "attachment_ids")}
    order.notes.append(("OrderRevised", words))
    order.record(OrderChanged(changed))
    _ask_capacity(order, known)
    return True


def _ask_capacity(order: Order, known: Known) -> None:
    """A date moved near asks for capacity once; one already asked for or confirmed is not asked again (S26)."""
    dates = [order.due_date, *(line.due_date for line in order.lines if line.ordered > 0)]
    if order.confirmed_at is not None or order.capacity_confirmed_at is not None:
        return
    near, asked = known.notice.is_near(dates), order.capacity_required
    if not (near and asked):  # what was asked for once stands by the rule of that day
        order.capacity_notice_days = known.notice.days
    if near and not asked and not order.suspected:
        order.record(CapacityConfirmationRequested(order.capacity_notice_days))
    order.capacity_required = near


def _snapshot(order: Order) -> dict[str, object]:
    plain_fields = [name for name in FIELDS if name not in ("contact", "lines", "inquired_at", "quoted_at")]
    values: dict[str, object] = {name: getattr(order, name) for name in plain_fields}
    values |= {"inquired_at": order.milestones.get("inquiry"), "quoted_at": order.milestones.get("first_quote")}
    values["contact"] = f"{order.contact_name} {order.contact_phone}"
    values["lines"] = [
        (x.line_no, x.quantity, x.cancelled_quantity, x.due_date, x.due_date_inherited, x.unit_price)
        for x in order.lines
    ]
    return values


def _apply(order: Order, revision: Revision, known: Known) -> None:
    fields, entry = revision.fields, revision.entry
    for name in ("note", "sales_owner", "source_ref", "attachment_ids", "ship_on_receipt", "urgency"):
        if name in fields:
            setattr(order, name, getattr(entry, name))
    if "contact" in fields:
        order.contact_name, order.contact_phone = rules.contact_of(entry.contact_name, entry.contact_phone, known) or (
            "",
            "",
        )
    order.note_talks(
        entry.inquired_at if "inquired_at" in fields else None, entry.quoted_at if "quoted_at" in fields else None
    )
    if "lines" in fields:
        _apply_lines(order, entry.lines, known)
    if "due_date" in fields:
        _move_due_date(order, entry.due_date)


def _move_due_date(order: Order, typed: str) -> None:
    """Move the header's date and the lines that inherit it; overridden lines keep theirs (S33)."""
    order.due_date = read_date(typed) or order.due_date
    for line in order.lines:
        if line.due_date_inherited:
            line.due_date = order.due_date


def _apply_lines(order: Order, entries: tuple[LineEntry, ...], known: Known) -> None:
    """Set the whole new set of lines: named ones change, missing ones are cancelled, unnumbered ones are new."""
    own = {line.line_no: line for line in order.lines}
    top = max(own)
    kept: set[int] = set()
    for entry in entries:
        if entry.line_no:
            _set_line(own[entry.line_no], entry, order, known)
            kept.add(entry.line_no)
        else:
            top += 1
            order.lines.append(rules.make_line(entry, top, order.due_date, known.items))
    for line_no, line in own.items():
        if line_no not in kept:
            line.cancelled_quantity = line.quantity


def _set_line(line: Line, entry: LineEntry, order: Order, known: Known) -> None:
    new = rules.make_line(entry, line.line_no, order.due_date, known.items)
    line.quantity, line.entered_quantity, line.entered_unit = new.quantity, new.entered_quantity, new.entered_unit
    if entry.due_date != line.due_date.isoformat():  # a date sent back as it was is no override
        line.due_date, line.due_date_inherited = new.due_date, new.due_date_inherited
    line.unit_price = new.unit_price if entry.unit_price else line.unit_price
    line.cancelled_quantity = Decimal(0)
