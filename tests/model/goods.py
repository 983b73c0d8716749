"""What happens to goods: they go out, come back, are signed for and invoiced."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.model.beginning import Beginning, few, which
from tests.model.house import Call
from tests.model.ledger import Order


class Goods(Beginning):
    """Shipments, returns, signatures, invoices."""

    @precondition(lambda self: self.ledger.orders)
    @rule(n=which, line=which, quantity=st.integers(1, 4), twice=st.booleans())
    def ship(self, n: int, line: int, quantity: int, twice: bool) -> None:
        order = self._order(n)
        no = 1 + line % len(order.lines)
        answers = self.house.at_once([self._shipment(order, no, quantity)] * (1 + twice))
        assert len({answer.status_code for answer in answers}) == 1, answers
        self._note_shipment(order, no, quantity, answers[0])

    @staticmethod
    def _shipment(order: Order, no: int, quantity: int | Decimal) -> Call:
        lines = [{"order": order.number, "line_no": no, "quantity": str(quantity)}]
        return Call("POST", "/shipments", {"scan_id": str(uuid.uuid4()), "lines": lines, "tracking_numbers": ["SF1"]})

    def _note_shipment(self, order: Order, no: int, quantity: int | Decimal, answer: Any) -> None:
        over = order.net(no) + quantity > order.lines[no][1]
        if answer.status_code == 201:
            assert not over, answer.text
            was = order.full
            order.shipped[no] += quantity
            order.completed += order.full and not was
            self.ledger.shipments.append(answer.json()["number"])
            order.shipments.append(answer.json()["number"])
        elif answer.json()["reason"] == "OVER_SHIPMENT":
            assert over or order.ended, (order, answer.text)

    @precondition(lambda self: any(not order.ended for order in self.ledger.orders.values()))
    @rule(n=which)
    def ship_the_rest(self, n: int) -> None:
        """Bring in what is missing of the sold item and send everything that is there."""
        self._ship_the_rest(self._order(n))

    def _ship_the_rest(self, order: Order) -> None:
        for no, (item, quantity) in order.lines.items():
            left = quantity - order.net(no)
            if item == self.ledger.sold:
                self._move("receipt", item, int(left) or 1)
            if left > 0:
                self._note_shipment(order, no, left, self.house.send(self._shipment(order, no, left)))

    @precondition(lambda self: any(order.shipped for order in self.ledger.orders.values()))
    @rule(n=which, line=which, quantity=few)
    def take_back(self, n: int, line: int, quantity: int) -> None:
        out = [order for order in self.ledger.orders.values() if any(order.net(no) > 0 for no in order.lines)]
        if not out:
            return
        order = out[n % len(out)]
        no = 1 + line % len(order.lines)
        lines = [{"order": order.number, "line_no": no, "quantity": str(quantity)}]
        answer = self.house.post("/returns", {"scan_id": str(uuid.uuid4()), "lines": lines, "reason": "model"})
        assert (answer.status_code == 201) == (quantity <= order.net(no)), (order, answer.text)
        if answer.status_code == 201:
            order.returned[no] += quantity

    @precondition(lambda self: self.ledger.shipments)
    @rule(n=which)
    def sign(self, n: int) -> None:
        self._sign(self.ledger.shipments[n % len(self.ledger.shipments)])

    def _sign(self, number: str) -> None:
        assert self.house.post(f"/shipments/{number}:sign", {"signed_by": "model"}).status_code == 200
        self.seen["signature"] += 1

    @precondition(lambda self: any(order.completed for order in self.ledger.orders.values()))
    @rule(n=which, twice=st.booleans())
    def invoice(self, n: int, twice: bool) -> None:
        self._invoice(self._order(n), people=1 + twice)

    def _invoice(self, order: Order, people: int) -> None:
        for task in self.house.get(f"/invoice-tasks?state=open&order={order.number}")["items"]:
            call = Call("POST", f"/invoice-tasks/{task['id']}:invoice", {"invoice_no": f"FP-{task['id']}"})
            assert {a.status_code for a in self.house.at_once([call] * people)} == {200}
