"""Gross explosion: what a quantity of an item takes, before any stock (S37, X14-X22).

One pass over the compiled structure in low-level order; linear in its edges; exact until the shown quantity.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from planning_service.domain.exact import MICRO, rounded_up, to_micro
from planning_service.domain.item import Item, Supply
from planning_service.domain.structure import Node, Structure


@dataclass(frozen=True, slots=True)
class Requirement:
    """The gross need of one item over the whole structure, in its stock unit; `level` is its low-level code."""

    item: Item
    level: int
    supply: Supply
    exact: Fraction
    problem: str | None = None

    @property
    def required(self) -> Decimal:
        """Return the need rounded up to six decimals; pieces stay fractional until they are picked (X22)."""
        return rounded_up(self.exact)


def gross_needs(structure: Structure, quantity: Decimal) -> list[int]:
    """Return the need of every node, in 1/scale of its unit.

    Setup is lost once per making of the parent, and only when something is made: nothing wanted takes nothing.
    """
    nodes = structure.nodes
    needs = [0] * len(nodes)
    needs[0] = to_micro(quantity) * (nodes[0].scale // MICRO)
    for index, node in enumerate(nodes):
        need = needs[index]
        if not need:
            continue
        for edge in node.edges:
            needs[edge.child] += need * edge.multiplier + edge.setup
    return needs


def explode(structure: Structure, quantity: Decimal) -> list[Requirement]:
    """Return one requirement per item below the root, by level and code; phantoms are left out."""
    needs = gross_needs(structure, quantity)
    rows: dict[str, Requirement] = {}
    for node, need in zip(structure.nodes[1:], needs[1:], strict=True):
        if node.supply is Supply.PHANTOM:
            continue
        row = _row(node, Fraction(need, node.scale))
        known = rows.get(node.item.code)
        rows[node.item.code] = row if known is None else _merged(known, row)
    return sorted(rows.values(), key=lambda row: (row.level, row.item.code))


def _row(node: Node, exact: Fraction) -> Requirement:
    return Requirement(node.item, node.level, node.supply, exact, node.problem.reason if node.problem else None)


def _merged(one: Requirement, other: Requirement) -> Requirement:
    """Join the roles of one item: made on one line, bought on another."""
    supply = one.item.supply if one.item.supply in (one.supply, other.supply) else one.supply
    return Requirement(
        one.item, max(one.level, other.level), supply, one.exact + other.exact, one.problem or other.problem
    )
