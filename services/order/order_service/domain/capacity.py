"""The rule of near due dates: which of them planning must confirm capacity for (S25)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from order_service.domain.errors import FieldProblem, Invalid
from order_service.domain.texts import checked_texts

USUAL_DAYS, MOST_DAYS = 3, 90
COUNTED = ("calendar", "working")
REASON_LENGTH = 200
_FAR = 4_000  # days; a factory that never works confirms everything


@dataclass(frozen=True, slots=True)
class CapacityRule:
    """A date earlier than so many days from today needs a confirmation; 0 days: none does."""

    days: int = USUAL_DAYS
    counted: str = "calendar"  # or working: only days the factory works count

    def notice(self, today: date, is_workday: Callable[[date], bool] = lambda _: True) -> CapacityNotice:
        """Return what the rule says today; which days are worked matters to working days only."""
        if self.days == 0:
            return CapacityNotice(0, None)
        if self.counted == "calendar":
            return CapacityNotice(self.days, today + timedelta(days=self.days))
        left, ahead = self.days, 0
        while left and ahead < _FAR:
            ahead += 1
            left -= is_workday(today + timedelta(days=ahead))
        return CapacityNotice(self.days, today + timedelta(days=ahead))


@dataclass(frozen=True, slots=True)
class CapacityNotice:
    """The rule as it stands on one day: `safe_from` is the first date that needs no confirmation; None: every one."""

    days: int
    safe_from: date | None

    def is_near(self, dates: Iterable[date]) -> bool:
        """True when any date needs a confirmation."""
        return self.safe_from is not None and any(due < self.safe_from for due in dates)


def check_rule(days: int, counted: str, reason: str) -> CapacityRule:
    """Return the rule somebody typed; raise Invalid with every problem."""
    problems = checked_texts({"reason": (reason, REASON_LENGTH)})
    if not 0 <= days <= MOST_DAYS:
        problems.append(FieldProblem("days", "NUMBER_OUT_OF_RANGE", {"min": "0", "max": str(MOST_DAYS)}))
    if counted not in COUNTED:
        params = {"value": counted[:40], "known": ",".join(COUNTED)}
        problems.append(FieldProblem("counted", "DAYS_COUNTED_UNKNOWN", params))
    if problems:
        raise Invalid(problems)
    return CapacityRule(days, counted)
