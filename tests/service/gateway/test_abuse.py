"""What an attacker would try: forged addresses, scripts in names, one key from many hands, other people's keys."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import grpc
import pytest
from orderhub.order.v1.order_pb2 import (
    GetTrackedOrderResponse,
    MoveOrderResponse,
    ReviseOrderResponse,
    SubmitOrderResponse,
    TrackedLine,
)

from gateway_service import front, problems
from gateway_service.limits import Limiter
from tests.service.gateway.conftest import House
from tests.service.gateway.standin import Refuse
from tests.service.gateway.test_orders import BODY, ORDER

SCRIPTS = (
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onmouseover='alert(1)", "</title><svg onload=a()>",
    "{{7*7}}", "javascript:alert(1)",
)  # fmt: skip


async def test_a_forged_address_does_not_buy_more_requests(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.gateway, "track_limiter", Limiter(0.001, 2))

    answers = [
        await house.http.get(
            "/track/some-long-token", headers={"X-Forwarded-For": f"10.0.0.{n}", "Forwarded": f"for=10.0.0.{n}"}
        )
        for n in range(3)
    ]

    assert answers[2].status_code == 429


async def test_a_flood_of_one_principal_leaves_the_others_alone(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.gateway, "limiter", Limiter(0.001, 3))

    mine = [(await house.call("GET", "/orders", role="sales")).status_code for _ in range(4)]
    theirs = await house.call("GET", "/orders", role="planner")

    assert mine == [200, 200, 200, 429]
    assert theirs.status_code == 200


@pytest.mark.parametrize("script", SCRIPTS)
async def test_no_text_becomes_markup(house: House, script: str) -> None:
    line = TrackedLine(line_no=1, item_name=script, quantity="1", unit=script)
    told = GetTrackedOrderResponse(number=script, state="confirmed", lines=[line], customer_name=script)
    house.services.tell("GetTrackedOrder", told)

    page = (await house.http.get(f"{house.base}/t/some-long-token")).text

    assert not any(script in page for script in SCRIPTS[:4])


async def test_one_key_from_many_hands_makes_one_device(house: House) -> None:
    made = await asyncio.gather(
        *(house.call("POST", "/devices", key="many-hands", json={"name": "gun"}) for _ in range(12))
    )

    assert {answer.status_code for answer in made} == {201}
    assert len({answer.content for answer in made}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in made) == 11


async def test_a_key_belongs_to_who_used_it(house: House) -> None:
    house.services.tell("SubmitOrder", SubmitOrderResponse(order=ORDER))
    for role in ("sales", "clerk"):
        await house.call("POST", "/orders", role=role, key="shared", json=BODY)

    asked = [call.principal.subject for call in house.services.calls if call.rpc == "SubmitOrder"]
    assert asked == ["sales", "clerk"]  # the service scopes the key by this principal


async def test_nothing_internal_leaks(house: House) -> None:
    house.services.tell("GetOrder", Refuse(grpc.StatusCode.INTERNAL, "INTERNAL_ERROR", {"sql": "SELECT secret"}))

    answer = await house.call("GET", "/orders/SO1")

    assert answer.status_code == 500
    assert answer.json()["reason"] == "INTERNAL_ERROR"
    assert "SELECT" not in answer.text
    assert "Traceback" not in answer.text
    assert "server" not in answer.headers


def torn(times: int, answer: object) -> Callable[[object], object]:
    """Break the stream in mid-call as a dying process does (an answer without our words), then answer."""
    left = iter(range(times))

    def behave(_: object) -> object:
        if next(left, None) is not None:
            raise RuntimeError("SELECT secret FROM somewhere")
        return answer

    return behave


async def test_a_service_torn_away_in_mid_call_is_away_not_broken(house: House) -> None:
    house.services.tell("GetOrder", torn(99, None))

    answer = await house.call("GET", "/orders/SO1")

    assert (answer.status_code, answer.json()["reason"]) == (503, "SERVICE_UNAVAILABLE")
    assert answer.headers["retry-after"]
    assert "SELECT" not in answer.text


@pytest.mark.parametrize(("key", "expected"), [("", (200, 2)), (None, (400, 0))])
async def test_a_torn_keyed_command_is_sent_again(house: House, key: str | None, expected: tuple[int, int]) -> None:
    house.services.tell("MoveOrder", torn(1, MoveOrderResponse(order=ORDER)))

    answer = await house.call("POST", "/orders/SO1:hold", key=key, json={})

    assert (answer.status_code, house.services.count("MoveOrder")) == expected


async def test_a_torn_command_without_a_key_is_not_sent_again(house: House) -> None:
    house.services.tell("ReviseOrder", torn(1, ReviseOrderResponse(order=ORDER)))

    answer = await house.call("PATCH", "/orders/SO1", headers={"If-Match": '"1"'}, json={"note": "x"})

    assert (answer.status_code, house.services.count("ReviseOrder")) == (503, 1)


@pytest.mark.parametrize("path", ["/..%2f..%2fetc/passwd", "/assets/..%2f..%2fsecret", "/%2e%2e/%2e%2e/etc/passwd"])
async def test_no_path_leads_outside(house: House, path: str) -> None:
    answer = await house.http.get(f"{house.base}{path}")

    assert answer.status_code == 404
    assert "root:" not in answer.text


@pytest.mark.parametrize("path", ["/%00", "/assets/%00", "/f/%00", "/t/%00", "/e/%00", f"/{'a' * 300}", "/a" * 3000])
async def test_a_page_nobody_could_have_is_not_there(house: House, path: str) -> None:
    (house.gateway.settings.web_dist).mkdir(exist_ok=True)
    (house.gateway.settings.web_dist / "index.html").write_text("<title>x</title>")

    answer = await house.http.get(f"{house.base}{path}")
    (house.gateway.settings.web_dist / "index.html").unlink()

    assert answer.status_code == 404


@pytest.mark.parametrize("path", ["/orders", "/auth/login", "/track/some-long-token"])
async def test_no_foreign_origin_is_let_in(house: House, path: str) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}

    for answer in (await house.http.options(path, headers=asked), await house.http.get(path, headers=asked)):
        assert not [name for name in answer.headers if name.startswith("access-control-allow")]


async def wired(house: House, sent: bytes, *, more: bytes = b"") -> bytes:
    """Send bytes as they are, `more` of them until the other side closes; return what came back."""
    _, _, port = house.base.rpartition(":")
    reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
    async with asyncio.timeout(10):
        writer.write(sent)
        with contextlib.suppress(ConnectionError):
            for _ in range(200 if more else 0):
                writer.write(more)
                await writer.drain()
            if not more:
                writer.write_eof()
            return await reader.read()
    return b""


async def test_a_head_without_end_is_cut_off(house: House) -> None:
    begun = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"

    endless = await wired(house, begun + b"X: ", more=b"a" * 100_000)
    many = await wired(house, begun, more=b"X: a\r\n" * 10_000)
    fine = await wired(house, begun + b"X: " + b"a" * 20_000 + b"\r\nConnection: close\r\n\r\n")

    assert b"200 OK" not in endless + many
    assert fine.startswith(b"HTTP/1.1 200")


async def test_a_caller_who_leaves_in_mid_body_is_no_failure_of_ours(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[object] = []
    seen = asyncio.Event()
    monkeypatch.setattr(problems.log, "error", lambda *said, **_: failed.append(said))
    monkeypatch.setattr(front, "_note", lambda *_: seen.set())

    await wired(house, b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{")
    await asyncio.wait_for(seen.wait(), 10)

    assert failed == []


async def test_an_error_is_not_many_times_its_question(house: House) -> None:
    body = {f"k{n}": 1 for n in range(50_000)}

    refused = await house.call("POST", "/orders", role="clerk", json=body)
    long = await house.call("POST", "/orders", role="clerk", json={"x" * 500_000: 1})

    assert (refused.status_code, len(refused.json()["errors"])) == (422, 1000)
    assert (long.status_code, len(long.content) < 10_000) == (422, True)
