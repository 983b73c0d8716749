"""What people read inside the house: who receives by name and role, what is unread, and what reading ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
from orderhub.common.v1.common_pb2 import CommandContext
from orderhub.notify.v1 import notify_pb2 as pb
from orderhub.order.v1 import events_pb2 as order

from chassis import principal
from chassis.principal import Principal
from chassis.sql import text
from notify_service.domain.errors import NotificationNotFound
from tests.service.notify.conftest import World
from tests.service.notify.messages import NUMBER, capacity, fully_shipped, shortage, submitted
from tests.service.notify.test_api import put_subscription


@contextmanager
def signed_in(name: str, *roles: str) -> Iterator[None]:
    token = principal.current.set(Principal(name, "user", frozenset(roles)))
    yield
    principal.current.reset(token)


async def inbox(house: World, name: str, *roles: str, **asked: object) -> pb.ListInboxResponse:
    with signed_in(name, *roles):
        return await house.mailbox.ListInbox(pb.ListInboxRequest(**asked), None)


async def read(house: World, name: str, *roles: str, key: str = "", **asked: object) -> pb.MarkInboxReadResponse:
    context = CommandContext(idempotency_key=key, route="POST /inbox:read_all", fingerprint="f")
    with signed_in(name, *roles):
        return await house.mailbox.MarkInboxRead(pb.MarkInboxReadRequest(context=context, **asked), None)


async def test_each_role_finds_what_it_has_to_do_and_nobody_elses(house: World) -> None:
    await house.tell(submitted(urgency="red"), capacity(), shortage())

    planner = await inbox(house, "wang", "planner")
    supervisor = await inbox(house, "li", "planning_supervisor")

    assert [entry.subscription for entry in planner.messages] == ["todo_shortage", "todo_rush"]
    assert planner.unread_count == 2
    assert [entry.text[:8] for entry in supervisor.messages] == ["该交期需确认产能"]
    assert (await inbox(house, "zhao", "finance")).messages == []


async def test_a_person_is_meant_by_user_name_or_display_name(house: World) -> None:
    twin = order.DuplicateSuspected(
        order_number="SO2", twin_order_number="SO1", sales_owner="李雷", twin_sales_owner="mei"
    )
    await house.tell(twin)

    assert len((await inbox(house, "lei", "sales", names=["李雷"])).messages) == 1
    assert len((await inbox(house, "mei", "sales")).messages) == 1
    assert len((await inbox(house, "boss", "sales_supervisor")).messages) == 1
    assert (await inbox(house, "other", "sales")).messages == []


async def test_a_message_has_arrived_when_it_is_stored_and_open_screens_are_told(house: World) -> None:
    await house.tell(capacity())

    [entry] = [entry for entry in await house.log() if entry.channel == "mailbox"]
    async with house.service.database.read() as connection:
        [body] = (
            await connection.execute(text("SELECT body FROM outbox WHERE subject LIKE 'notifications/%'"))
        ).scalars()

    assert entry.state == "sent"
    assert entry.HasField("sent_at")
    assert b'"recipient":"planning_supervisor"' in body.replace(b": ", b":")
    assert b'"mailbox":true' in body.replace(b": ", b":")


async def test_reading_is_each_persons_own_and_may_be_repeated(house: World) -> None:
    await house.tell(submitted(urgency="red"), shortage())
    [first, second] = (await inbox(house, "wang", "planner")).messages

    answers = [await read(house, "wang", "planner", id=first.id) for _ in range(2)]

    assert [(answer.marked, answer.unread_count) for answer in answers] == [(1, 1), (0, 1)]
    mine = await inbox(house, "wang", "planner", unread=True)
    assert [entry.id for entry in mine.messages] == [second.id]
    assert (await inbox(house, "zhou", "planner")).unread_count == 2


async def test_reading_all_leaves_what_came_after_the_screen_was_drawn(house: World) -> None:
    await house.tell(submitted("SO1", urgency="red"), submitted("SO2", urgency="red"))
    seen = (await inbox(house, "wang", "planner")).messages[0].id
    await house.tell(submitted("SO3", urgency="red"))

    first = await read(house, "wang", "planner", until=seen, key="k")
    again = await read(house, "wang", "planner", until=seen, key="k")
    rest = await read(house, "wang", "planner")

    assert first == again
    assert [(first.marked, first.unread_count), (rest.marked, rest.unread_count)] == [(2, 1), (1, 0)]


async def test_the_mailbox_pages_newest_first_and_is_stable_under_new_mail(house: World) -> None:
    for n in range(3):
        await house.tell(submitted(f"SO{n}", urgency="red"))
    first = await inbox(house, "wang", "planner", page={"page_size": 2})
    await house.tell(submitted("SO9", urgency="red"))

    rest = await inbox(house, "wang", "planner", page={"page_size": 2, "page_token": first.next_page_token})

    assert [entry.order_number for entry in (*first.messages, *rest.messages)] == ["SO2", "SO1", "SO0"]
    assert rest.next_page_token == ""


async def test_nobody_reads_what_is_not_theirs(house: World) -> None:
    await house.tell(capacity())
    [theirs] = (await inbox(house, "li", "planning_supervisor")).messages

    for wrong in (theirs.id, str(uuid4()), "nope"):
        with pytest.raises(NotificationNotFound):
            await read(house, "zhao", "finance", id=wrong)


async def test_reading_in_the_mailbox_ends_the_wait_for_a_reader(house: World) -> None:
    await put_subscription(house, channel="mailbox", role="sales", escalate_minutes=30, escalate_channel="escalation")
    await house.tell(submitted("SO1"), submitted("SO2"))
    read_one = next(entry for entry in (await inbox(house, "s", "sales")).messages if entry.order_number == "SO1")
    await read(house, "s", "sales", id=read_one.id)

    house.clock.advance(timedelta(minutes=31))
    await house.engine.watch.look()
    await house.deliver()

    assert ["SO2" in said for said in house.sink.texts("escalation")] == [True]


async def test_quiet_hours_of_the_subscription_hold_mail_until_the_morning(house: World) -> None:
    await put_subscription(house, channel="mailbox", role="sales", quiet_from="20:00", quiet_to="08:00")
    house.clock.advance(timedelta(hours=12))  # 22:00 in Shanghai
    await house.tell(submitted())

    await house.deliver()
    at_night = await inbox(house, "s", "sales")
    house.clock.advance(timedelta(hours=10, seconds=1))
    await house.deliver()

    assert at_night.messages == []
    assert len((await inbox(house, "s", "sales")).messages) == 1


async def test_a_stuck_message_is_in_the_administrators_mailbox(house: World) -> None:
    await house.tell(fully_shipped(NUMBER))

    await house.engine.watch.look()

    [told] = (await inbox(house, "root", "admin")).messages
    assert "原因：缺少内容，详情：物流单号" in told.text
