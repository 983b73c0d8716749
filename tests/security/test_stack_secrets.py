"""34, 38: what is secret or personal is in no log and in no event, after a day's work on the running stack."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import asyncpg

from tests.e2e.client import Api
from tests.e2e.factory import build
from tests.e2e.stack import Stack

SERVICES = ("order", "planning", "inventory", "notify", "gateway")


def leaves(kept: Any) -> Iterator[str]:
    """Every secret text of the stack: passwords, private keys."""
    if isinstance(kept, str):
        yield kept
    elif isinstance(kept, dict):
        public = {"x", "kty", "crv", "kid", "alg", "use"} if "d" in kept else set()
        for name, value in kept.items():
            if name not in public:
                yield from leaves(value)


async def test_no_log_and_no_event_tells_phones_passwords_or_tokens(stack: Stack) -> None:
    phone, wrong = f"137{uuid.uuid4().int % 10**8:08d}", f"guess-{uuid.uuid4().hex}"
    api = await Api(stack.gateway_url).sign_in("admin", stack.password("admin"))
    factory = await build(api)
    customer = await api.post("/customers", {"name": "日志", "contacts": [{"name": "李工", "phone": phone}]})
    order = await api.post(
        "/orders",
        {
            "customer_id": customer["id"], "channel": "phone", "source_ref": uuid.uuid4().hex, "confirm": True,
            "contact": {"name": "李工", "phone": phone}, "due_date": str(stack.today + timedelta(days=20)),
            "lines": [{"item_code": factory.cable, "quantity": "1"}],
        },
    )  # fmt: skip
    await api.post("/shipments", {"lines": [{"order": order["number"], "line_no": 1, "quantity": "1"}]})
    await api.get(f"/customers?phone={phone}")
    await api.get(f"/search?q={phone}")
    await api.call("POST", "/auth/login", {"username": "admin", "password": wrong})
    await api.until(f"/orders/{order['number']}", lambda found: found["state"] == "shipped")
    token = order["tracking_url"].rsplit("/", 1)[1]

    logged = "".join(path.read_text(errors="replace") for path in (stack.home / "logs").glob("*.log"))
    secrets = {text for text in leaves(json.loads((stack.home / "secrets.json").read_text())) if len(text) >= 12}
    found = {text for text in {phone, wrong, token, api.token, *secrets} if text in logged}
    assert "POST /orders" in logged  # the logs are those of this stack
    assert found == set()
    assert await events_with(stack, phone) == []
    await api.close()


async def events_with(stack: Stack, text: str) -> list[str]:
    told: list[str] = []
    for service in SERVICES:
        connection = await asyncpg.connect(stack.facts["postgres"][service])
        rows = await connection.fetch(
            "SELECT type FROM event_log WHERE position(convert_to($1, 'UTF8') IN body) > 0", text
        )
        told += [row["type"] for row in rows]
        await connection.close()
    return told


async def test_every_command_of_the_day_is_in_the_audit_log(stack: Stack) -> None:
    api = await Api(stack.gateway_url).sign_in("admin", stack.password("admin"))
    factory = await build(api)
    order = await api.post(
        "/orders",
        {
            "customer_id": factory.customer_id, "channel": "api", "source_ref": uuid.uuid4().hex,
            "due_date": str(stack.today + timedelta(days=20)), "lines": [{"item_code": factory.cable, "quantity": "1"}],
        },
    )  # fmt: skip
    await api.post(f"/orders/{order['number']}:cancel", {"reason": "客户取消"})

    connection = await asyncpg.connect(stack.facts["postgres"]["order"])
    rows = await connection.fetch(
        "SELECT action, actor, kind, reason, trace_id <> '' AS traced FROM audit_log WHERE subjects && $1 ORDER BY id",
        [f"orders/{order['number']}"],
    )
    await connection.close()
    assert [tuple(row) for row in rows] == [
        ("POST /orders", "admin", "user", "", True),
        ("POST /orders/{order}:cancel", "admin", "user", "客户取消", True),
    ]
    await api.close()
