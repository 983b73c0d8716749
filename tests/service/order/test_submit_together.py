"""Entries that wait together share a transaction; each is answered, refused, repeated, told and audited as if alone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from orderhub.order.v1 import customer_pb2, order_pb2

from chassis import notes, principal
from chassis.errors import KeyReused
from chassis.principal import Principal
from chassis.sql import text
from order_service.adapters.new_orders import NewOrderRows
from order_service.domain.errors import Conflict, Invalid
from order_service.entrypoints.submissions import LONG
from tests.service.order.conftest import World

TRANSACTIONS = "SELECT xmin::text AS transaction, count(*) AS n FROM customer_order GROUP BY 1 ORDER BY 2"


async def known_items(world: World) -> None:
    """Let the order service have its copies, and start from no orders in this round."""
    await world.submit(("A", "7"), ("B", "7"), ("C", "7"), source_ref="before")


async def at_once(world: World, *requests: Any) -> list[Any]:
    return await asyncio.gather(*(world.orders.SubmitOrder(one, None) for one in requests), return_exceptions=True)


async def shared(world: World) -> list[int]:
    """Return how many orders each transaction made, the first one's left out."""
    return sorted(
        row["n"] for row in await world.rows(TRANSACTIONS.replace("GROUP", "WHERE source_ref <> 'before' GROUP"))
    )


async def test_those_who_wait_share_a_transaction_and_each_has_an_order_of_its_own(world: World) -> None:
    await known_items(world)
    requests = [world.submission(("A", str(n)), ("C", "2.5"), source_ref=f"R{n}", urgency="red") for n in range(1, 9)]

    answers = await at_once(world, *requests)

    assert await shared(world) == [8]
    assert [answer.order.source_ref for answer in answers] == [f"R{n}" for n in range(1, 9)]
    assert [answer.order.lines[0].quantity for answer in answers] == [str(n) for n in range(1, 9)]
    assert len({answer.order.number for answer in answers}) == 8
    for answer in answers:
        assert answer.order == await world.order(answer.order.id)
        assert await world.names(answer.order.number) == ["OrderSubmitted"]
        entries = await world.rows("SELECT what, actor FROM timeline WHERE order_id = :id", id=_uuid(answer.order.id))
        assert entries == [{"what": "OrderSubmitted", "actor": "li.na"}]


async def test_a_repeated_round_gets_the_first_answers_and_makes_nothing_new(world: World) -> None:
    await known_items(world)
    requests = [world.submission(("A", str(n)), source_ref=f"R{n}") for n in range(1, 6)]
    first = await at_once(world, *requests)

    again = await at_once(world, *requests)

    assert again == first
    assert await shared(world) == [5]
    requests[0].context.fingerprint = "another body"
    refused, *others = await at_once(world, *requests)
    assert isinstance(refused, KeyReused)
    assert others == first[1:]


async def test_one_bad_entry_is_refused_alone_and_its_key_stays_free(world: World) -> None:
    await known_items(world)
    await world.submit(("B", "1"), source_ref="taken", channel="phone")
    bad = [
        world.submission(("A", "1.5"), key="bad-1", source_ref="X1"),
        world.submission(("A", "1"), key="bad-2", source_ref="taken", channel="phone"),
        world.submission(("NOPE", "1"), key="bad-3", source_ref="X3"),
        world.submission(("A", "1"), key="bad-4", source_ref="X4", customer_id="nobody"),
    ]
    good = [world.submission(("A", str(n)), source_ref=f"R{n}") for n in range(1, 5)]

    answers = await at_once(world, *(one for pair in zip(bad, good, strict=True) for one in pair))

    refusals, accepted = answers[::2], answers[1::2]
    assert [type(one) for one in refusals] == [Invalid, Conflict, Invalid, Invalid]
    assert refusals[0].fields[0].reason == "QUANTITY_NOT_WHOLE"
    assert [one.order.source_ref for one in accepted] == ["R1", "R2", "R3", "R4"]
    assert 4 in await shared(world)
    assert await world.rows("SELECT 1 FROM idempotency WHERE key LIKE 'bad-%'") == []
    assert await world.rows("SELECT 1 FROM audit_log WHERE key LIKE 'bad-%'") == []
    corrected = world.submission(("A", "2"), key="bad-1", source_ref="X1")
    assert (await world.orders.SubmitOrder(corrected, None)).order.state == "submitted"


async def test_entries_of_one_wish_in_a_round_see_each_other(world: World) -> None:
    await known_items(world)
    due = "2026-12-20"
    same_ref = [world.submission(("A", "1"), source_ref="W", channel="wechat") for _ in range(3)]
    same_goods = [world.submission(("B", "2"), source_ref="", due_date=due) for _ in range(3)]
    named = world.submission(("B", "2"), source_ref="N", due_date=due)

    answers = await at_once(world, *same_ref, named, *same_goods)

    assert sum(isinstance(one, Conflict) for one in answers[:3]) == 2
    states = [one.order.state for one in answers[3:]]
    assert states[0] == "submitted"
    assert sorted(states[1:]) == ["suspected_duplicate"] * 3


