"""An order as a person enters it: texts in, checked values out, every problem at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from order_service.domain.capacity import CapacityNotice
from order_service.domain.errors import FieldProblem, Invalid
from order_service.domain.invoicing import WHEN_COMPLETE
from order_service.domain.item import Item, Measured, measure, price_problem
from order_service.domain.line import Line
from order_service.domain.quantity import plain
from order_service.domain.texts import checked_texts, moment_problems, read_date, word_problems

LINE_LIMIT = 500
DUE_LIMIT_DAYS = 3650
URGENCIES = ("red", "yellow", "green")
KINDS = ("firm", "intent")
ATTACHMENT_LIMIT = 20
ITEM_REASONS = frozenset({"ITEM_UNKNOWN", "ITEM_INACTIVE", "UNIT_UNKNOWN", "QUANTITY_NOT_WHOLE"})


@dataclass(frozen=True, slots=True)
class LineEntry:
    """One line as typed; empty texts were not given. `line_no` is 0 for a new line."""

    item_code: str
    quantity: str
    unit: str = ""
    due_date: str = ""
    unit_price: str = ""
    line_no: int = 0


@dataclass(frozen=True, slots=True)
class OrderEntry:
    """One order as typed; empty texts were not given."""

    customer_id: str
    channel: str
    due_date: str
    lines: tuple[LineEntry, ...]
    contact_name: str = ""
    contact_phone: str = ""
    source_ref: str = ""
    urgency: str = ""
    sales_owner: str = ""
    kind: str = ""
    ship_on_receipt: bool = False
    note: str = ""
    attachment_ids: tuple[str, ...] = ()
    confirm: bool = False
    inquired_at: datetime | None = None
    quoted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KnownCustomer:
    """The customer an entry names, with the contacts one may order through: (name, phone)."""

    id: UUID
    name: str
    contacts: tuple[tuple[str, str], ...]
    invoice_policy: str = WHEN_COMPLETE


@dataclass(frozen=True, slots=True)
class Known:
    """What the rules need to know; items are by the code or alias typed."""

    customer: KnownCustomer | None
    channels: Collection[str]
    items: Mapping[str, Item]
    today: date
    now: datetime
    normalise: Callable[[str], str | None]
    notice: CapacityNotice


def check_header(entry: OrderEntry, known: Known) -> list[FieldProblem]:
    """Return what is wrong outside the lines."""
    texts = {
        "source_ref": (entry.source_ref, 100), "sales_owner": (entry.sales_owner, 100), "note": (entry.note, 2000),
        "contact.name": (entry.contact_name, 100), "channel": (entry.channel, 40),
    }  # fmt: skip
    problems = checked_texts(texts)
    if known.customer is None:
        problems.append(FieldProblem("customer_id", "CUSTOMER_UNKNOWN", {"customer_id": entry.customer_id[:64]}))
    else:
        problems += check_contact(entry.contact_name, entry.contact_phone, known)
    problems += word_problems("channel", entry.channel, sorted(known.channels), "CHANNEL_UNKNOWN", required=True)
    problems += check_date("due_date", entry.due_date, known.today, required=True)
    problems += word_problems("urgency", entry.urgency, URGENCIES, "URGENCY_UNKNOWN")
    problems += word_problems("kind", entry.kind, KINDS, "KIND_UNKNOWN") + check_moments(entry, known.now)
    if entry.confirm and entry.kind == "intent":
        problems.append(FieldProblem("confirm", "INTENT_NOT_CONFIRMABLE"))
    return problems + check_attachments(entry.attachment_ids)


def check_moments(entry: OrderEntry, now: datetime) -> list[FieldProblem]:
    """Check when the customer asked and was quoted: never in the future (S76, S77)."""
    problems = moment_problems("inquired_at", entry.inquired_at, now, "INSTANT_IN_FUTURE")
    return problems + moment_problems("quoted_at", entry.quoted_at, now, "INSTANT_IN_FUTURE")


def check_attachments(ids: tuple[str, ...]) -> list[FieldProblem]:
    """Check the number and shape of attachment ids."""
    if len(ids) > ATTACHMENT_LIMIT:
        return [FieldProblem("attachment_ids", "TOO_MANY_ATTACHMENTS", {"limit": str(ATTACHMENT_LIMIT)})]
    return checked_texts({f"attachment_ids.{n}": (value, 64) for n, value in enumerate(ids)})


def check_contact(name: str, phone: str, known: Known) -> list[FieldProblem]:
    """Check that a contact can be reached and is the customer's (S15)."""
    if phone and known.normalise(phone) is None:
        return [FieldProblem("contact.phone", "PHONE_INVALID", {"phone": phone[:40]})]
    if contact_of(name, phone, known) is None:
        customer = known.customer.name if known.customer else ""
        return [FieldProblem("contact", "CONTACT_NOT_OF_CUSTOMER", {"customer_name": customer})]
    return []


