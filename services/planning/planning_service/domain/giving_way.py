"""Who could give way: reservations ranked behind a demand, the last in rank first (S43; contract 4, stock held)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from planning_service.domain.exact import ZERO
from planning_service.domain.priority import URGENCY_WEIGHT, Urgency

Rank = tuple[int, date]


def rank_of(urgency: Urgency, due_date: date | None) -> Rank:
    """Return what sorts who holds stock: smaller comes first, without a due date last of its urgency."""
    return URGENCY_WEIGHT[urgency], due_date or date.max


@dataclass(frozen=True, slots=True)
class Claim:
    """What one demand holds of an item and has not consumed yet."""

    order_number: str
    production_order_number: str
    line_no: int
    item_code: str
    reserved: Decimal
    unit: str
    urgency: Urgency
    due_date: date | None

    def rank(self) -> Rank:
        """Return what sorts claims: smaller comes first."""
        return rank_of(self.urgency, self.due_date)


@dataclass(frozen=True, slots=True)
class Displacement:
    """What one claim would give."""

    claim: Claim
    quantity: Decimal


def behind(claims: Iterable[Claim], order_number: str, rank: Rank) -> list[Claim]:
    """Return the claims of other orders ranked behind, the very last first."""
    found = [c for c in claims if c.reserved > 0 and c.order_number != order_number and c.rank() > rank]
    return sorted(found, key=lambda c: (c.rank(), c.order_number, c.production_order_number), reverse=True)


def displace(short: Decimal, claims: Sequence[Claim]) -> tuple[list[Displacement], Decimal]:
    """Take what is short from the claims in order; return what each gives and what stays short."""
    taken: list[Displacement] = []
    for claim in claims:
        if short <= 0:
            break
        quantity = min(short, claim.reserved)
        taken.append(Displacement(claim, quantity))
        short -= quantity
    return taken, max(ZERO, short)
