"""Who comes in: passwords, tokens that rotate and end, cookies with CSRF, roles that change, scanners."""

from __future__ import annotations

import asyncio
import re
import time
from datetime import timedelta
from typing import Any

import pytest
from orderhub.planning.v1.production_pb2 import RecordScansResponse, ScanVerdict

from chassis.clock import FixedClock
from chassis.sql import text
from gateway_service import accounts
from gateway_service.callers import network_of
from gateway_service.housekeeping import sweep_once
from gateway_service.permissions import ADMIN, DEVICE, PUBLIC, ROLES, TABLE
from tests.service.gateway.conftest import PASSWORD, House


async def sign_in(house: House, username: str = "planner", **more: object) -> dict[str, object]:
    answer = await house.http.post("/auth/login", json={"username": username, "password": PASSWORD, **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def bearer(token: object) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_signing_in_gives_tokens_and_the_user(house: House) -> None:
    told = await sign_in(house)

    assert told["expires_in"] == 600
    assert told["user"] == {"username": "planner", "display_name": "Planner", "roles": ["planner"]}
    me = await house.http.get("/auth/me", headers=bearer(told["access_token"]))
    assert me.json()["user"]["username"] == "planner"


async def test_a_wrong_password_and_an_unknown_user_look_alike(house: House) -> None:
    answers = [
        await house.http.post("/auth/login", json={"username": name, "password": "wrong"})
        for name in ("admin", "ghost")
    ]

    assert [answer.status_code for answer in answers] == [401, 401]
    first, second = ({k: v for k, v in answer.json().items() if k != "trace_id"} for answer in answers)
    assert first == second


async def test_guessing_is_slowed_and_others_are_not_locked_out(house: House) -> None:
    statuses = [
        (await house.http.post("/auth/login", json={"username": "finance", "password": f"no{n}"})).status_code
        for n in range(12)
    ]

    assert statuses[:10] == [401] * 10
    assert statuses[10:] == [429, 429]
    await sign_in(house, "warehouse")


async def test_guesses_sent_at_once_are_slowed_like_guesses_in_a_row(house: House) -> None:
    guesses = [{"username": "finance", "password": f"no{n}"} for n in range(25)]

    answers = await asyncio.gather(*(house.http.post("/auth/login", json=guess) for guess in guesses))

    assert sorted(answer.status_code for answer in answers) == [401] * 10 + [429] * 15


async def test_an_account_without_a_password_opens_with_none(house: House) -> None:
    async with house.gateway.database.transaction(who="test") as unit:
        await accounts.put(unit, "bare", display_name="B", password_hash=None, roles=["sales"], active=True)

    for password in ("", "nobody has this password", "wrong"):
        answer = await house.http.post("/auth/login", json={"username": "bare", "password": password})
        assert answer.status_code == 401


@pytest.mark.parametrize(
    ("address", "counts_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_limits_count_an_ipv6_line_as_one(address: str, counts_as: str) -> None:
    assert network_of(address) == counts_as


async def test_a_good_sign_in_forgets_the_failures(house: House) -> None:
    for n in range(9):
        await house.http.post("/auth/login", json={"username": "clerk", "password": f"no{n}"})
    await sign_in(house, "clerk")

    answer = await house.http.post("/auth/login", json={"username": "clerk", "password": "no"})

    assert answer.status_code == 401


async def test_a_refresh_token_rotates(house: House) -> None:
    first = await sign_in(house)

    second = (await house.http.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})).json()

    assert second["refresh_token"] != first["refresh_token"]
    assert (await house.http.get("/auth/me", headers=bearer(second["access_token"]))).status_code == 200


async def test_a_spent_refresh_token_ends_its_session(house: House) -> None:
    first = await sign_in(house)
    second = (await house.http.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})).json()
    async with house.gateway.database.transaction(who="test") as unit:
        await unit.execute(text("UPDATE refresh_tokens SET used_at = used_at - interval '1 minute'"))

    stolen = await house.http.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})
    after = await house.http.post("/auth/refresh", json={"refresh_token": second["refresh_token"]})

    assert (stolen.status_code, after.status_code) == (401, 401)
    assert (await house.http.get("/auth/me", headers=bearer(second["access_token"]))).status_code == 401


async def test_two_tabs_may_refresh_at_once(house: House) -> None:
    first = await sign_in(house)
    tabs = [await house.http.post("/auth/refresh", json={"refresh_token": first["refresh_token"]}) for _ in range(2)]

    assert [tab.status_code for tab in tabs] == [200, 200]


