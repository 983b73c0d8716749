"""What is still free while a plan is made: each claim takes from it, and a failed line gives everything back."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from planning_service.domain.exact import MICRO, ceil_to_step, to_micro
from planning_service.domain.item import Item


class StockPool:
    """Free stock per item in micro, the pick roundings carried so far, and a journal to undo one line."""

    def __init__(self, available: Mapping[str, Decimal]) -> None:
        self._free = {code: max(0, to_micro(quantity)) for code, quantity in available.items()}
        self._surplus: dict[tuple[str, int], Fraction] = {}
        self._taken: list[tuple[str, int]] = []
        self._surplus_before: dict[tuple[str, int], Fraction | None] = {}

    def free(self, code: str) -> int:
        """Return what nobody has claimed, in micro."""
        return self._free.get(code, 0)

    def take(self, item: Item, wanted: int) -> int:
        """Claim up to `wanted` micro; whole-unit items are claimed in whole units only."""
        free = self._free.get(item.code, 0)
        taken = min(free - free % MICRO if item.whole_units else free, wanted)
        if taken <= 0:
            return 0
        self._free[item.code] = free - taken
        self._taken.append((item.code, taken))
        return taken

    def round_pick(self, item: Item, exact: int, scale: int, multiple: int) -> int:
        """Return what to pick for an exact need, in micro.

        Rounding happens once per item over the whole plan: what an earlier pick was rounded up by covers the next
        need, so the picks of an item always sum to the rounded sum of its needs (field lesson "consolidate first").
        """
        step = pick_step(item, multiple)
        key = (item.code, step)
        surplus = self._surplus.get(key)
        need, denominator = exact, scale // MICRO
        if surplus is not None:
            wanted = Fraction(need, denominator) - surplus
            need, denominator = wanted.numerator, wanted.denominator
        picked = max(0, ceil_to_step(need, denominator, step))
        left = picked * denominator - need
        if left or surplus is not None:
            self._remember(key)
            self._surplus[key] = Fraction(left, denominator)
        return picked

    def keep(self) -> None:
        """Make everything claimed since the last keep final."""
        self._taken.clear()
        self._surplus_before.clear()

    def undo(self) -> None:
        """Give back everything claimed since the last keep."""
        for code, quantity in self._taken:
            self._free[code] += quantity
        for key, before in self._surplus_before.items():
            if before is None:
                del self._surplus[key]
            else:
                self._surplus[key] = before
        self._taken.clear()
        self._surplus_before.clear()

    def _remember(self, key: tuple[str, int]) -> None:
        if key not in self._surplus_before:
            self._surplus_before[key] = self._surplus.get(key)


def pick_step(item: Item, multiple: int) -> int:
    """Return the smallest amount an item is picked in, in micro: its pack, a whole piece, or a millionth."""
    if not multiple:
        return MICRO if item.whole_units else 1
    if item.whole_units and multiple % MICRO:
        return -(-multiple // MICRO) * MICRO
    return multiple
