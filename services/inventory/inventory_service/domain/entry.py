"""Reading what a person or device typed: every problem is collected, none is raised alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, localcontext

from inventory_service.domain.errors import FieldProblem, Invalid
from inventory_service.domain.item import Item
from inventory_service.domain.quantity import ZERO, BadQuantity, is_whole, representable, spoken

MAX_LINES = 500
MAX_WORDS = 500
MAX_NAME = 100


@dataclass
class Entry:
    """Collects the problems of one request."""

    problems: list[FieldProblem] = field(default_factory=list)

    def wrong(self, at: str, reason: str, **params: object) -> None:
        """Note a problem of the field `at`."""
        self.problems.append(FieldProblem(at, reason, params))

    def done(self) -> None:
        """Raise Invalid with every problem found."""
        if self.problems:
            raise Invalid(self.problems)

    def words(self, at: str, value: str, limit: int = MAX_WORDS, *, required: bool = False) -> str:
        """Return a text that can be kept and shown: no control characters, not too long."""
        if len(value) > limit:
            self.wrong(at, "TEXT_TOO_LONG", limit=limit)
        elif any(ord(sign) < 32 and sign not in "\t\n\r" for sign in value):
            self.wrong(at, "TEXT_INVALID")
        elif required and not value.strip():
            self.wrong(at, "REQUIRED")
        return value.strip()

    def lines(self, count: int) -> bool:
        """Note when there are no lines or too many; true when they may be read."""
        if count == 0:
            self.wrong("lines", "REQUIRED")
        elif count > MAX_LINES:
            self.wrong("lines", "TOO_MANY_LINES", limit=MAX_LINES)
        return 0 < count <= MAX_LINES

    def quantity(self, at: str, text: str, item: Item | None, unit: str = "", *, sign: str = "+") -> Decimal:
        """Return the quantity in the item's stock unit. `sign`: + above zero, 0 zero or more, ± anything but zero."""
        try:
            value = self._in_stock_unit(at, spoken(text), item, unit)
        except BadQuantity as error:
            self.wrong(at, error.reason)
            return ZERO
        if (sign == "+" and value <= 0) or (sign == "0" and value < 0):
            self.wrong(at, "QUANTITY_NOT_POSITIVE" if sign == "+" else "QUANTITY_NEGATIVE")
        elif sign == "±" and value == 0:
            self.wrong(at, "QUANTITY_ZERO")
        elif item is not None and item.whole_units and not is_whole(value):
            self.wrong(at, "QUANTITY_NOT_WHOLE", item=item.code, unit=item.unit)
        return value

    def _in_stock_unit(self, at: str, value: Decimal, item: Item | None, unit: str) -> Decimal:
        factor = item.factor(unit) if item is not None else Decimal(1)
        if item is not None and factor is None:
            at_unit = at.removesuffix("quantity") + "unit"
            self.wrong(at_unit, "UNIT_UNKNOWN", item=item.code, unit=unit[:MAX_NAME], stock_unit=item.unit)
        with localcontext(prec=60):  # exact: both factors have at most 40 digits
            return representable(value * (factor or 1))


def findable(name: str) -> bool:
    """True when a name could be in the database at all."""
    return 0 < len(name) <= MAX_NAME and name.isprintable()


def item_at(entry: Entry, at: str, code: str, items: Mapping[str, Item]) -> Item | None:
    """Return the item a line names, or note that nobody knows it."""
    item = items.get(code)
    if item is None:
        entry.wrong(f"{at}.item_code", "ITEM_UNKNOWN", item=code[:MAX_NAME])
    return item
