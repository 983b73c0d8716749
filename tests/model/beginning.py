"""Where every history begins, whom it may pick, and how stock moves: what the other rules stand on."""

from __future__ import annotations

import uuid
from collections import Counter
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.model.house import Call, House
from tests.model.ledger import Job, Ledger, Order

few = st.integers(1, 3)
which = st.integers(0, 99)  # an order, a job, a line: taken modulo what there is


class Beginning(RuleBasedStateMachine):
    """A customer, a made item, a sold one, a part; each rule writes down only what it was told was done."""

    house: House
    ledger: Ledger
    seen: Counter[str] = Counter()  # what the histories of this run came by, all together

    @initialize()
    def a_customer_and_three_items(self) -> None:
        suffix = uuid.uuid4().hex[:10].upper()
        made, sold, part, routing = (f"{name}-{suffix}" for name in ("MADE", "SOLD", "PART", "ROAD"))
        steps = [{"sequence": n, "code": f"OP{n}", "name": f"OP{n}", "work_center": "MODEL"} for n in (10, 20)]
        bill = {"routing_code": routing, "lines": [{"component": part, "quantity_per": "2"}]}
        for path, body in (
            (f"/items/{made}", {"name": "made", "unit": "件", "supply": "make"}),
            (f"/items/{sold}", {"name": "sold", "unit": "件", "supply": "buy"}),
            (f"/items/{part}", {"name": "part", "unit": "件", "supply": "buy"}),
            (f"/routings/{routing}", {"operations": steps}),
            (f"/boms/{made}", bill),
        ):
            assert self.house.send(Call("PUT", path, body)).status_code in (200, 201)
        customer = self.house.post("/customers", {"name": f"model {suffix}", "contacts": []}).json()["id"]
        self.ledger = Ledger(customer, made, sold, part)
        self._move("receipt", sold, 4)
        self._move("receipt", part, 6)

    @rule(
        item=st.integers(0, 2),
        kind=st.sampled_from(["receipt", "receipt", "issue", "adjustment", "count"]),
        quantity=few,
    )
    def stock(self, item: int, kind: str, quantity: int) -> None:
        self._move(kind, self.ledger.items[item], quantity)

    def _move(self, kind: str, item: str, quantity: int) -> None:
        before = Decimal(self.house.get(f"/stock/{item}")["on_hand"]) if kind == "count" else Decimal(0)
        body = {"kind": kind, "reason": "model", "lines": [{"item_code": item, "quantity": str(quantity)}]}
        answer = self.house.post("/stock/movements", body)
        if answer.status_code == 201:
            signed = {"receipt": quantity, "adjustment": quantity, "issue": -quantity, "count": quantity - before}
            self.ledger.moved[item] += signed[kind]
        else:
            assert (kind in ("issue", "count"), answer.status_code) == (True, 409), answer.text

    def _order(self, n: int) -> Order:
        return list(self.ledger.orders.values())[n % len(self.ledger.orders)]

    def _job(self, n: int) -> Job:
        return list(self.ledger.jobs.values())[n % len(self.ledger.jobs)]
