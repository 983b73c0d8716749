"""Netting one order line level by level: stock first, then child production orders for the rest (S39, X16).

Every node is visited once, after everything that needs it. A component of several parents keeps one need per parent,
so that each production order knows what it waits for. Phantoms pass their parents' needs on to their own components.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from planning_service.domain.errors import NoRouting, QuantityNotRepresentable
from planning_service.domain.exact import LIMIT_MICRO, MICRO, ceil_to_step
from planning_service.domain.item import Supply
from planning_service.domain.needs import ORDER_LINE, ComponentNeed, Draft, LineNet
from planning_service.domain.stock_pool import StockPool, pick_step
from planning_service.domain.structure import Edge, Node, Structure


class _Want(NamedTuple):
    """One parent's exact want of a node, in 1/scale of the node."""

    owner: int
    exact: int
    edge: Edge | None


def net_line(
    structure: Structure, quantity: int, pool: StockPool, *, line_no: int, due_date: date, first_index: int
) -> LineNet:
    """Net `quantity` micro of the structure's root against the pool; drafts are numbered from `first_index`.

    Raises the PlanningRefusal of the first item that would have to be made and can't be: the caller undoes the pool.
    """
    own = ComponentNeed(structure.item, ORDER_LINE, line_no)
    net = LineNet(line_no, structure.item, quantity, own)
    _Netting(structure, pool, net, due_date, first_index).run()
    return net


class _Netting:
    def __init__(self, structure: Structure, pool: StockPool, net: LineNet, due_date: date, first_index: int) -> None:
        self.nodes, self.pool, self.net = structure.nodes, pool, net
        self.due_date, self.first_index = due_date, first_index
        self.wants: list[list[_Want]] = [[] for _ in self.nodes]

    def run(self) -> None:
        root = self.nodes[0]
        self.wants[0].append(_Want(ORDER_LINE, self.net.quantity * (root.scale // MICRO), None))
        for node, wants in zip(self.nodes, self.wants, strict=True):
            if not wants:
                continue
            if node.supply is Supply.BUY:
                self._buy(node, wants)
            elif node.supply is Supply.MAKE:
                self._make(node, wants)
            else:
                self._pass_through(node, wants)

    def _buy(self, node: Node, wants: list[_Want]) -> None:
        if node.problem is not None:
            raise node.problem
        for want in wants:
            edge = want.edge
            picked = self.pool.round_pick(node.item, want.exact, node.scale, edge.multiple if edge else 0)
            need = self._need(node, want.owner)
            need.required += _checked(picked)
            need.from_stock += self.pool.take(node.item, picked)
            if edge and edge.line.alternates:
                need.want_alternates(edge.line.ordered_alternates())

    def _make(self, node: Node, wants: list[_Want]) -> None:
        total = sum([want.exact for want in wants])
        step, unit = pick_step(node.item, 0), node.scale // MICRO
        required = _checked(ceil_to_step(total, unit, step))
        taken = self.pool.take(node.item, required)
        waiting = self._share(node, wants, taken, step)
        if required > taken:
            self._draft(node, waiting, making=required - taken, exact=max(0, total - taken * unit))

    def _share(self, node: Node, wants: list[_Want], taken: int, step: int) -> list[int]:
        """Split the rounded requirement over the parents, in order, so that the shares add up to it.

        Returns the production orders that wait for more than stock gives them.
        """
        sofar = rounded = 0
        waiting: dict[int, None] = {}
        for want in wants:
            sofar += want.exact
            share = ceil_to_step(sofar, node.scale // MICRO, step) - rounded
            rounded += share
            need = self._need(node, want.owner)
            from_stock = min(taken, share)
            taken -= from_stock
            need.required += share
            need.from_stock += from_stock
            need.from_production += share - from_stock
            if share > from_stock and want.owner != ORDER_LINE:
                waiting[want.owner] = None
        return list(waiting)

    def _draft(self, node: Node, parents: list[int], *, making: int, exact: int) -> None:
        if node.problem is not None:
            raise node.problem
        if node.version is None or not node.version.routing_code:
            raise NoRouting(item=node.item.code)
        index = self.first_index + len(self.net.drafts)
        draft = Draft(index, self.net.line_no, node.item, making, node.version, self.due_date, parents)
        self.net.drafts.append(draft)
        self._push(node, [(index, exact)])

    def _pass_through(self, node: Node, wants: list[_Want]) -> None:
        by_owner: dict[int, int] = {}
        for want in wants:
            by_owner[want.owner] = by_owner.get(want.owner, 0) + want.exact
        if node.item.stock_first:
            by_owner = {owner: self._own_stock_first(node, owner, exact) for owner, exact in by_owner.items()}
        wanting = [(owner, exact) for owner, exact in by_owner.items() if exact]
        if wanting and node.problem is not None:
            raise node.problem
        self._push(node, wanting)

    def _own_stock_first(self, node: Node, owner: int, exact: int) -> int:
        unit = node.scale // MICRO
        step = pick_step(node.item, 0)
        taken = self.pool.take(node.item, exact // (unit * step) * step)
        if taken:
            need = self._need(node, owner)
            need.required += taken
            need.from_stock += taken
        return exact - taken * unit

    def _push(self, node: Node, owners: list[tuple[int, int]]) -> None:
        """Hand the owners' exact needs on to the components; a line's setup is lost once, by the first owner."""
        for edge in node.edges:
            setup = edge.setup
            for owner, exact in owners:
                want = exact * edge.multiplier + setup
                setup = 0
                if want:
                    self.wants[edge.child].append(_Want(owner, want, edge))

    def _need(self, node: Node, owner: int) -> ComponentNeed:
        if owner == ORDER_LINE:
            if node.item.code == self.net.need.item.code:
                return self.net.need
            raise AssertionError("an order line needs its own item only")
        components = self.net.drafts[owner - self.first_index].components
        need = components.get(node.item.code)
        if need is None:
            need = components[node.item.code] = ComponentNeed(node.item, owner, self.net.line_no)
        return need


def _checked(micro: int) -> int:
    if micro >= LIMIT_MICRO:
        raise QuantityNotRepresentable(quantity=f"{micro}e-6")
    return micro
