"""An independent answer: walks every path of the bill with fractions, knows no levels, scales or caches."""

from __future__ import annotations

import math
from collections import defaultdict
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


def per_piece(catalogue: Catalogue, line, base: Fraction) -> Fraction:
    item = catalogue.items[line.component]
    factors = {u.unit: Fraction(u.factor) for u in item.units}
    factor = Fraction(1)
    if line.unit and line.unit != item.unit:
        metric = {("g", "kg"): Fraction(1, 1000), ("kg", "g"): Fraction(1000)}
        metric |= {("cm", "m"): Fraction(1, 100), ("m", "cm"): Fraction(100)}
        factor = factors.get(line.unit) or metric[(line.unit, item.unit)]
    return Fraction(line.quantity_per) * factor * (1 + Fraction(line.scrap_rate)) / base


def gross(catalogue: Catalogue, root: str, quantity: Fraction, day: date) -> dict[str, Fraction]:
    """Return the need per item by enumerating paths (no setup quantities: they belong to makings, not paths)."""
    needs: dict[str, Fraction] = defaultdict(Fraction)

    def walk(code: str, wanted: Fraction) -> None:
        for line, base in lines_on(catalogue, code, day):
            need = wanted * per_piece(catalogue, line, base)
            supply = role(catalogue, line)
            if supply is not Supply.PHANTOM:
                needs[line.component] += need
            if supply is not Supply.BUY:
                walk(line.component, need)

    walk(root, quantity)
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

    Works item by item: an item is netted only when all that need it are settled, found by scanning all items again
    and again. Rounds bought items once over the whole plan and made items once per demand.
    """
    free = dict(available)
    exact_bought: dict[str, Fraction] = defaultdict(Fraction)
    picked: dict[str, Fraction] = defaultdict(Fraction)
    made: dict[str, Fraction] = defaultdict(Fraction)
    for root, quantity in demands:
        _net_one(catalogue, root, Fraction(quantity), day, free, exact_bought, picked, made)
    for code, total in exact_bought.items():
        picked[code] += ceil_for(catalogue, code, total)
    return dict(picked), dict(made)


def ceil_for(catalogue: Catalogue, code: str, value: Fraction) -> Fraction:
    step = Fraction(1) if catalogue.items[code].whole_units else Fraction(1, 1_000_000)
    return math.ceil(value / step) * step


def _net_one(catalogue, root, quantity, day, free, exact_bought, picked, made):
    wants: dict[tuple[str, Supply], Fraction] = defaultdict(Fraction)
    above: dict[tuple[str, Supply], set] = defaultdict(set)

    def survey(node) -> None:
        code, supply = node
        if supply is Supply.BUY:
            return
        for line, _ in lines_on(catalogue, code, day):
            child = (line.component, role(catalogue, line))
            above[child].add(node)
            survey(child)

    start = (root, Supply.MAKE)
    survey(start)
    wants[start] = quantity
    settled: set = set()
    everything = {start, *above}
    while settled != everything:
        # Deterministic: lowest level first, then code, as long as everything above is settled.
        node = min(n for n in everything - settled if above[n] <= settled)
        settled.add(node)
        code, supply = node
        want = wants[node]
        if not want:
            continue
        if supply is Supply.BUY:
            exact_bought[code] += want
            continue
        if supply is Supply.MAKE:
            needed = ceil_for(catalogue, code, want)
            taken = min(needed, free.get(code, Fraction(0)))
            free[code] = free.get(code, Fraction(0)) - taken
            picked[code] += taken
            made[code] += needed - taken
            want = max(Fraction(0), want - taken) if needed > taken else Fraction(0)
        for line, base in lines_on(catalogue, code, day):
            wants[(line.component, role(catalogue, line))] += want * per_piece(catalogue, line, base)
