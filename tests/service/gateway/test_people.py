"""Notify knows who is in the house: after a change, from the beginning on, and however long it was away."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from chassis.errors import Remote
from gateway_service import people
from gateway_service.people import PeopleNews
from tests.service.gateway.conftest import House
from tests.service.gateway.standin import Refuse
from tests.support.waiting import eventually

USER = {"display_name": "老李", "roles": ["sales"], "password": "long enough"}
AWAY = Refuse(grpc.StatusCode.UNAVAILABLE, "AWAY")


def news(house: House) -> PeopleNews:
    """A gateway's own, as it is when the gateway begins."""
    return PeopleNews(house.gateway.database, house.gateway.clients.notify)


async def test_a_beginning_gateway_tells_of_everybody_once(house: House) -> None:
    mine = news(house)

    told = [await mine.tell(), await mine.tell()]

    assert (told, house.services.count("PutPeople")) == ([True, False], 1)
    asked = house.services.last("PutPeople")
    assert {"admin", "planner"} <= {person.username for person in asked.request.people}
    assert "planning_supervisor" in asked.request.roles
    assert (asked.principal.subject, asked.principal.kind, asked.principal.roles) == ("gateway", "house", frozenset())


async def test_each_change_is_told_under_a_greater_revision(house: House) -> None:
    mine = news(house)
    await house.call("PUT", "/users/leaver", json=USER)
    await mine.tell()
    before = house.services.last("PutPeople").request

    await house.call("PUT", "/users/leaver", json=USER | {"active": False})
    await mine.tell()

    after = house.services.last("PutPeople").request
    [leaver] = [person for person in after.people if person.username == "leaver"]
    assert (leaver.display_name, list(leaver.roles), leaver.active) == ("老李", ["sales"], False)
    assert after.revision == before.revision + 1


async def test_what_notify_missed_is_told_when_it_is_back(house: House) -> None:
    mine = news(house)
    house.services.tell("PutPeople", AWAY)
    answer = await house.call("PUT", "/users/gone-meanwhile", json=USER | {"active": False})
    with pytest.raises(Remote):
        await mine.tell()
    house.services.reset()

    assert await mine.tell()

    assert answer.status_code == 200
    assert "gone-meanwhile" in {person.username for person in house.services.last("PutPeople").request.people}


async def test_a_notify_with_another_database_hears_it_again_under_the_same_key(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = news(house)
    await mine.tell()
    first = house.services.last("PutPeople").request
    monkeypatch.setattr(people, "AGAIN_SECONDS", 0.0)

    assert await mine.tell()

    assert house.services.last("PutPeople").request == first
    assert first.context.idempotency_key == f"people {first.revision}"


async def test_a_change_is_told_at_once_and_a_refusal_ends_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "LOOK_SECONDS", 3600.0)
    mine, stop = news(house), asyncio.Event()
    monkeypatch.setattr(house.gateway, "people", mine)
    house.services.tell("PutPeople", AWAY)
    running = asyncio.create_task(mine.run(stop))

    async def tried() -> bool:
        return house.services.count("PutPeople") > 0

    async def told() -> bool:
        return mine._taken >= 0

    await eventually(tried)
    house.services.reset()
    await house.call("PUT", "/users/newcomer", json=USER)
    await eventually(told)
    stop.set()
    mine.wake()
    await asyncio.wait_for(running, 5)

    assert "newcomer" in {person.username for person in house.services.last("PutPeople").request.people}
