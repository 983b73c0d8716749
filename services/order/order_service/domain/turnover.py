"""How long finished goods lay in the warehouse: pieces leave in the order in which they came (S80)."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from order_service.domain.stages import Span


@dataclass(frozen=True, slots=True)
class Movement:
    """A quantity of one line received or shipped."""

    line_no: int
    at: datetime
    quantity: Decimal


def turnover(received: Iterable[Movement], shipped: Iterable[Movement]) -> tuple[Span, ...]:
    """Return from receipt to shipment of what was both, weighted by quantity; what left before it came lay for no time."""
    lying: dict[int, deque[Movement]] = defaultdict(deque)
    for movement in sorted(received, key=lambda one: one.at):
        lying[movement.line_no].append(movement)
    spans: list[Span] = []
    for movement in sorted(shipped, key=lambda one: one.at):
        spans += _taken(movement, lying[movement.line_no])
    return tuple(spans)


def _taken(shipped: Movement, lying: deque[Movement]) -> list[Span]:
    spans, left = [], shipped.quantity
    while left > 0 and lying:
        first = lying.popleft()
        quantity = min(left, first.quantity)
        spans.append(Span(min(first.at, shipped.at), shipped.at, quantity))
        left -= quantity
        if first.quantity > quantity:
            lying.appendleft(Movement(first.line_no, first.at, first.quantity - quantity))
    return spans
