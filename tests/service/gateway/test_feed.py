"""GET /events over the logs of all services, and the tokens other systems hold."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import grpc
import pytest
from orderhub.common.v1 import event_feed_pb2 as pb

from chassis.clock import FixedClock
from chassis.sql import text
from gateway_service import feed
from gateway_service.integrations import within
from tests.service.gateway.conftest import House
from tests.service.gateway.standin import Refuse


def logged(place: int, at: int, **said: Any) -> pb.LoggedEvent:
    event = pb.LoggedEvent(position=pb.FeedPosition(transaction=place, place=place), body=json.dumps(said).encode())
    event.published_at.FromMilliseconds(at)
    return event


def log_of(*events: pb.LoggedEvent, more: bool = False) -> pb.ListEventsResponse:
    through = events[-1].position if more else pb.FeedPosition(transaction=900, place=2**63 - 1)
    return pb.ListEventsResponse(events=events, through=through, more=more)


async def test_an_integration_reads_events_and_nothing_else_until_it_is_revoked(house: House) -> None:
    house.services.tell("ListEvents", log_of())
    made = (await house.call("POST", "/integrations", json={"name": "ERP", "scopes": ["events:read"]})).json()
    bearer = {"Authorization": f"Bearer {made['token']}"}

    assert (await house.http.get("/events", headers=bearer)).status_code == 200
    assert house.services.last("ListEvents").principal.kind == "integration"
    assert (await house.http.get("/orders", headers=bearer)).status_code == 403
    assert made["token"] not in (await house.call("GET", "/integrations")).text

    revoked = await house.call("POST", f"/integrations/{made['id']}:revoke", json={})
    assert revoked.json()["revoked_at"]
    assert (await house.http.get("/events", headers=bearer)).status_code == 401


async def test_a_repeated_request_shows_the_same_token_and_the_database_keeps_none(house: House) -> None:
    sent = {"name": "ERP", "scopes": ["events:read"]}
    first, again = [await house.call("POST", "/integrations", key="same", json=sent) for _ in range(2)]

    assert first.json() == again.json()
    async with house.gateway.database.read() as connection:
        rows = (await connection.execute(text("SELECT answer FROM idempotency WHERE key = 'same'"))).scalars()
    assert rows
    assert not any(first.json()["token"].encode() in row for row in rows)


@pytest.mark.parametrize("scopes", [[], ["orders:write"], ["*"], None])
async def test_only_scopes_there_are_can_be_given(house: House, scopes: Any) -> None:
    refused = await house.call("POST", "/integrations", json={"name": "ERP", "scopes": scopes})

    assert refused.status_code == 422


async def test_the_logs_are_merged_by_time_and_each_keeps_its_own_order(house: House) -> None:
    answers = {
        "order": log_of(logged(1, 10, n="a"), logged(2, 40, n="d")),
        "planning": log_of(logged(7, 20, n="b"), logged(8, 15, n="c")),  # its clock went back: its order stays
    }
    _by_service(house, answers)

    found = (await house.call("GET", "/events")).json()

    assert [item["n"] for item in found["items"]] == ["a", "b", "c", "d"]
    assert found["more"] is False


async def test_what_did_not_fit_comes_with_the_next_cursor_and_nothing_twice(house: House) -> None:
    events = {
        "order": [logged(n, 10 * n, n=f"o{n}") for n in (1, 2, 3)],
        "planning": [logged(n, 10 * n + 5, n=f"p{n}") for n in (1, 2)],
    }

    def behind(service: str) -> Any:
        def answer(request: Any) -> pb.ListEventsResponse:
            rest = [event for event in events[service] if event.position.place > request.after.place]
            return log_of(*rest[: request.limit], more=len(rest) > request.limit)

        return answer

    _by_service(house, {service: behind(service) for service in events})
    seen, cursor, more = [], "", True
    while more:
        page = (await house.call("GET", f"/events?limit=2&after={cursor}")).json()
        seen += [item["n"] for item in page["items"]]
        cursor, more = page["cursor"], page["more"]

    assert seen == ["o1", "p1", "o2", "p2", "o3"]


def _by_service(house: House, answers: dict[str, Any]) -> None:
    for service in ("order", "planning", "inventory", "notify"):
        house.services.tell(f"{service} ListEvents", answers.get(service, log_of()))


@pytest.mark.parametrize("query", ["after=nonsense", "after=W10=", "limit=0", "limit=501", "type=x", "since=yesterday"])
async def test_garbage_is_refused_not_crashed_on(house: House, query: str) -> None:
    refused = await house.call("GET", f"/events?{query}")

    assert refused.status_code == 422
    assert refused.json()["reason"] in ("CURSOR_INVALID", "INVALID_REQUEST")


@pytest.mark.parametrize(
    "said", [{"order": [1]}, {"order": ["1", 2]}, {"order": [-1, 2]}, {"order": [2**70, 2]}, [1], 7]
)
def test_a_cursor_we_did_not_write_is_refused(said: Any) -> None:
    import base64

    from gateway_service.problems import Problem

    with pytest.raises(Problem):
        feed.cursor_of(base64.urlsafe_b64encode(json.dumps(said).encode()).decode())


async def test_a_service_that_is_away_loses_nothing(house: House) -> None:
    house.services.tell("ListEvents", Refuse(grpc.StatusCode.UNAVAILABLE, "SERVICE_UNAVAILABLE"))

    answer = await house.call("GET", "/events")

    assert answer.status_code == 503
    assert "cursor" not in answer.json()


async def test_a_token_ends_after_its_days_and_says_when(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.services.tell("ListEvents", log_of())
    sent = {"name": "ERP", "scopes": ["events:read"], "expires_in_days": 30}
    made = (await house.call("POST", "/integrations", json=sent)).json()
    bearer = {"Authorization": f"Bearer {made['token']}"}
    assert (await house.http.get("/events", headers=bearer)).status_code == 200
    [shown] = [one for one in (await house.call("GET", "/integrations")).json()["items"] if one["id"] == made["id"]]

    clock = house.gateway.database.clock
    later = FixedClock(clock.now() + timedelta(days=30, seconds=1))
    monkeypatch.setattr(house.gateway.database, "clock", later)

    assert (await house.http.get("/events", headers=bearer)).status_code == 401
    assert shown["expires_at"] == made["expires_at"]
    assert shown["last_used_at"]


async def test_a_token_opens_nothing_from_elsewhere(house: House) -> None:
    house.services.tell("ListEvents", log_of())
    sent = {"name": "ERP", "scopes": ["events:read"], "addresses": ["203.0.113.0/24", "2001:db8::1"]}
    made = (await house.call("POST", "/integrations", json=sent)).json()

    refused = await house.http.get("/events", headers={"Authorization": f"Bearer {made['token']}"})

    assert (refused.status_code, refused.json()["reason"]) == (403, "ADDRESS_NOT_ALLOWED")
    assert made["addresses"] == ["2001:db8::1/128", "203.0.113.0/24"]


async def test_a_token_opens_from_where_it_may(house: House) -> None:
    house.services.tell("ListEvents", log_of())
    sent = {"name": "ERP", "scopes": ["events:read"], "addresses": ["127.0.0.0/8"]}
    made = (await house.call("POST", "/integrations", json=sent)).json()

    answer = await house.http.get("/events", headers={"Authorization": f"Bearer {made['token']}"})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("10.1.2.3", True),
        ("10.2.0.1", False),
        ("::ffff:10.1.2.3", True),
        ("2001:db8::7", True),
        ("", False),
        ("x", False),
    ],
)
def test_an_address_lies_in_its_networks_however_it_is_written(address: str, inside: bool) -> None:
    assert within(address, ["10.1.0.0/16", "2001:db8::/64"]) is inside


@pytest.mark.parametrize(
    ("field", "value"),
    [("addresses", ["300.1.1.1"]), ("addresses", ["10.0.0.1/8"]), ("addresses", ["erp.example"]),
     ("expires_in_days", 0), ("expires_in_days", 731)],
)  # fmt: skip
async def test_what_are_no_networks_or_days_is_refused(house: House, field: str, value: Any) -> None:
    refused = await house.call("POST", "/integrations", json={"name": "E", "scopes": ["events:read"], field: value})

    assert refused.status_code == 422
    [wrong] = refused.json()["errors"]
    assert wrong["field"].startswith(field)
    assert wrong["reason"] == ("NOT_A_NETWORK" if field == "addresses" else "OUT_OF_RANGE")
    assert wrong["reason"] not in wrong["message"]