async def test_an_idle_session_is_over(house: House) -> None:
    first = await sign_in(house)
    async with house.gateway.database.transaction(who="test") as unit:
        await unit.execute(text("UPDATE sessions SET used_at = used_at - interval '13 hours'"))

    answer = await house.http.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})

    assert answer.json()["reason"] == "SESSION_OVER"


async def test_old_sessions_are_swept_and_living_ones_stay(house: House) -> None:
    old, living = await sign_in(house), await sign_in(house)
    spent = house.gateway.access.read(str(old["access_token"]))
    assert spent is not None
    async with house.gateway.database.transaction(who="test") as unit:
        aged = "UPDATE sessions SET opened_at = opened_at - interval '15 days' WHERE id = CAST(:id AS uuid)"
        await unit.execute(text(aged), {"id": spent.session})

    swept = await sweep_once(house.gateway.database)

    assert swept == 1
    gone = await house.http.post("/auth/refresh", json={"refresh_token": old["refresh_token"]})
    stays = await house.http.post("/auth/refresh", json={"refresh_token": living["refresh_token"]})
    assert (gone.status_code, stays.status_code) == (401, 200)


async def test_signing_out_ends_both_tokens(house: House) -> None:
    told = await sign_in(house)

    out = await house.http.post("/auth/logout", json={"refresh_token": told["refresh_token"]})

    assert out.status_code == 204
    assert (await house.http.get("/auth/me", headers=bearer(told["access_token"]))).status_code == 401
    again = await house.http.post("/auth/refresh", json={"refresh_token": told["refresh_token"]})
    assert again.status_code == 401


async def test_cookies_need_their_csrf_token(house: House) -> None:
    told = await sign_in(house, cookie=True)
    assert "access_token" not in told
    jar = {cookie.name: cookie.value for cookie in house.http.cookies.jar}
    assert set(jar) == {"oh_access", "oh_refresh", "oh_csrf"}
    carried = {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())}

    read = await house.http.get("/auth/me", headers=carried)
    without = await house.http.post("/stream/ticket", headers=carried)
    forged = await house.http.post("/stream/ticket", headers={**carried, "X-CSRF-Token": "0" * 64})
    good = await house.http.post("/stream/ticket", headers={**carried, "X-CSRF-Token": str(told["csrf_token"])})

    assert read.status_code == 200
    assert read.json()["csrf_token"] == told["csrf_token"]
    assert (without.status_code, forged.status_code) == (403, 403)
    assert good.status_code == 201


async def test_the_cookies_are_shielded(house: House) -> None:
    answer = await house.http.post("/auth/login", json={"username": "planner", "password": PASSWORD, "cookie": True})

    set_cookies = answer.headers.get_list("set-cookie")
    for cookie in set_cookies:
        assert "secure" in cookie.lower()
        assert "samesite=lax" in cookie.lower()
        assert ("httponly" in cookie.lower()) == (not cookie.startswith("oh_csrf"))


@pytest.mark.parametrize("token", ["x", "a.b.c", "ohd_nobody"])
async def test_a_forged_token_is_nobody(house: House, token: str) -> None:
    answer = await house.http.get("/orders", headers=bearer(token))

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_service_token_does_not_open_the_api(house: House) -> None:
    from chassis.principal import Principal
    from tests.support import trust

    token = trust.signer().token(Principal("admin", "user", frozenset({"admin"})), "order")

    assert (await house.http.get("/orders", headers=bearer(token))).status_code == 401


async def test_an_old_access_token_is_over(house: House) -> None:
    class Later:
        def __init__(self, clock: object) -> None:
            self.now = lambda: clock.now() - timedelta(seconds=601)  # type: ignore[attr-defined]

    opened = await house.gateway.sessions.open("planner")
    clock, house.gateway.access._clock = house.gateway.access._clock, Later(house.gateway.clock)  # type: ignore[assignment]
    token = house.gateway.access.issue("planner", frozenset({"planner"}), opened.session)
    house.gateway.access._clock = clock

    assert (await house.http.get("/orders", headers=bearer(token))).status_code == 401


def samples() -> list[tuple[str, str]]:
    """Every guarded route as method and a path that matches it."""
    found = []
    for route, roles in TABLE.items():
        method, _, path = route.partition(" ")
        if roles is PUBLIC or " " in path:
            continue
        found.append((method, re.sub(r"\{[a-z_]+\}", "X", path)))
    return found


