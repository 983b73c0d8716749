"""Mail for a role nobody holds, or for somebody who left: held back, told to operations, delivered when somebody is there."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from orderhub.notify.v1 import notify_pb2 as pb
from orderhub.order.v1 import events_pb2 as order

from notify_service.domain.errors import Invalid
from notify_service.entrypoints.people_api import PeopleApi
from tests.service.notify.conftest import World
from tests.service.notify.messages import NUMBER, capacity
from tests.service.notify.test_mailbox import inbox, signed_in

ROLES = ["admin", "sales", "planning_supervisor"]
BOSS = pb.Person(username="boss", display_name="启明厂长", roles=["admin"], active=True)
SUN = pb.Person(username="sun", display_name="孙主管", roles=["planning_supervisor"], active=True)
LEI = pb.Person(username="lei", display_name="李雷", roles=["sales"], active=True)
TWIN = order.DuplicateSuspected(order_number="SO2", twin_order_number="SO1", sales_owner="李雷", twin_sales_owner="mei")


def left(person: pb.Person) -> pb.Person:
    return pb.Person(username=person.username, display_name=person.display_name, roles=person.roles, active=False)


async def people(house: World, revision: int, *everybody: pb.Person) -> int:
    api: PeopleApi = house.service.servicers[5][1]
    asked = pb.PutPeopleRequest(revision=revision, people=everybody, roles=ROLES)
    with signed_in("boss", "admin"):
        return (await api.PutPeople(asked, None)).released


async def held(house: World) -> list[tuple[str, str, str]]:
    return [(one.subscription, one.reason, one.last_error) for one in await house.log(state="held")]


async def test_a_role_nobody_holds_raises_one_alarm_a_day_and_its_mail_goes_to_who_takes_it_over(house: World) -> None:
    await people(house, 1, BOSS, left(SUN))
    await house.tell(capacity("SO1"), capacity("SO2"))

    counts = [await house.engine.watch.look() for _ in range(2)]
    await house.deliver()
    [alarm] = [said for said in house.sink.texts("escalation") if "站内信" in said]
    waiting = await held(house)
    released = await people(house, 2, BOSS, SUN)
    await house.deliver()

    assert waiting == [("todo_capacity", "RECIPIENT_ABSENT", "planning_supervisor")] * 2
    assert counts == [2, 0]  # operations' channel and the administrator's mailbox, once for both messages
    assert "原因：岗位无人或收件人已离职，没有人会看到，详情：生产计划主管" in alarm
    assert released == 2
    assert await held(house) == []
    assert len((await inbox(house, "sun", "planning_supervisor")).messages) == 2


async def test_mail_for_somebody_who_left_is_not_put_away_in_silence(house: World) -> None:
    await people(house, 1, BOSS, left(LEI))
    await house.tell(TWIN)

    await house.engine.watch.look()

    assert await held(house) == [("todo_duplicate", "RECIPIENT_ABSENT", "李雷")]
    [alarm] = [entry for entry in (await inbox(house, "boss", "admin")).messages if entry.subscription == "stuck"]
    assert "李雷" in alarm.text


async def test_a_name_somebody_else_bears_or_nobody_knows_is_delivered_as_ever(house: World) -> None:
    namesake = pb.Person(username="lei2", display_name="李雷", roles=["sales"], active=True)
    await people(house, 1, BOSS, left(LEI), namesake)

    await house.tell(TWIN)

    assert await held(house) == []
    assert len((await inbox(house, "lei2", "sales", names=["李雷"])).messages) == 1


async def test_while_nothing_was_told_everybody_is_there(house: World) -> None:
    await house.tell(capacity())

    assert await held(house) == []


async def test_older_news_of_the_people_changes_nothing(house: World) -> None:
    await people(house, 2, BOSS, SUN)

    await asyncio.gather(people(house, 1, BOSS, left(SUN)), people(house, 2, BOSS, SUN), people(house, 1, BOSS))
    await house.tell(capacity())

    assert await held(house) == []


async def test_the_next_day_it_is_told_again(house: World) -> None:
    await people(house, 1, BOSS)
    await house.tell(capacity("SO1"))
    today = await house.engine.watch.look()
    house.clock.advance(timedelta(days=1))
    await house.tell(capacity("SO2"))

    assert (today, await house.engine.watch.look()) == (2, 2)


@pytest.mark.parametrize("name", ["a\0b", "x" * 201])
async def test_a_name_that_is_none_is_refused(house: World, name: str) -> None:
    with pytest.raises(Invalid):
        await people(house, 1, pb.Person(username=name, active=True))

    await house.tell(capacity(NUMBER))
    assert await held(house) == []
