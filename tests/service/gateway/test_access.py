"""Who comes in: passwords, tokens that rotate and end, cookies with CSRF, roles that change, scanners."""

from __future__ import annotations

import re
import time
from datetime import timedelta

import pytest
from orderhub.planning.v1.production_pb2 import RecordScansResponse, ScanVerdict
from sqlalchemy import text

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
    inside = min(granted - {DEVICE} or {ADMIN})
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
    assert (await house.http.get("/scan-targets/PO1", headers=token)).status_code == 401


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