@pytest.mark.parametrize(("method", "path"), samples())
async def test_every_route_asks_who_comes(house: House, method: str, path: str) -> None:
    answer = await house.http.request(method, path, json=None if method == "GET" else {})

    assert answer.status_code == 401
    assert house.services.calls == []


def granted_to(method: str, path: str) -> frozenset[str]:
    """Return the roles the table grants a sample path."""
    return next(roles for name, roles in TABLE.items() if re.sub(r"\{[a-z_]+\}", "X", name) == f"{method} {path}")


@pytest.mark.parametrize(("method", "path"), samples())
async def test_a_route_opens_for_those_the_table_names(house: House, method: str, path: str) -> None:
    granted = granted_to(method, path)
    inside = min(granted & set(ROLES) or {ADMIN})
    outside = sorted(set(ROLES) - granted - {ADMIN})
    sent = None if method == "GET" else {}

    opened = await house.call(method, path, role=inside, json=sent)
    assert opened.status_code not in (401, 403)
    if outside:
        refused = await house.call(method, path, role=outside[-1], json=sent)
        assert (refused.status_code, refused.json()["reason"]) == (403, "FORBIDDEN")


async def test_a_role_taken_away_is_gone_within_seconds(house: House) -> None:
    token = await house.gateway_token("manager")
    assert (await house.http.get("/reports/reconciliation?month=2026-11", headers=bearer(token))).status_code == 200

    changed = await house.call("PUT", "/users/manager", json={"display_name": "M", "roles": ["warehouse"]})
    refused = await house.http.get("/reports/reconciliation?month=2026-11", headers=bearer(token))
    await house.call("PUT", "/users/manager", json={"display_name": "M", "roles": ["manager"]})

    assert changed.status_code == 200
    assert refused.status_code == 403


async def test_a_user_switched_off_is_out(house: House) -> None:
    body = {"display_name": "T", "roles": ["sales"], "password": "long enough"}
    await house.call("PUT", "/users/temp", json=body)
    token = (await house.http.post("/auth/login", json={"username": "temp", "password": "long enough"})).json()

    await house.call("PUT", "/users/temp", json={"display_name": "T", "roles": ["sales"], "active": False})

    assert (await house.http.get("/orders", headers=bearer(token["access_token"]))).status_code == 401
    answer = await house.http.post("/auth/login", json={"username": "temp", "password": "long enough"})
    assert answer.status_code == 401


async def test_a_new_user_needs_a_password_and_a_known_role(house: House) -> None:
    without = await house.call("PUT", "/users/fresh", json={"display_name": "F", "roles": ["sales"]})
    odd = await house.call(
        "PUT", "/users/fresh", json={"display_name": "F", "roles": ["king"], "password": "long enough"}
    )
    name = await house.call(
        "PUT", "/users/UP!", json={"display_name": "F", "roles": ["sales"], "password": "long enough"}
    )

    assert [a.status_code for a in (without, odd, name)] == [422, 422, 422]
    assert without.json()["errors"][0]["field"] == "password"


async def enrolled(house: House) -> dict[str, str]:
    made = (await house.call("POST", "/devices", json={"name": "gun", "station": "WH"})).json()
    assert made["qr_svg"].count("<svg") == 1
    assert made["code"] in made["qr"]
    answer = await house.http.post("/devices:enrol", json={"code": made["code"]})
    assert answer.status_code == 200, answer.text
    again = await house.http.post("/devices:enrol", json={"code": made["code"]})
    assert again.status_code == 404
    return dict(answer.json())


def scan(device: str) -> dict[str, object]:
    return {
        "scan_id": "s1",
        "code": "PO1",
        "device_id": device,
        "occurred_at": "2026-11-22T10:00:00+08:00",
        "quantity": 2,
    }


async def test_a_scanner_scans_for_itself_only(house: House) -> None:
    verdict = ScanVerdict(scan_id="s1", result="rejected", reason="JOB_CANCELLED")
    house.services.tell("RecordScans", RecordScansResponse(verdicts=[verdict]))
    device = await enrolled(house)
    token = bearer(device["token"])

    own = await house.http.post("/scans", json=scan(device["device_id"]), headers=token)
    other = await house.http.post("/scans", json=scan("another"), headers=token)
    orders = await house.http.get("/orders", headers=token)

    assert own.status_code == 200
    assert own.json()["message"].endswith("已取消，请停工")
    assert (other.status_code, other.json()["reason"]) == (403, "DEVICE_MISMATCH")
    assert orders.status_code == 403
    assert house.services.last("RecordScans").principal.subject == f"device:{device['device_id']}"


