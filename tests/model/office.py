"""What the office does with orders: enters, repeats, changes, cancels, releases, plans."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.e2e.client import Json
from tests.model.beginning import Beginning, few, which
from tests.model.house import Call
from tests.model.ledger import Job, Order

MOST_ORDERS = 3  # so that a history goes deep rather than wide


class Office(Beginning):
    """Orders."""

    @precondition(lambda self: len(self.ledger.orders) < MOST_ORDERS)
    @rule(
        made=st.integers(0, 3), sold=few, days=st.sampled_from([1, 20, 20]), confirm=st.booleans(), twins=st.sampled_from([1, 1, 3]),
        channel=st.sampled_from(["wechat", "phone", "web", "sales_app", "email", "api"]),
    )  # fmt: skip
    def order(self, made: int, sold: int, days: int, confirm: bool, twins: int, channel: str) -> None:
        wanted = [(self.ledger.made, made)] * (made > 0) + [(self.ledger.sold, sold)]
        body: Json = {
            "customer_id": self.ledger.customer, "channel": channel, "source_ref": uuid.uuid4().hex, "confirm": confirm,
            "due_date": str(self.house.stack.today + timedelta(days=days)), "sales_owner": "sales",
            "lines": [{"item_code": item, "quantity": str(quantity)} for item, quantity in wanted],
        }  # fmt: skip
        call = Call("POST", "/orders", body)
        answers = self.house.at_once([call] * twins)
        assert {answer.status_code for answer in answers} == {201}, answers[0].text
        assert len({answer.content for answer in answers}) == 1
        said = answers[0].json()
        lines = {n: (item, Decimal(quantity)) for n, (item, quantity) in enumerate(wanted, 1)}
        warned = any(warning["reason"] == "CAPACITY_CONFIRMATION_REQUIRED" for warning in said["warnings"])
        assert warned == (days < 3), said
        self.ledger.orders[said["number"]] = Order(
            said["number"], said["id"], call.key, body, answers[0].content, lines, hurried=days < 3
        )

    @precondition(lambda self: self.ledger.orders)
    @rule(n=which, change=st.booleans())
    def the_same_key_again(self, n: int, change: bool) -> None:
        order = self._order(n)
        body = {**order.body, "note": "another"} if change else order.body
        answer = self.house.send(Call("POST", "/orders", body, order.key))
        if change:
            assert (answer.status_code, answer.json()["reason"]) == (422, "IDEMPOTENCY_KEY_REUSED")
        else:
            assert (answer.content, answer.headers["idempotent-replayed"]) == (order.answer, "true")

    @precondition(lambda self: self.ledger.orders)
    @rule(n=which, line=which, quantity=st.integers(1, 4))
    def edit(self, n: int, line: int, quantity: int) -> None:
        order = self._order(n)
        if order.ended:
            return
        answer = self.house.send(self._edit(order, line, quantity))
        self._note_edit(order, line, quantity, answer)

    def _edit(self, order: Order, line: int, quantity: int) -> Call:
        changed = 1 + line % len(order.lines)
        lines = [
            {"line_no": no, "item_code": item, "quantity": str(quantity if no == changed else old)}
            for no, (item, old) in order.lines.items()
        ]
        found = self.house.send(Call("GET", f"/orders/{order.number}"))
        return Call("PATCH", f"/orders/{order.number}", {"lines": lines}, etag=found.headers["etag"])

    def _note_edit(self, order: Order, line: int, quantity: int, answer: Any) -> None:
        if answer.status_code != 200:
            return
        changed, was = 1 + line % len(order.lines), order.full
        order.lines[changed] = (order.lines[changed][0], Decimal(quantity))
        order.completed += order.full and not was

    @precondition(lambda self: self.ledger.orders)
    @rule(n=which, quantity=few, how=st.sampled_from(["alone", "with a shipment", "with an edit", "with a plan"]))
    def cancel(self, n: int, quantity: int, how: str) -> None:
        order = self._order(n)
        if order.ended:
            return
        path, calls = f"/orders/{order.number}", []
        if how == "with a shipment":
            calls = [self._shipment(order, len(order.lines), quantity)]
        elif how == "with an edit":
            calls = [self._edit(order, 0, quantity)]
        elif how == "with a plan":
            calls = [Call("POST", f"{path}:plan", {})]
        gone, *other = self.house.at_once([Call("POST", f"{path}:cancel", {"reason": "model"}), *calls])
        if how == "with a shipment":
            self._note_shipment(order, len(order.lines), quantity, other[0])
        if how == "with an edit":
            self._note_edit(order, 0, quantity, other[0])
        if how == "with a plan":
            self._learn(other[0])
        if gone.status_code == 200:
            order.ended = True
            order.cancelled = gone.json()["state"] == "cancelled"

    @precondition(lambda self: self.ledger.orders)
    @rule(n=which, twice=st.booleans())
    def forward(self, n: int, twice: bool) -> None:
        """Do what the office does next: release, confirm capacity, confirm, plan; now and then two people at once."""
        self._forward(self._order(n), people=1 + twice)

    def _forward(self, order: Order, people: int) -> None:
        for _ in range(4):
            state = self.house.get(f"/orders/{order.number}")["state"]
            verb = {
                "suspected_duplicate": "release_duplicate", "needs_capacity_confirmation": "confirm_capacity",
                "submitted": "confirm", "confirmed": "plan",
            }.get(state)  # fmt: skip
            if verb is None:
                break
            answers = self.house.at_once([Call("POST", f"/orders/{order.number}:{verb}", {})] * people)
            assert {answer.status_code for answer in answers} == {200}, answers[0].text
            if verb == "plan":
                assert len({answer.content for answer in answers}) == 1
                self._learn(answers[0])

    def _learn(self, answer: Any) -> None:
        """Note the production orders of a plan."""
        for found in answer.json()["production_orders"] if answer.status_code == 200 else []:
            job = Job(
                found["number"], found["order_number"], found["line_no"], found["item_code"],
                Decimal(found["quantity"]), found["scan_code"],
            )  # fmt: skip
            self.ledger.jobs.setdefault(job.number, job)