async def test_a_round_that_fails_leaves_each_to_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await known_items(world)
    tried: list[int] = []

    async def fails(_: NewOrderRows, orders: Any) -> None:
        tried.append(len(orders))
        raise RuntimeError("the disk said no")

    monkeypatch.setattr(NewOrderRows, "add_all", fails)
    requests = [world.submission(("A", str(n)), source_ref=f"R{n}") for n in range(1, 6)]
    answers = await at_once(world, *requests)

    assert tried == [5]
    assert [answer.order.source_ref for answer in answers] == [f"R{n}" for n in range(1, 6)]
    assert await shared(world) == [1, 1, 1, 1, 1]
    for answer in answers:
        assert await world.names(answer.order.number) == ["OrderSubmitted"]


async def test_a_customer_held_by_somebody_delays_only_its_own_orders(world: World) -> None:
    await known_items(world)
    other = await world.new_customer("另一家", contacts=[{"name": "赵", "phone": "139 0013 9000"}])
    mine = [world.submission(("A", str(n)), source_ref=f"R{n}") for n in range(1, 4)]
    held = world.submission(("A", "9"), source_ref="held", customer_id=other.id)

    async with world.service.database.transaction(who="someone") as unit:
        await unit.execute(text("SELECT 1 FROM customer WHERE id = :id FOR UPDATE"), {"id": _uuid(other.id)})
        waiting = asyncio.create_task(world.orders.SubmitOrder(held, None))
        answers = await at_once(world, *mine)
        assert [answer.order.state for answer in answers] == ["submitted"] * 3
        assert not waiting.done()

    assert (await waiting).order.customer.id == other.id


async def test_an_entry_for_a_customer_merged_away_goes_to_who_stayed(world: World) -> None:
    await known_items(world)
    other = await world.new_customer("旧名", contacts=[{"name": "王工", "phone": "139 0013 9000"}])
    merge = customer_pb2.MergeCustomerRequest(
        context=world.context(), customer_id=world.customer.id, absorbed_id=other.id
    )
    await world.customers.MergeCustomer(merge, None)
    requests = [world.submission(("A", str(n)), source_ref=f"R{n}") for n in range(1, 4)]
    requests.append(world.submission(("A", "8"), source_ref="R8", customer_id=other.id))

    answers = await at_once(world, *requests)

    assert {answer.order.customer.id for answer in answers} == {world.customer.id}
    assert await shared(world) == [1, 3]


async def test_each_speaks_for_its_own_caller(world: World) -> None:
    from opentelemetry.sdk.trace import TracerProvider

    await known_items(world)
    tracer = TracerProvider().get_tracer("test")
    heard: dict[str, tuple[str, notes.Notes, Any]] = {}

    async def call(who: str, role: str) -> None:
        principal.current.set(Principal(who, "user", frozenset({role})))
        beside = notes.Notes()
        notes.current.set(beside)
        line = order_pb2.LineEntry(item_code="A", quantity="1", unit_price="12.5")
        request = world.submission(lines=[line], source_ref=who, key="the same")
        with tracer.start_as_current_span(who) as span:
            answer = await world.orders.SubmitOrder(request, None)
            heard[who] = (f"{span.get_span_context().trace_id:032x}", beside, answer.order)

    await asyncio.gather(call("zhao", "clerk"), call("qian", "warehouse"), call("sun", "sales"))

    assert await shared(world) == [3]
    for who, (trace, beside, order) in heard.items():
        [event] = await world.told(f"orders/{order.number}")
        assert (event.actor, event.traceparent.split("-")[1], order.traceparent.split("-")[1]) == (who, trace, trace)
        assert [mark.subject for mark in beside.marks] == [f"orders/{order.number}"]
        assert bool(order.lines[0].unit_price) == (who != "qian")
        assert order.created_by == who
        [row] = await world.rows("SELECT * FROM audit_log WHERE actor = :who AND key = 'the same'", who=who)
        assert (row["trace_id"], row["subjects"], row["events"]) == (
            trace,
            [f"orders/{order.number}"],
            [event.event_id],
        )
        assert row["roles"] == [{"zhao": "clerk", "qian": "warehouse", "sun": "sales"}[who]]


async def test_without_a_key_or_with_many_lines_an_entry_shares_nothing(world: World) -> None:
    await known_items(world)
    keyless = [world.submission(("A", str(n)), source_ref=f"R{n}") for n in range(1, 3)]
    for request in keyless:
        request.context.idempotency_key = ""
    long = world.submission(*[("A", "1")] * (LONG + 1), source_ref="long")

    answers = await at_once(world, *keyless, long)

    assert [answer.order.source_ref for answer in answers] == ["R1", "R2", "long"]
    assert await shared(world) == [1, 1, 1]


def _uuid(value: str) -> Any:
    from uuid import UUID

    return UUID(value)
