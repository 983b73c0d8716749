"""A bill compiled for one day: nodes in order of their low-level code, edges with exact integer multipliers.

Quantities inside an explosion are integers counted in 1/scale of the item's stock unit. Each node's scale is chosen
here so that every product below it is whole: no rounding, no greatest common divisors while exploding. A compiled
structure is immutable and may be kept as long as the catalogue and the day's effectivity stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from math import gcd, lcm

from planning_service.domain.bom import Bom, BomLine, BomVersion
from planning_service.domain.catalogue import Catalogue
from planning_service.domain.cycles import refuse_loop
from planning_service.domain.effectivity import Span, steady_around
from planning_service.domain.errors import InactiveItem, PlanningRefusal, TooDeep, TooLarge, UnknownItem
from planning_service.domain.exact import MICRO
from planning_service.domain.item import Item, Supply

ZERO, ONE = Fraction(0), Fraction(1)
MAX_LEVELS = 2_000
MAX_NODES = 200_000

NodeKey = tuple[str, Supply]
"""An item and how it is supplied here: the same item may be a phantom on one line and real on another (X20)."""


@dataclass(slots=True)
class Edge:
    """One bill line inside the structure: child gets `multiplier` x need + `setup` (in the child's scale)."""

    child: int
    line: BomLine
    numerator: int
    denominator: int
    """numerator/denominator stock units of the child per stock unit of the parent, scrap included, in lowest terms."""
    fixed: Fraction = ZERO
    """Stock units lost each time the parent is made, whatever the quantity."""
    multiple: int = 0
    """Pack size of a pick in micro stock units; 0 when any amount may be picked."""
    multiplier: int = 0
    setup: int = 0


@dataclass(slots=True)
class Node:
    """One item in one role. `problem` is why it can't be made; it matters only when something must be made."""

    item: Item
    supply: Supply
    level: int = 0
    scale: int = MICRO
    edges: list[Edge] = field(default_factory=list)
    version: BomVersion | None = None
    problem: PlanningRefusal | None = None


@dataclass(frozen=True, slots=True)
class Structure:
    """The compiled bill of `root` as it holds on every day of `steady`; nodes[0] is the root."""

    root: str
    nodes: tuple[Node, ...]
    steady: Span

    @property
    def item(self) -> Item:
        """Return the root item."""
        return self.nodes[0].item

    def edge_count(self) -> int:
        """Return the number of lines in the structure: what an explosion costs."""
        return sum(len(node.edges) for node in self.nodes)

    def item_codes(self) -> set[str]:
        """Return every item of the structure and every alternate: what availability must be asked for."""
        codes = {node.item.code for node in self.nodes}
        codes.update(a.item_code for node in self.nodes for edge in node.edges for a in edge.line.alternates)
        return codes


def compile_structure(catalogue: Catalogue, root: str, day: date, *, supply: Supply) -> Structure:
    """Return the structure of an item on a day, the root itself made or bought as told.

    Raises UnknownItem for the root, BomCycle, TooDeep and TooLarge. A missing bill, an inactive or unknown component
    or a unit without conversion does not stop the others: it stands as `problem` on its node.
    """
    catalogue.item(root)
    discovery = _Discovery(catalogue, day)
    discovery.run((root, supply))
    ordered = _in_low_level_order(discovery, root, catalogue)
    _set_scales(ordered)
    return Structure(root, tuple(ordered), steady_around(day, discovery.changes()))


class _Discovery:
    """Walks everything below a root once, without recursion."""

    def __init__(self, catalogue: Catalogue, day: date) -> None:
        self.catalogue, self.day = catalogue, day
        self.nodes: list[Node] = []
        self.index: dict[NodeKey, int] = {}
        self.boms: dict[str, Bom] = {}

    def run(self, root: NodeKey) -> None:
        pending = [self._add(root)]
        while pending:
            node = self.nodes[pending.pop()]
            if node.supply is Supply.BUY or node.problem is not None:
                continue
            for line in self._lines(node):
                known = len(self.nodes)
                node.edges.append(self._edge(node, line))
                if len(self.nodes) > known:
                    pending.append(known)

    def changes(self) -> Iterator[date]:
        for bom in self.boms.values():
            yield from bom.changes()

    def _add(self, key: NodeKey) -> int:
        code, supply = key
        self.index[key] = len(self.nodes)
        self.nodes.append(self._node(code, supply))
        if len(self.nodes) > MAX_NODES:
            raise TooLarge(item=self.nodes[0].item.code, limit=MAX_NODES)
        return self.index[key]

    def _node(self, code: str, supply: Supply) -> Node:
        item = self.catalogue.items.get(code)
        if item is None:
            return Node(Item(code, code, "", supply), supply, problem=UnknownItem(item=code))
        return Node(item, supply, problem=None if item.active else InactiveItem(item=code))

    def _lines(self, node: Node) -> list[BomLine]:
        try:
            bom = self.catalogue.bom(node.item.code)
            self.boms[bom.item_code] = bom
            node.version = bom.on(self.day)
        except PlanningRefusal as refusal:
            node.problem = refusal
            return []
        return node.version.lines_on(self.day)

    def _edge(self, parent: Node, line: BomLine) -> Edge:
        item = self.catalogue.items.get(line.component)
        supply = line.supply or (item.supply if item else Supply.BUY)
        child = self.index.get((line.component, supply))
        if child is None:
            child = self._add((line.component, supply))
        return self._terms(parent, child, line)

    def _terms(self, parent: Node, child: int, line: BomLine) -> Edge:
        """Whole numbers throughout: building a fraction object per step would cost most of the compilation."""
        over, under = line.quantity_per.as_integer_ratio()
        to_stock = self._unit_factor(child, line)
        if to_stock is not ONE:
            over, under = over * to_stock.numerator, under * to_stock.denominator
        if line.scrap_rate:
            lost, of = line.scrap_rate.as_integer_ratio()
            over, under = over * (of + lost), under * of
        if parent.version and parent.version.base_quantity != 1:
            base, parts = parent.version.base_quantity.as_integer_ratio()
            over, under = over * parts, under * base
        common = gcd(over, under)
        edge = Edge(child, line, over // common, under // common)
        if line.setup_quantity:
            edge.fixed = Fraction(line.setup_quantity) * to_stock
        if line.rounding_multiple:
            pack = Fraction(line.rounding_multiple) * to_stock
            edge.multiple = -(-pack.numerator * MICRO // pack.denominator)
        return edge

    def _unit_factor(self, child: int, line: BomLine) -> Fraction:
        node = self.nodes[child]
        if not line.unit or line.unit == node.item.unit:
            return ONE
        try:
            return node.item.factor(line.unit, self.catalogue.units)
        except PlanningRefusal as mismatch:
            node.problem = node.problem or mismatch
            return ONE


def _in_low_level_order(found: _Discovery, root: str, catalogue: Catalogue) -> list[Node]:
    """Sort the nodes by low-level code (longest way from the root), then by code; raise BomCycle for a loop."""
    nodes = found.nodes
    waiting = [0] * len(nodes)
    for node in nodes:
        for edge in node.edges:
            waiting[edge.child] += 1
    ready = [0] if not waiting[0] else []
    reached = 0
    while ready:
        node = nodes[ready.pop()]
        reached += 1
        for edge in node.edges:
            child = nodes[edge.child]
            child.level = max(child.level, node.level + 1)
            waiting[edge.child] -= 1
            if not waiting[edge.child]:
                ready.append(edge.child)
    if reached < len(nodes):
        refuse_loop(root, catalogue.components_of)
    return _renumbered(nodes)


def _renumbered(nodes: list[Node]) -> list[Node]:
    deepest = max(node.level for node in nodes)
    if deepest > MAX_LEVELS:
        raise TooDeep(item=nodes[0].item.code, limit=MAX_LEVELS)
    order = sorted(range(len(nodes)), key=lambda i: (nodes[i].level, nodes[i].item.code, nodes[i].supply))
    place = {old: new for new, old in enumerate(order)}
    for node in nodes:
        for edge in node.edges:
            edge.child = place[edge.child]
    return [nodes[i] for i in order]


def _set_scales(nodes: list[Node]) -> None:
    """Choose each node's scale from its parents', then turn every line into whole multipliers."""
    for node in nodes:
        for edge in node.edges:
            child, wanted = nodes[edge.child], node.scale * edge.denominator
            if child.scale % wanted:
                child.scale = lcm(child.scale, wanted)
            if child.scale % edge.fixed.denominator:
                child.scale = lcm(child.scale, edge.fixed.denominator)
    for node in nodes:
        for edge in node.edges:
            scale = nodes[edge.child].scale
            edge.multiplier = scale // (node.scale * edge.denominator) * edge.numerator
            if edge.fixed:
                edge.setup = scale // edge.fixed.denominator * edge.fixed.numerator
