"""Reservation lines: what one demand needs of one item, holds, and has consumed. 0 <= issued <= got <= need."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from inventory_service.domain.quantity import ZERO

NO_RANK = 2_147_483_647
NO_DATE = date(9999, 12, 31)
URGENCIES = ("red", "yellow", "green")
SOFT = len(URGENCIES)
"""Rank of a hold that is no demand yet: behind every firm one."""


@dataclass(frozen=True, slots=True, order=True)
class Demand:
    """Who needs: a production order, or (production_order empty) the stocked lines of a customer order."""

    order: str
    production_order: str = ""


@dataclass(frozen=True, slots=True, order=True)
class LineKey:
    """One line of one demand."""

    production_order: str
    order: str
    line_no: int
    item: str

    @property
    def demand(self) -> Demand:
        return Demand(self.order, self.production_order)


@dataclass(frozen=True, slots=True)
class Claim:
    """What decides who comes first: planner's rank, urgency, due date, then first come."""

    urgency: int = 2
    due: date = NO_DATE
    rank: int = NO_RANK


@dataclass(frozen=True, slots=True)
class Line:
    """A reservation line; `asked` says that a plan asked for it (made goods are held without being asked for)."""

    key: LineKey
    unit: str
    need: Decimal
    got: Decimal = ZERO
    issued: Decimal = ZERO
    claim: Claim = Claim()
    is_open: bool = True
    asked: bool = True
    traceparent: str = ""
    expires_at: datetime | None = None
    """Set while the line is soft: held for an intent order until then."""
    revision: int = field(default=1, compare=False)
    """Rises with each change: who hears of the line twice knows which word is newer."""

    @property
    def held(self) -> Decimal:
        return self.got - self.issued

    @property
    def hungry(self) -> Decimal:
        return self.need - self.got if self.is_open else ZERO

    def granted(self, got: Decimal) -> Line:
        """Return the line holding `got`; the constructor at once, since whole batches pass through here."""
        return Line(
            self.key, self.unit, self.need, got, self.issued, self.claim, self.is_open, self.asked, self.traceparent,
            self.expires_at, self.revision,
        )  # fmt: skip

    def fed(self, quantity: Decimal) -> Line:
        """Return the line holding `quantity` more, or less."""
        return self._changed(got=self.got + quantity)

    def needing(self, need: Decimal) -> Line:
        """Return the line with another need; never below what was consumed, giving back what is too much."""
        need = max(need, self.issued)
        return self._changed(need=need, got=min(self.got, need))

    def consuming(self, wanted: Decimal, free: Decimal) -> tuple[Line, Decimal]:
        """Return the line after consuming up to `wanted` from what it holds, then from `free`, and how much that was."""
        taken = min(wanted, self.held + max(free, ZERO))
        got = max(self.got, self.issued + taken)
        return self._changed(issued=self.issued + taken, got=got, need=max(self.need, got)), taken

    def given_back(self, quantity: Decimal) -> Line:
        """Return the line with consumed goods brought back: held again while it is open."""
        issued = self.issued - quantity
        return self._changed(issued=issued, got=self.got if self.is_open else issued)

    def back_to_plan(self, planned: Decimal) -> Line:
        """Return the line needing no more than the plan says, or was consumed: what an override added ends with its return."""
        return self.needing(min(self.need, max(planned, self.issued)))

    def receiving(self, quantity: Decimal, limit: Decimal) -> Line:
        """Return the line holding `quantity` more made goods; its need grows with them up to `limit`."""
        got = self.got + quantity
        return self._changed(got=got, need=max(got, min(self.need + quantity, limit)), is_open=True)

    def closed(self) -> Line:
        """Return the line holding nothing."""
        return self._changed(got=self.issued, is_open=False)

    def _changed(self, **values: Any) -> Line:
        return replace(self, revision=self.revision + 1, **values)


def urgency_word(rank: int) -> str:
    """Return the word of a rank; a soft hold reads as green."""
    return URGENCIES[min(rank, len(URGENCIES) - 1)]


def urgency_rank(word: str) -> int:
    """Return 0 for red, 1 for yellow, 2 for green; anything unknown comes last."""
    return URGENCIES.index(word) if word in URGENCIES else len(URGENCIES) - 1
