"""The invariants of reliability.md section 6 that the outside can see, held against the acknowledged facts.

Each is a function of a quiet house and a ledger; its number stands in its name.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from tests.e2e.client import Json
from tests.model.house import SERVICES, House
from tests.model.ledger import Job, Ledger, Order

PER_PIECE = Decimal(2)  # the bill of the history's product
ROAD = ("created", "dispatched", "in_progress", "awaiting_inspection", "received", "completed")
FULL = {"shipped", "signed", "closed"}


def check(house: House, ledger: Ledger) -> None:
    """Raise AssertionError when the quiet house does not say what the history was told."""
    for invariant in INVARIANTS:
        invariant(house, ledger)


def i01_an_acknowledged_order_is_there_once(house: House, ledger: Ledger) -> None:
    rows = house.rows("order", "SELECT number FROM customer_order WHERE customer_id = $1::uuid", ledger.customer)
    assert Counter(row["number"] for row in rows) == Counter(ledger.orders.keys())
    for order in ledger.orders.values():
        found = house.get(f"/orders/{order.number}")
        assert (found["id"], found["source_ref"]) == (order.id, order.body["source_ref"])
        live = {line["line_no"]: line for line in found["lines"]}
        assert {n: (live[n]["item_code"], Decimal(live[n]["quantity"])) for n in order.lines} == order.lines
        _goods_of_the_order(order, found)


def _goods_of_the_order(order: Order, found: Json) -> None:
    """Invariants 8 and 11: what was shipped, returned, received is the sum of what was acknowledged; never too much."""
    for line in found["lines"]:
        n, said = (
            line["line_no"],
            {name: Decimal(line[f"{name}_quantity"]) for name in ("shipped", "returned", "received")},
        )
        assert said == {"shipped": order.shipped[n], "returned": order.returned[n], "received": order.received[n]}, (
            order.number, line,
        )  # fmt: skip
        assert Decimal(0) <= order.net(n) <= Decimal(line["quantity"])
    order.states.append(found["state"])
    if order.ended:
        assert found["state"] in ("cancelled", "closed_short")
    else:
        assert (found["state"] in FULL) == order.full, (order.number, found["state"], order.lines, order.shipped)


def i02_events_are_numbered_without_gaps_and_name_what_exists(house: House, ledger: Ledger) -> None:
    for service in SERVICES:
        odd = house.rows(
            service,
            """SELECT subject, count(*) n, max(sequence) last FROM event_log
               WHERE subject IN (SELECT subject FROM event_log WHERE occurred_at >= $1)
               GROUP BY subject HAVING count(*) <> max(sequence)""",
            house.since,
        )
        assert odd == [], (service, odd)
    subjects = [f"orders/{number}" for number in ledger.orders]
    first = house.rows(
        "order", "SELECT subject, type FROM event_log WHERE subject = ANY($1) AND sequence = 1", subjects
    )
    assert {row["subject"]: row["type"] for row in first} == dict.fromkeys(subjects, "orderhub.order.v1.OrderSubmitted")


def i03_nothing_is_parked(house: House, ledger: Ledger) -> None:
    for service in SERVICES:
        parked = house.rows(
            service, "SELECT type, subject, reason, error FROM parked WHERE parked_at >= $1", house.since
        )
        assert parked == [], (service, parked)


def i04_05_06_stock_is_held_once(house: House, ledger: Ledger) -> None:
    stock = {
        row["item_code"]: row
        for row in house.rows("inventory", "SELECT * FROM stock WHERE item_code = ANY($1)", list(ledger.items))
    }
    moved = _by_item(house, "SELECT item_code, sum(quantity) q FROM stock_movement", ledger)
    held = _by_item(house, "SELECT item_code, sum(got - issued) FILTER (WHERE is_open) q FROM reservation_line", ledger)
    hungry = _by_item(house, "SELECT item_code, sum(need - got) FILTER (WHERE is_open) q FROM reservation_line", ledger)
    for item, row in stock.items():
        assert Decimal(0) <= row["reserved"] <= row["on_hand"], row
        assert row["on_hand"] + row["quarantined"] == moved.get(item, 0) or row["on_hand"] == moved.get(item, 0), row
        assert row["reserved"] == held.get(item, 0), row
        available = row["on_hand"] - row["reserved"]
        assert available <= 0 or hungry.get(item, 0) <= 0, f"{item}: {available} free while {hungry[item]} is wanted"
    wrong = house.rows(
        "inventory",
        """SELECT * FROM reservation_line WHERE item_code = ANY($1)
           AND NOT (0 <= issued AND issued <= got AND got <= need OR NOT is_open AND got <= issued)""",
        list(ledger.items),
    )
    assert wrong == [], wrong


def _by_item(house: House, query: str, ledger: Ledger) -> dict[str, Decimal]:
    rows = house.rows("inventory", f"{query} WHERE item_code = ANY($1) GROUP BY item_code", list(ledger.items))
    return {row["item_code"]: row["q"] or Decimal(0) for row in rows}


def i08_goods_are_conserved(house: House, ledger: Ledger) -> None:
    shipped: Counter[str] = Counter()
    for order in ledger.orders.values():
        for n, (item, _) in order.lines.items():
            shipped[item] += order.net(n)
    made = sum((job.received for job in ledger.jobs.values()), Decimal(0))
    used = _by_item(house, "SELECT item_code, sum(issued) q FROM reservation_line", ledger)
    expected = {
        ledger.made: ledger.moved[ledger.made] + made - shipped[ledger.made],
        ledger.sold: ledger.moved[ledger.sold] - shipped[ledger.sold],
        ledger.part: ledger.moved[ledger.part] - used.get(ledger.part, Decimal(0)),
    }
    for item, amount in expected.items():
        assert _on_hand(house, item) == amount, (item, _on_hand(house, item), amount)


def _on_hand(house: House, item: str) -> Decimal:
    found = house.rows("inventory", "SELECT on_hand FROM stock WHERE item_code = $1", item)
    return Decimal(found[0]["on_hand"]) if found else Decimal(0)


def i09_components_are_what_the_bill_says(house: House, ledger: Ledger) -> None:
    for number in ledger.jobs:
        found = house.get(f"/production-orders/{number}")
        if found["state"] not in ("cancelled", "closed_short"):
            required = {c["item_code"]: Decimal(c["required"]) for c in found["components"]}
            assert required == {ledger.part: PER_PIECE * Decimal(found["quantity"])}, found


def i10_a_job_only_moves_forward(house: House, ledger: Ledger) -> None:
    for job in ledger.jobs.values():
        found = house.get(f"/production-orders/{job.number}")
        if not job.states or job.states[-1] != found["state"]:
            job.states.append(found["state"])
        road = [ROAD.index(state) for state in job.states if state in ROAD]
        assert road == sorted(road), (job.number, job.states)
        _times_of(found)
        if found["state"] not in ("cancelled", "closed_short"):
            said = {op["sequence"]: Decimal(op["good_quantity"]) for op in found["operations"]}
            assert said == {sequence: job.good[sequence] for sequence in said}, (job.number, said, job.good)
            target = house.get(f"/scan-targets/{job.scan_code}")
            assert (Decimal(target["passed"]), Decimal(target["received"])) == (job.passed, job.received), target


def _times_of(found: Json) -> None:
    for operation in found["operations"]:
        if operation["started_at"] and operation["finished_at"]:
            assert operation["started_at"] <= operation["finished_at"], operation


def i11_a_complete_order_is_told_and_billed_once(house: House, ledger: Ledger) -> None:
    for order in ledger.orders.values():
        told = house.rows(
            "order",
            "SELECT type, count(*) n FROM event_log WHERE subject = $1 GROUP BY type",
            f"orders/{order.number}",
        )
        times = {row["type"].rsplit(".", 1)[1]: row["n"] for row in told}
        assert times.get("OrderFullyShipped", 0) == order.completed, (order.number, times, order.completed)
        tasks = house.get(f"/invoice-tasks?order={order.number}")["items"]
        assert sum(task["state"] == "open" for task in tasks) <= 1, tasks
        # A return after the invoice opens the task again; what left before a cancellation is invoiced, too.
        if not order.ended and not any(order.returned.values()):
            assert len(tasks) == times.get("InvoiceTaskOpened", 0) == order.completed, (order.number, tasks, times)
        sent = house.rows(
            "notify",
            "SELECT id FROM notification WHERE order_number = $1 AND subscription = 'customer_shipped'",
            order.number,
        )
        assert len(sent) == order.completed, (order.number, sent)


def i12_a_cancelled_order_holds_nothing(house: House, ledger: Ledger) -> None:
    ended = [order.number for order in ledger.orders.values() if order.cancelled]
    held = house.rows(
        "inventory",
        "SELECT * FROM reservation_line WHERE order_number = ANY($1) AND is_open AND got > issued",
        ended,
    )
    assert held == [], held
    jobs = house.rows(
        "planning", "SELECT number, state FROM production_order WHERE order_number = ANY($1) AND live", ended
    )
    assert jobs == [], jobs


def i13_nobody_is_told_twice(house: House, ledger: Ledger) -> None:
    twice = house.rows(
        "notify",
        """SELECT a.notification_id FROM delivery_attempt a JOIN notification n ON n.id = a.notification_id
           WHERE n.order_number = ANY($1) AND a.result = 'sent' GROUP BY 1 HAVING count(*) > 1""",
        list(ledger.orders),
    )
    assert twice == [], twice


def i17_scans_given_again_change_nothing(house: House, ledger: Ledger) -> None:
    if not ledger.scans:
        return
    before = _jobs(house, ledger)
    again = house.post("/scans:batch", {"scans": [scan for scan, _ in ledger.scans]}).json()
    for (_, first), second in zip(ledger.scans, _verdicts(again), strict=True):
        assert {**second, "result": first["result"]} == first, (first, second)
        assert second["result"] == "duplicate" or first["result"] != "applied", second
        assert first["result"] not in ("rejected", "conflict") or first["reason"], first
    assert _jobs(house, ledger) == before


def _jobs(house: House, ledger: Ledger) -> list[tuple[Any, ...]]:
    rows = house.rows(
        "planning",
        """SELECT p.number, p.state, p.version, o.sequence, o.good, o.scrap FROM production_order p
           JOIN operation o ON o.production_order_number = p.number WHERE p.number = ANY($1) ORDER BY 1, 4""",
        list(ledger.jobs),
    )
    return [tuple(row) for row in rows]


def _verdicts(answer: Json) -> list[Json]:
    found: list[Json] = answer["verdicts"] if "verdicts" in answer else answer["items"]
    return found


def i21_a_hurried_order_is_told_to_the_supervisor_once(house: House, ledger: Ledger) -> None:
    rows = house.rows(
        "notify",
        """SELECT order_number, count(*) n FROM notification WHERE order_number = ANY($1)
           AND subscription = 'capacity_copy' GROUP BY 1""",
        list(ledger.orders),
    )
    assert {row["order_number"]: row["n"] for row in rows} == {
        order.number: 1 for order in ledger.orders.values() if order.hurried
    }


INVARIANTS = [
    i01_an_acknowledged_order_is_there_once,
    i02_events_are_numbered_without_gaps_and_name_what_exists,
    i03_nothing_is_parked,
    i04_05_06_stock_is_held_once,
    i08_goods_are_conserved,
    i09_components_are_what_the_bill_says,
    i10_a_job_only_moves_forward,
    i11_a_complete_order_is_told_and_billed_once,
    i12_a_cancelled_order_holds_nothing,
    i13_nobody_is_told_twice,
    i17_scans_given_again_change_nothing,
    i21_a_hurried_order_is_told_to_the_supervisor_once,
]
__all__ = ["Job", "check"]
