"""Compiled structures kept between plans: by root, catalogue revision and the days on which they hold."""

from __future__ import annotations

from collections import OrderedDict
from datetime import date

from planning_service.domain.catalogue import Catalogue
from planning_service.domain.item import Supply
from planning_service.domain.structure import Structure, compile_structure

MAX_KEPT_NODES = 500_000


class StructureShelf:
    """Keeps structures of one catalogue revision; a new revision empties the shelf. Least used leave first."""

    def __init__(self, max_nodes: int = MAX_KEPT_NODES) -> None:
        self._max_nodes, self._nodes = max_nodes, 0
        self._revision: object = None
        self._kept: OrderedDict[tuple[str, Supply], list[Structure]] = OrderedDict()

    def at(self, revision: object) -> StructureShelf:
        """Return the shelf, emptied when the catalogue has another revision than what lies on it."""
        if revision != self._revision:
            self._kept.clear()
            self._revision, self._nodes = revision, 0
        return self

    def get(self, catalogue: Catalogue, root: str, day: date, supply: Supply) -> Structure:
        """Return the structure that holds on the day, compiled now or before."""
        kept = self._kept.setdefault((root, supply), [])
        self._kept.move_to_end((root, supply))
        for structure in kept:
            if structure.steady.contains(day):
                return structure
        structure = compile_structure(catalogue, root, day, supply=supply)
        kept.append(structure)
        self._nodes += len(structure.nodes)
        self._drop_least_used()
        return structure

    def _drop_least_used(self) -> None:
        while self._nodes > self._max_nodes and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._nodes -= sum(len(structure.nodes) for structure in dropped)