async def test_a_revoked_scanner_is_out(house: House) -> None:
    device = await enrolled(house)
    token = bearer(device["token"])
    assert (await house.http.get("/scan-targets/PO1", headers=token)).status_code == 200

    revoked = await house.call("POST", f"/devices/{device['device_id']}:revoke")

    assert revoked.json()["state"] == "revoked"
    refused = await house.http.get("/scan-targets/PO1", headers=token)
    assert (refused.status_code, refused.json()["reason"]) == (401, "DEVICE_REVOKED")
    assert "请联系管理员重新登记" in refused.json()["title"]


async def test_a_scanner_renews_its_token_and_a_lost_answer_locks_nobody_out(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await enrolled(house)
    renewed = [(await house.http.post("/devices:renew", headers=bearer(first["token"]))).json() for _ in range(2)]
    lost, second = renewed  # the first answer never arrived: the device renews with what it has

    def target(token: str) -> Any:
        return house.http.get("/scan-targets/PO1", headers=bearer(token))

    assert [(await target(one["token"])).status_code for one in (first, lost, second)] == [200, 401, 200]
    assert second["device_id"] == first["device_id"]
    assert first["renew_at"] < first["expires_at"]
    for days, wanted in ((8, [401, 200]), (83, [401, 401])):
        clock = FixedClock(house.gateway.database.clock.now() + timedelta(days=days))
        monkeypatch.setattr(house.gateway.database, "clock", clock)
        house.gateway.devices.forget()
        assert [(await target(one["token"])).status_code for one in (first, second)] == wanted
    assert (await house.http.post("/devices:renew", headers=bearer(second["token"]))).status_code == 401


async def test_only_a_scanner_renews_and_a_revoked_one_does_not(house: House) -> None:
    device = await enrolled(house)
    await house.call("POST", f"/devices/{device['device_id']}:revoke")

    assert (await house.call("POST", "/devices:renew")).status_code == 404
    assert (await house.http.post("/devices:renew", headers=bearer(device["token"]))).status_code == 401


async def test_a_repeated_device_request_makes_one_device(house: House) -> None:
    first = await house.call("POST", "/devices", key="same-device", json={"name": "one"})
    second = await house.call("POST", "/devices", key="same-device", json={"name": "one"})
    other = await house.call("POST", "/devices", key="same-device", json={"name": "two"})

    assert second.content == first.content
    assert second.headers["idempotent-replayed"] == "true"
    assert (other.status_code, other.json()["reason"]) == (422, "IDEMPOTENCY_KEY_REUSED")


async def test_the_device_role_is_nobody_elses() -> None:
    assert DEVICE not in ROLES


async def test_sign_in_takes_as_long_for_an_unknown_user(house: House) -> None:
    async def took(username: str) -> float:
        started = time.perf_counter()
        await house.http.post("/auth/login", json={"username": username, "password": "wrong"})
        return time.perf_counter() - started

    await took("nobody")
    known = sorted([await took("team_leader") for _ in range(7)])[3]
    unknown = sorted([await took("nobody-at-all") for _ in range(7)])[3]

    assert unknown > known / 3


async def test_a_team_leaders_work_centers_travel_with_every_call_and_change_within_seconds(house: House) -> None:
    user = {"display_name": "Team_Leader", "roles": ["team_leader"]}
    bound = await house.call("PUT", "/users/team_leader", json=user | {"work_centers": ["WC2", "WC1"]})
    await house.call("GET", "/production-orders/PO1", role="team_leader")
    first = house.services.last("GetProductionOrder").principal.roles
    kept = await house.call("PUT", "/users/team_leader", json=user)
    freed = await house.call("PUT", "/users/team_leader", json=user | {"work_centers": []})
    await house.call("GET", "/production-orders/PO1", role="team_leader")

    assert bound.json()["work_centers"] == kept.json()["work_centers"] == ["WC1", "WC2"]
    assert first == {"team_leader", "at:WC1", "at:WC2"}
    assert freed.json()["work_centers"] == []
    assert house.services.last("GetProductionOrder").principal.roles == {"team_leader"}


async def test_work_centers_of_somebody_else_grant_and_bind_nothing(house: House) -> None:
    user = {"display_name": "Sales", "roles": ["sales"], "work_centers": ["WC1"]}
    await house.call("PUT", "/users/sales", json=user)
    await house.call("GET", "/production-orders/PO1", role="sales")
    await house.call("PUT", "/users/sales", json=user | {"work_centers": []})

    assert house.services.last("GetProductionOrder").principal.roles == {"sales"}
