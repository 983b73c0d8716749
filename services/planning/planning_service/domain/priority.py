"""Who comes first: planner's rank, urgency, due date, first come (S43, S44; contract section 4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Urgency(StrEnum):
    """The customer's word; priority is the rank computed from it."""

    RED = "red"
    YELLOW = "yellow"
    GREEN = "green"


URGENCY_WEIGHT = {Urgency.RED: 0, Urgency.YELLOW: 1, Urgency.GREEN: 2}
UNRANKED = 2**31 - 1
"""Sorts behind every rank a planner gives."""


@dataclass(frozen=True, slots=True, order=True)
class Priority:
    """Smaller comes first; equal in all parts means the same demand."""

    planner_rank: int
    urgency_weight: int
    due_date: date
    asked_at: datetime

    @staticmethod
    def of(*, planner_rank: int | None, urgency: Urgency, due_date: date, asked_at: datetime) -> Priority:
        """Return the priority of a demand; a planner's rank (1 is first) goes before everything else."""
        return Priority(planner_rank or UNRANKED, URGENCY_WEIGHT[urgency], due_date, asked_at)

    def sort_key(self) -> str:
        """Return a text that sorts as the priority does: for keyset pages."""
        return (
            f"{self.planner_rank:010d}|{self.urgency_weight}|{self.due_date.isoformat()}"
            f"|{int(self.asked_at.timestamp() * 1_000_000):017d}"
        )
