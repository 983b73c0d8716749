"""Lines as callers ask for them: texts still to be read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WantedItem:
    """A quantity of an item, in its stock unit or a convertible one."""

    item: str
    quantity: str
    unit: str = ""
    expected_receipt: str = ""


@dataclass(frozen=True, slots=True)
class WantedLine:
    """A quantity of an order line; `order` is an id or a number."""

    order: str
    line_no: int
    quantity: str
    unit: str = ""
    item: str = ""
