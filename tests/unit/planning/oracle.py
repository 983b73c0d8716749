"""An independent answer: walks every path of the bill with fractions, knows no levels, scales or caches."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from planning_service.domain.catalogue import Catalogue
from planning_service.domain.item import Supply


def lines_on(catalogue: Catalogue, code: str, day: date):
    """Yield the lines of the version whose own dates hold the day: the latest start wins."""
    bom = catalogue.boms.get(code)
    if bom is None:
        return
    fitting = [
        v
        for v in bom.versions
        if (v.effective.start is None or v.effective.start <= day)
        and (v.effective.end is None or day <= v.effective.end)
    ]
    if not fitting:
        return
    chosen = max(fitting, key=lambda v: v.effective.start or date.min)
    for line in chosen.lines:
        start, end = line.effective.start, line.effective.end
        if (start is None or start <= day) and (end is None or day <= end):
            yield line, Fraction(chosen.base_quantity)


def role(catalogue: Catalogue, line) -> Supply:
    return line.supply or catalogue.items[line.component].supply


def to_stock(catalogue: Catalogue, line) -> Fraction:
    """Return how many stock units one unit of the line is."""
    item = catalogue.items[line.component]
    factors = {u.unit: Fraction(u.factor) for u in item.units}
    factor = Fraction(1)
    if line.unit and line.unit != item.unit:
        metric = {("g", "kg"): Fraction(1, 1000), ("kg", "g"): Fraction(1000)}
        metric |= {("cm", "m"): Fraction(1, 100), ("m", "cm"): Fraction(100)}
        factor = factors.get(line.unit) or metric[(line.unit, item.unit)]
    return factor


def per_piece(catalogue: Catalogue, line, base: Fraction) -> Fraction:
    return Fraction(line.quantity_per) * to_stock(catalogue, line) * (1 + Fraction(line.scrap_rate)) / base


def setup(catalogue: Catalogue, line) -> Fraction:
    """Return what is lost each time the parent is made, in stock units: no scrap, no base quantity."""
    return Fraction(line.setup_quantity) * to_stock(catalogue, line)


def pack(catalogue: Catalogue, line) -> Fraction:
    """Return the smallest step a bought line is picked in."""
    least = piece(catalogue, line.component)
    wanted = Fraction(line.rounding_multiple or 0) * to_stock(catalogue, line)
    return math.ceil(wanted / least) * least if wanted else least


def gross(catalogue: Catalogue, root: str, quantity: Fraction, day: date) -> dict[str, Fraction]:
    """Return the need per item by enumerating paths; the first path that really makes something pays its setup."""
    needs: dict[str, Fraction] = defaultdict(Fraction)
    begun: set[tuple[str, Supply]] = set()

    def walk(node: tuple[str, Supply], wanted: Fraction) -> None:
        begins = wanted > 0 and node not in begun
        begun.update({node} if begins else ())
        for line, base in lines_on(catalogue, node[0], day):
            need = wanted * per_piece(catalogue, line, base) + (setup(catalogue, line) if begins else 0)
            supply = role(catalogue, line)
            if supply is not Supply.PHANTOM:
                needs[line.component] += need
            if supply is not Supply.BUY:
                walk((line.component, supply), need)

    walk((root, Supply.MAKE), quantity)
    return dict(needs)


def longest(catalogue: Catalogue, root: str, day: date) -> dict[str, int]:
    """Return the low-level code of every item below the root: the longest of all its paths."""
    levels: dict[str, int] = {}

    def walk(code: str, level: int) -> None:
        for line, _ in lines_on(catalogue, code, day):
            supply = role(catalogue, line)
            if supply is not Supply.PHANTOM:
                levels[line.component] = max(levels.get(line.component, 0), level)
            if supply is not Supply.BUY:
                walk(line.component, level + 1)

    walk(root, 1)
    return levels


def net(catalogue: Catalogue, demands, available: dict[str, Fraction], day: date):
    """Return (pick totals, made quantities) of demands netted one after another.

    Works item by item: of the items whose every parent is settled the one with the lowest level comes first. Rounds
    bought items once over the whole plan for each pack they are picked in, and made items once per demand.
    """
    book = Book(catalogue, day, dict(available))
    for root, quantity in demands:
        _net_one(book, root, Fraction(quantity))
    return dict(book.picked), dict(book.made)


@dataclass
class Book:
    """What is free, bought, picked and made so far."""

    catalogue: Catalogue
    day: date
    free: dict[str, Fraction]
    bought: dict[tuple[str, Fraction], Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    picked: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    made: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))

    def take(self, code: str, wanted: Fraction) -> Fraction:
        taken = min(wanted, self.free.get(code, Fraction(0)))
        self.free[code] = self.free.get(code, Fraction(0)) - taken
        return taken

    def buy(self, code: str, step: Fraction, want: Fraction) -> None:
        before = math.ceil(self.bought[code, step] / step)
        self.bought[code, step] += want
        pick = (math.ceil(self.bought[code, step] / step) - before) * step
        self.picked[code] += pick
        self.take(code, pick)

    def make(self, code: str, want: Fraction) -> Fraction:
        """Return the exact rest that stock leaves to be made."""
        least = piece(self.catalogue, code)
        needed = math.ceil(want / least) * least
        taken = self.take(code, needed)
        self.picked[code] += taken
        self.made[code] += needed - taken
        return want - taken if needed > taken else Fraction(0)


def piece(catalogue: Catalogue, code: str) -> Fraction:
    """Return the smallest amount of an item there is."""
    return Fraction(1) if catalogue.items[code].whole_units else Fraction(1, 1_000_000)


def _net_one(book: Book, root: str, quantity: Fraction) -> None:
    wants: dict[tuple[str, Supply], dict[Fraction, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    levels = _node_levels(book.catalogue, root, book.day)
    wants[root, Supply.MAKE][Fraction(0)] = quantity
    for code, supply in sorted(levels, key=lambda node: (levels[node], node)):
        want = sum(wants[code, supply].values())
        if supply is Supply.BUY:
            for step, part in wants[code, supply].items():
                book.buy(code, step, part)
            continue
        if supply is Supply.MAKE and want:
            want = book.make(code, want)
        for line, base in lines_on(book.catalogue, code, book.day) if want else ():
            need = want * per_piece(book.catalogue, line, base) + setup(book.catalogue, line)
            wants[line.component, role(book.catalogue, line)][pack(book.catalogue, line)] += need


def _node_levels(catalogue: Catalogue, root: str, day: date) -> dict[tuple[str, Supply], int]:
    """Return the longest way from the root to every item in each of its roles."""
    levels: dict[tuple[str, Supply], int] = {}

    def walk(node: tuple[str, Supply], level: int) -> None:
        levels[node] = max(levels.get(node, 0), level)
        if node[1] is not Supply.BUY:
            for line, _ in lines_on(catalogue, node[0], day):
                walk((line.component, role(catalogue, line)), level + 1)

    walk((root, Supply.MAKE), 0)
    return levels
