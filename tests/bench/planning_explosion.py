"""Explosion and netting beside a bare dict walk of the same graph: the curve over 60 / 600 / 6,000 / 60,000 nodes."""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TypedDict

from planning_service.domain.bom import Bom, BomLine, BomVersion
from planning_service.domain.catalogue import Catalogue
from planning_service.domain.explosion import explode
from planning_service.domain.item import Item, Supply
from planning_service.domain.plan import DemandLine, plan_order
from planning_service.domain.structure import Structure, compile_structure
from planning_service.domain.structure_shelf import StructureShelf
from planning_service.domain.units import UnitCatalogue

SIZES = (60, 600, 6_000, 60_000)
LEVELS = 8
DAY = date(2026, 11, 22)
NO_UNITS = UnitCatalogue(())


class Row(TypedDict):
    """One line of the table; milliseconds."""

    nodes: int
    edges: int
    compile_ms: float
    explode_ms: float
    net_ms: float
    limit_ms: float


def factory(nodes: int, seed: int = 7) -> Catalogue:
    """Return a bill of `nodes` items over eight levels with shared parts and scrap."""
    rng = random.Random(seed)
    per_level = max(1, nodes // LEVELS)
    level_of = [min(LEVELS, 1 + n // per_level) for n in range(nodes)]
    codes = [f"N{n}" for n in range(nodes)]
    levels: dict[int, list[str]] = {}
    for code, level in zip(codes, level_of, strict=True):
        levels.setdefault(level, []).append(code)
    boms = {"ROOT": _bom("ROOT", levels[1], rng)}
    for level in range(1, max(levels)):
        below = levels[level + 1]
        for index, code in enumerate(levels[level]):
            chosen = {below[index % len(below)], below[rng.randrange(len(below))]}
            boms[code] = _bom(code, sorted(chosen), rng)
    items = {code: Item(code, code, "m", Supply.MAKE if code in boms else Supply.BUY) for code in ["ROOT", *codes]}
    return Catalogue(items, boms, NO_UNITS)


def _bom(code: str, components: list[str], rng: random.Random) -> Bom:
    lines = (BomLine(c, Decimal(rng.randint(1, 3)), scrap_rate=Decimal(rng.choice(("0", "0.03")))) for c in components)
    return Bom(code, (BomVersion(tuple(lines), routing_code="R"),))


def bare_walk(structure: Structure) -> float:
    """Do the least any explosion must: one float product per edge over a known order. Returns the last sum."""
    edges = [[(edge.child, edge.numerator / edge.denominator) for edge in node.edges] for node in structure.nodes]
    needs = [0.0] * len(edges)
    needs[0] = 10.0

    def walk() -> float:
        for need, below in zip(needs, edges, strict=True):
            for child, factor in below:
                needs[child] += need * factor
        return needs[-1]

    return best_ms(walk)


def best_ms(work: Callable[[], object], rounds: int = 3) -> float:
    """Return the best of a few rounds, in milliseconds of this process: a busy machine shall not blur the curve."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append((time.process_time() - start) * 1000)
    return min(times)


def measure(nodes: int) -> Row:
    """Return one row of the curve."""
    catalogue = factory(nodes)
    compiled = best_ms(lambda: compile_structure(catalogue, "ROOT", DAY, supply=Supply.MAKE), rounds=1)
    shelf = StructureShelf()
    structure = shelf.get(catalogue, "ROOT", DAY, Supply.MAKE)
    demand = [DemandLine(1, "ROOT", Decimal(10), DAY)]
    return Row(
        nodes=len(structure.nodes),
        edges=structure.edge_count(),
        compile_ms=compiled,
        explode_ms=best_ms(lambda: explode(structure, Decimal(10))),
        net_ms=best_ms(lambda: plan_order(demand, catalogue, {}, shelf)),
        limit_ms=bare_walk(structure),
    )


def main() -> None:
    """Print the table and, with a path given, write it as JSON."""
    rows = [measure(size) for size in SIZES]
    print(f"{'nodes':>8}{'edges':>9}{'compile ms':>12}{'explode ms':>12}{'net+plan ms':>13}{'bare walk ms':>14}")
    for row in rows:
        print(
            f"{row['nodes']:>8}{row['edges']:>9}{row['compile_ms']:>12.2f}{row['explode_ms']:>12.2f}"
            f"{row['net_ms']:>13.2f}{row['limit_ms']:>14.2f}"
        )
    if len(sys.argv) > 1:
        with open(sys.argv[1], "w", encoding="utf-8") as target:
            json.dump({"planning_explosion": rows}, target)


if __name__ == "__main__":
    main()
