"""Entering orders: refused, repeated, doubled, at once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from orderhub.order.v1 import order_pb2

from chassis.clock import FixedClock
from chassis.errors import KeyReused, Remote
from order_service.domain.errors import Conflict, IllegalMove, Invalid
from order_service.wiring import build
from tests.service.order.conftest import World


async def reasons(world: World, *lines: tuple[str, str], **values: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refusal:
        await world.submit(*lines, **values)
    assert world.refusal(refusal.value)[0] == "INVALID_ARGUMENT"
    return {problem.field: problem.reason for problem in refusal.value.fields}


async def test_an_order_carries_its_customer_lines_and_link(world: World) -> None:
    order = await world.submit(("A", "2"), ("C", "2.50"), channel="email", urgency="red", note="加急")

    assert (order.state, order.urgency, order.customer.name, order.contact.phone) == (
        "submitted", "red", "启明机电", "+8613800138000",
    )  # fmt: skip
    assert [(x.line_no, x.item_name, x.quantity, x.unit) for x in order.lines] == [
        (1, "A电机", "2", "台"), (2, "C线缆", "2.5", "m"),
    ]  # fmt: skip
    assert order == await world.order(order.id)
    assert len(order.tracking_token) == 44


async def test_an_item_is_asked_for_once_and_an_alias_finds_it(world: World) -> None:
    world.planning.put("M-9", name="九号电机", unit="台", aliases=["九号"], units=[{"unit": "箱", "factor": "4"}])

    entry = order_pb2.LineEntry(item_code="九号", quantity="3", unit="箱")
    first = await world.submit(lines=[entry])
    second = await world.submit(lines=[entry])

    line = second.lines[0]
    assert (line.item_code, line.quantity, line.unit) == ("M-9", "12", "台")
    assert (line.entered_quantity, line.entered_unit) == ("3", "箱")
    assert first.lines == second.lines
    assert world.planning.asked == ["九号"]


async def test_a_copy_that_would_refuse_is_asked_about_again(world: World) -> None:
    world.planning.put("A", unit="台", active=False)
    assert await reasons(world, ("A", "1")) == {"lines.0.item_code": "ITEM_INACTIVE"}
    world.planning.put("A", unit="台", active=True, version=2)

    assert (await world.submit(("A", "1"))).state == "submitted"


async def test_a_bad_entry_leaves_nothing_behind(world: World) -> None:
    found = await reasons(world, ("A", "1.5"), ("NOPE", "1"), customer_id="nobody", due_date="2026-11-21")

    assert found == {
        "customer_id": "CUSTOMER_UNKNOWN", "due_date": "DUE_DATE_PAST", "lines.0.quantity": "QUANTITY_NOT_WHOLE",
        "lines.1.item_code": "ITEM_UNKNOWN",
    }  # fmt: skip
    assert await world.rows("SELECT 1 FROM customer_order") == []
    assert [event.subject for event in await world.told()] == [f"customers/{world.customer.id}"]


async def test_garbage_is_refused_by_name(world: World) -> None:
    for values, field in [
        ({"note": "\x00"}, "note"),
        ({"customer_id": "\x00"}, "customer_id"),
        ({"due_date": "0000-00-00"}, "due_date"),
        ({"channel": "\x00"}, "channel"),
        ({"lines": [order_pb2.LineEntry(item_code="\x00", quantity="1")]}, "lines.0.item_code"),
        ({"lines": [order_pb2.LineEntry(item_code="A", quantity="9999999999999999999")]}, "lines.0.quantity"),
        ({"lines": [order_pb2.LineEntry(item_code="A", quantity="NaN")]}, "lines.0.quantity"),
        ({"lines": [order_pb2.LineEntry(item_code="A", quantity="1e400")]}, "lines.0.quantity"),
        ({"lines": [order_pb2.LineEntry(item_code="A", quantity="1", unit="\x00")]}, "lines.0.unit"),
        ({"lines": [order_pb2.LineEntry(item_code="A", quantity="1")] * 10_000}, "lines"),
    ]:
        assert field in await reasons(world, **values)


async def test_the_same_key_gets_the_first_answer_and_makes_one_order(world: World) -> None:
    request = world.submission(("A", "1"), key="tap")

    first = await world.orders.SubmitOrder(request, None)
    again = await world.orders.SubmitOrder(request, None)

    assert again == first
    assert len(await world.rows("SELECT 1 FROM customer_order")) == 1
    request.context.fingerprint = "another body"
    with pytest.raises(KeyReused):
        await world.orders.SubmitOrder(request, None)


async def test_two_taps_at_once_make_one_order(world: World) -> None:
    request = world.submission(("A", "1"), key="double")

    answers = await asyncio.gather(*(world.orders.SubmitOrder(request, None) for _ in range(6)))

    assert len({answer.order.number for answer in answers}) == 1
    assert len(await world.rows("SELECT 1 FROM customer_order")) == 1


async def test_the_same_original_number_twice_is_refused_with_the_first_order(world: World) -> None:
    first = await world.submit(("A", "1"), source_ref="WX-1", channel="wechat")

    with pytest.raises(Conflict) as refusal:
        await world.submit(("A", "5"), source_ref="WX-1", channel="wechat")

    assert refusal.value.reason == "DUPLICATE_SOURCE_REF"
    assert refusal.value.params["order_number"] == first.number


async def test_the_same_original_number_at_once_makes_one_order(world: World) -> None:
    answers = await asyncio.gather(
        *(world.submit(("A", "1"), source_ref="WX-2", channel="wechat") for _ in range(6)), return_exceptions=True
    )

    assert sum(isinstance(answer, order_pb2.Order) for answer in answers) == 1
    assert sum(isinstance(answer, Conflict) for answer in answers) == 5


async def test_a_cancelled_order_may_be_entered_again(world: World) -> None:
    first = await world.submit(("A", "1"), source_ref="WX-3")
    await world.move(first.number, "cancel", "录错")

    assert (await world.submit(("A", "1"), source_ref="WX-3")).state == "submitted"


async def test_the_same_number_by_another_channel_is_held_with_its_twin(world: World) -> None:
    first = await world.submit(("A", "1"), source_ref="N1", channel="phone", sales_owner="zhao")

    second = await world.submit(("A", "1"), source_ref="N1", channel="wechat", sales_owner="qian")

    assert (second.state, second.duplicate_of) == ("suspected_duplicate", first.number)
    assert [warning.reason for warning in second.warnings] == ["DUPLICATE_SUSPECTED"]
    told = (await world.told(f"orders/{second.number}"))[-1]
    assert (told.data["twin_order_number"], told.data["twin_sales_owner"]) == (first.number, "zhao")
    with pytest.raises(IllegalMove):
        await world.move(second.number, "confirm")
    assert (await world.move(second.number, "release_duplicate")).state == "submitted"


async def test_the_same_wish_without_a_number_is_suspected_for_two_days(world: World, clock: FixedClock) -> None:
    due = (clock.today() + timedelta(days=20)).isoformat()
    await world.submit(("A", "1"), ("C", "2"), source_ref="", due_date=due)

    assert (await world.submit(("C", "2"), ("A", "1"), source_ref="", due_date=due)).state == "suspected_duplicate"
    assert (await world.submit(("A", "2"), ("C", "2"), source_ref="", due_date=due)).state == "submitted"
    clock.advance(timedelta(hours=49))
    assert (await world.submit(("A", "1"), ("C", "2"), source_ref="", due_date=due)).state == "submitted"  # X8


async def test_the_same_wish_at_once_is_accepted_once(world: World) -> None:
    answers = await asyncio.gather(*(world.submit(("A", "1"), source_ref="") for _ in range(5)))

    assert sorted(order.state for order in answers) == ["submitted"] + ["suspected_duplicate"] * 4


async def test_capacity_follows_the_factorys_calendar(world: World, clock: FixedClock) -> None:
    late = timedelta(hours=11, minutes=59, seconds=59)  # 23:59:59 in the factory, still the 22nd
    clock.advance(late)
    assert (await world.submit(("A", "1"), due_date="2026-11-25")).state == "submitted"
    clock.advance(timedelta(seconds=1))  # the 23rd

    assert (await world.submit(("A", "1"), due_date="2026-11-25")).state == "needs_capacity_confirmation"


async def test_a_date_is_past_from_the_factorys_midnight_on(world: World, clock: FixedClock) -> None:
    lines = [order_pb2.LineEntry(item_code="A", quantity="1", due_date="2026-11-22")]
    clock.advance(timedelta(hours=11, minutes=59, seconds=59))  # 23:59:59 in the factory, 15:59:59 UTC: S20
    assert (await world.submit(("A", "1"), due_date="2026-11-22")).due_date == "2026-11-22"
    assert (await world.submit(lines=lines, days=30)).lines[0].due_date == "2026-11-22"
    clock.advance(timedelta(seconds=1))  # the 23rd in the factory, the 22nd in London

    assert await reasons(world, ("A", "1"), due_date="2026-11-22") == {"due_date": "DUE_DATE_PAST"}
    assert await reasons(world, lines=lines, days=30) == {"lines.0.due_date": "DUE_DATE_PAST"}


async def test_an_order_without_a_word_is_green(world: World) -> None:
    order = await world.submit(("A", "1"))

    assert order.urgency == "green"
    assert (await world.told(f"orders/{order.number}"))[0].data["urgency"] == "green"
    assert (await world.rows("SELECT urgency FROM customer_order"))[0]["urgency"] == "green"
    assert await reasons(world, ("A", "1"), urgency="purple") == {"urgency": "URGENCY_UNKNOWN"}


async def test_one_near_line_is_enough(world: World) -> None:
    lines = [order_pb2.LineEntry(item_code="A", quantity="1", due_date="2026-11-23")]

    assert (await world.submit(lines=lines, days=30)).state == "needs_capacity_confirmation"


async def test_all_events_of_an_order_share_one_trace(world: World) -> None:
    from opentelemetry.sdk.trace import TracerProvider

    tracer = TracerProvider().get_tracer("test")
    with tracer.start_as_current_span("tap") as span:
        order = await world.submit(("A", "1"))
        trace = f"{span.get_span_context().trace_id:032x}"
    with tracer.start_as_current_span("another day"):
        await world.move(order.number, "hold")

    assert order.traceparent.split("-")[1] == trace
    assert {event.traceparent.split("-")[1] for event in await world.told(f"orders/{order.number}")} == {trace}


async def test_known_items_are_taken_while_planning_is_away_and_unknown_ones_wait(world: World) -> None:
    await world.submit(("A", "1"))
    away = build(world.service.settings.model_copy(update={"planning_target": "127.0.0.1:1"}), world.clock)
    api = away.servicers[0][1]

    assert (await api.SubmitOrder(world.submission(("A", "1")), None)).order.state == "submitted"
    with pytest.raises(Remote) as refusal:
        await api.SubmitOrder(world.submission(("C", "1")), None)

    assert refusal.value.unavailable  # 503, never a refusal of an item that may exist
    for close in away.closers:
        await close()
    await away.database.close()
