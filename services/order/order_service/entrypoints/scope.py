"""What a caller may see: salespeople their own orders, prices only those who need them (reliability.md 5, rows 2 to 5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from chassis.principal import current
from order_service.domain.entry import LineEntry
from order_service.domain.errors import FieldProblem, Invalid

SalesScope = Literal["own", "all"]
ALONE = frozenset({"sales"})  # whoever holds another role too sees what that role sees
PRICES = ("clerk", "sales", "sales_supervisor", "finance", "manager")


def owner_asking(scope: SalesScope) -> str:
    """Return the salesperson whose orders alone may be seen; empty when every order may."""
    who = current.get()
    return who.subject if scope == "own" and who is not None and who.kind == "user" and who.roles == ALONE else ""


def check_prices(lines: Sequence[LineEntry]) -> None:
    """Raise Invalid when a caller sets prices without being allowed to see them."""
    given = [n for n, line in enumerate(lines) if line.unit_price]
    if given and not sees_prices():
        raise Invalid([FieldProblem(f"lines.{n}.unit_price", "FIELD_NOT_CHANGEABLE") for n in given])


def sees_prices() -> bool:
    """True when the caller may see what things cost; a service never needs it."""
    who = current.get()
    return who is not None and who.kind == "user" and who.has(*PRICES)
