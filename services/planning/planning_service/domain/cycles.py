"""Loops in the bills: found on every write and once more while exploding, and always named."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from planning_service.domain.errors import BomCycle


def find_loop(start: str, children: Callable[[str], Iterable[str]]) -> tuple[str, ...] | None:
    """Return the first loop that leads from `start` back to an item above it, or None.

    Iterative depth-first search, linear in edges: a thousand levels need no deep call stack.
    """
    path, on_path, done = [start], {start}, set[str]()
    pending = [iter(sorted(children(start)))]
    while pending:
        child = next(pending[-1], None)
        if child is None:
            pending.pop()
            finished = path.pop()
            on_path.discard(finished)
            done.add(finished)
        elif child in on_path:
            return (*path[path.index(child) :], child)
        elif child not in done:
            path.append(child)
            on_path.add(child)
            pending.append(iter(sorted(children(child))))
    return None


def refuse_loop(start: str, children: Callable[[str], Iterable[str]]) -> None:
    """Raise BomCycle naming the loop when the bills reachable from `start` contain one."""
    loop = find_loop(start, children)
    if loop is not None:
        raise BomCycle(loop)
