"""Random histories over REST: what a factory does to its orders, and what goes wrong on the way (reliability.md section 6)."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.model.beginning import which
from tests.model.checks import check
from tests.model.floor import Floor
from tests.model.goods import Goods
from tests.model.office import Office


class Factory(Office, Floor, Goods):
    """All of it together."""

    @precondition(lambda self: self.ledger.orders)
    @rule(n=which, far=st.integers(1, 4))
    def a_good_day(self, n: int, far: int) -> None:
        """What happens when nothing goes wrong, sometimes only so far: planned, made, shipped, signed and invoiced."""
        order = self._order(n)
        if order.ended:
            return
        self._forward(order, people=1)
        self._move("receipt", self.ledger.part, 6)
        for job in [job for job in self.ledger.jobs.values() if job.order == order.number and far > 1]:
            self._work(job, 8, Decimal(3))
        if far > 2:
            self._ship_the_rest(order)
        if far > 3:
            self.house.quiesce()
            for number in order.shipments:
                self._sign(number)
            self._invoice(order, people=1)

    @precondition(lambda self: self.ledger.orders)
    @rule()
    def quiet(self) -> None:
        self.house.quiesce()
        check(self.house, self.ledger)

    def teardown(self) -> None:
        if hasattr(self, "ledger"):
            self.house.quiesce()
            check(self.house, self.ledger)
            self.seen.update(self._reached())

    def _reached(self) -> Counter[str]:
        orders, jobs = self.ledger.orders.values(), self.ledger.jobs.values()
        found = Counter(f"order {state}" for order in orders for state in set(order.states))
        found.update(f"job {state}" for job in jobs for state in set(job.states))
        found.update(f"scan {verdict['result']}" for _, verdict in self.ledger.scans)
        found.update(
            returned=sum(any(order.returned.values()) for order in orders), shipments=len(self.ledger.shipments)
        )
        return found
