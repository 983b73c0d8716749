"""What suppliers will bring: when a shortage can be covered by deliveries nobody else waits for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from planning_service.domain.exact import to_micro
from planning_service.domain.item import Item


@dataclass(frozen=True, slots=True)
class Arrival:
    """One delivery a supplier has promised; `unclaimed` is what is left when all who wait now have had theirs."""

    number: str
    item_code: str
    open: Decimal
    unclaimed: Decimal
    due_date: date
    supplier: str = ""
    state: str = ""
    late: bool = False


class Arrivals:
    """Deliveries still to be shared out while plans are promised; earliest first."""

    def __init__(self, arrivals: Iterable[Arrival] = ()) -> None:
        self._left: dict[str, list[tuple[date, int]]] = defaultdict(list)
        for arrival in sorted(arrivals, key=lambda one: (one.due_date, one.number)):
            if arrival.unclaimed > 0:
                self._left[arrival.item_code].append((arrival.due_date, to_micro(arrival.unclaimed)))

    def covers(self, item: Item, short: int, today: date) -> date | None:
        """Return when `short` micro of the item can be here; None when nobody knows.

        Deliveries serve first, the rest is bought at the item's lead time; buying everything anew may be faster still.
        A delivery that is late already is hoped for today.
        """
        bought = today + timedelta(days=item.lead_time_days) if item.lead_time_days else None
        last = today
        waiting = self._left.get(item.code, [])
        while short > 0 and waiting:
            due, there = waiting[0]
            taken = min(short, there)
            short -= taken
            last = max(last, due)
            waiting[0] = (due, there - taken)
            if there == taken:
                waiting.pop(0)
        if short > 0:
            return bought
        return min(last, bought) if bought else last