def contact_of(name: str, phone: str, known: Known) -> tuple[str, str] | None:
    """Return the contact meant: by phone, else by name, else the customer's first; None when it is not theirs (S15).

    A customer without contacts has none to compare with: what is typed stays on the order.
    """
    contacts = known.customer.contacts if known.customer else ()
    if not contacts:
        return name, (known.normalise(phone) or "" if phone else "")
    if phone:
        wanted = known.normalise(phone)
        return next(((name or own, at) for own, at in contacts if at and at == wanted), None)
    if name:
        return next((contact for contact in contacts if contact[0] == name), None)
    return contacts[0]


def check_date(field: str, text: str, today: date, *, required: bool = False) -> list[FieldProblem]:
    """Check a civil date: readable, not past, not absurdly far (S20)."""
    if not text:
        return [FieldProblem(field, "REQUIRED")] if required else []
    due = read_date(text)
    if due is None:
        return [FieldProblem(field, "DATE_INVALID", {"value": text[:40]})]
    if due < today:
        return [FieldProblem(field, "DUE_DATE_PAST", {"due_date": text, "today": today.isoformat()})]
    if due > today + timedelta(days=DUE_LIMIT_DAYS):
        return [FieldProblem(field, "DUE_DATE_TOO_FAR", {"due_date": text, "limit_days": str(DUE_LIMIT_DAYS)})]
    return []


def check_lines(lines: tuple[LineEntry, ...], known: Known) -> list[FieldProblem]:
    """Return what is wrong in the lines, each problem naming its line."""
    if not lines:
        return [FieldProblem("lines", "LINES_REQUIRED")]
    if len(lines) > LINE_LIMIT:
        return [FieldProblem("lines", "TOO_MANY_LINES", {"limit": str(LINE_LIMIT), "count": str(len(lines))})]
    return [problem for n, line in enumerate(lines) for problem in check_line(n, line, known)]


def check_line(n: int, line: LineEntry, known: Known) -> list[FieldProblem]:
    """Check one line at index `n`; it shows to people as line n + 1."""
    line_no = {"line_no": str(n + 1)}
    found = []
    item = known.items.get(line.item_code)
    if item is None:
        found.append(("item_code", "ITEM_UNKNOWN", {"item_code": line.item_code[:64]}))
    elif not item.active:
        found.append(("item_code", "ITEM_INACTIVE", {"item_code": item.code, "item_name": item.name}))
    measured = measure(item or Item("", "", line.unit), line.quantity, line.unit)
    if not isinstance(measured, Measured):
        found.append(measured)
    if line.unit_price and price_problem(line.unit_price):
        found.append(("unit_price", "PRICE_INVALID", {}))
    problems = [FieldProblem(f"lines.{n}.{name}", reason, {**params, **line_no}) for name, reason, params in found]
    return problems + check_date(f"lines.{n}.due_date", line.due_date, known.today)


def check(entry: OrderEntry, known: Known) -> None:
    """Raise Invalid with every problem of the entry."""
    problems = check_header(entry, known) + check_lines(entry.lines, known)
    if problems:
        raise Invalid(problems)


def about_items(problems: Iterable[FieldProblem]) -> bool:
    """True when newer items could change the answer."""
    return any(problem.reason in ITEM_REASONS for problem in problems)


def make_line(line: LineEntry, line_no: int, header_due: date, items: Mapping[str, Item]) -> Line:
    """Return the line a checked entry stands for."""
    item = items[line.item_code]
    measured = measure(item, line.quantity, line.unit)
    if not isinstance(measured, Measured):
        raise AssertionError("checked before")
    return Line(
        line_no=line_no, item_code=item.code, item_name=item.name, quantity=measured.quantity, unit=item.unit,
        due_date=read_date(line.due_date) or header_due, due_date_inherited=not line.due_date,
        unit_price=Decimal(line.unit_price) if line.unit_price else None,
        entered_quantity=measured.entered, entered_unit=measured.entered_unit,
    )  # fmt: skip


def content_hash(customer_id: UUID, lines: list[Line]) -> str:
    """Return what two entries of the same wish have in common: customer, items, quantities, dates (X7)."""
    wanted = sorted(f"{line.item_code}|{plain(line.quantity)}|{line.due_date}" for line in lines)
    return hashlib.sha256("\n".join([str(customer_id), *wanted]).encode()).hexdigest()


def wish_of(source_ref: str, content: str) -> str:
    """Return what entries of one wish of a customer share: the original's number, else what is wanted (X5, X7)."""
    return source_ref or content
