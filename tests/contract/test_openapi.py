"""The published REST contract holds every call that is promised, with examples, problems and permissions."""

from __future__ import annotations

import re
from typing import Any

import pytest

from gateway_service import app, openapi
from gateway_service.permissions import PUBLIC, TABLE, allowed
from gateway_service.wiring import Settings, build
from tests.support import trust

PROMISED = """
POST /auth/login
POST /auth/refresh
POST /auth/logout
POST /customers
GET /customers phone q
GET /customers/{}
PATCH /customers/{}
POST /customers/{}:merge
PUT /items/{}
GET /items/{}
GET /items q
PUT /routings/{}
GET /routings/{}
PUT /boms/{}
GET /boms/{}
GET /boms/{}/explosion quantity date
GET /items/{}/where-used
POST /stock/movements
GET /stock item_code
GET /stock/{}
GET /stock/{}/ledger
POST /orders
GET /orders/{}
GET /orders state urgency channel customer_id q due_before
PATCH /orders/{}
POST /orders/{}:confirm
POST /orders/{}:confirm_capacity
POST /orders/{}:cancel
POST /orders/{}:hold
POST /orders/{}:resume
POST /orders/{}:release_duplicate
POST /orders/{}:plan
GET /orders/{}/promise
GET /orders/{}/overview
GET /orders/{}/timeline
GET /orders/{}/lead-time
GET /production-orders order state work_center
GET /production-orders/{}
POST /production-orders/{}:dispatch
POST /production-orders/{}:inspect
POST /production-orders/{}:hold
POST /production-orders/{}:resume
POST /production-orders/{}:cancel
POST /scans
POST /scans:batch
POST /issues
GET /scan-targets/{}
POST /receipts
POST /shipments
POST /shipments/{}:sign
POST /returns
GET /invoice-tasks state order
POST /invoice-tasks/{}:invoice
GET /reports/reconciliation month
GET /reports/lead-times from to group_by hours
GET /reports/lead-times/orders from to stage group_by key hours page_size page_token
GET /reports/lead-times/comparison from to before_from before_to hours group_by key
GET /reports/delivery from to urgency customer_id channel sales_owner group_by
GET /reports/delivery/orders from to verdict urgency customer_id channel sales_owner
PUT /notification-channels/{}
GET /notification-channels/{}
PUT /subscriptions/{}
GET /subscriptions/{}
GET /notifications order
POST /notifications/{}:resend
GET /track/{}
GET /stream
GET /search q
POST /devices
POST /orders/{}:preview_change
GET /orders/{}/rush-preview
POST /orders/{}:take_stock
POST /orders/{}:rank
GET /orders/{}/shortages item_code
POST /plans
GET /plans/{}
POST /plans/{}:cancel
GET /boms/{}/diff from to
POST /boms:import dry_run
GET /units
GET /production-orders/{}/scans
GET /orders/{}/evidence-link
POST /orders/{}:revoke_tracking
GET /channels
PUT /channels/{}
GET /reports/invoice-timeliness from to
POST /forms
GET /forms/{}
GET /forms/{}/qr
POST /forms/{}/orders
POST /forms/{}:revoke
POST /notifications/{}:acknowledge
PUT /customers/{}/recipients/{}
GET /notifications/summary
POST /notifications:replay
POST /notifications/{}:dismiss
POST /notifications/{}:complete
GET /customers/{}/recipients
DELETE /customers/{}/recipients/{}
GET /me/quiet-hours
PUT /me/quiet-hours
GET /quiet-hours
PUT /quiet-hours/{}
GET /event-types
POST /subscriptions/{}:preview
POST /subscriptions/{}:test
GET /inbox unread
GET /events after type subject since limit
GET /integrations
POST /integrations
POST /integrations/{}:revoke
POST /inbox/{}:read
POST /inbox:read_all
GET /self-check
POST /self-check/parked/{}:replay
POST /self-check/parked/{}:discard
"""


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    settings = Settings(
        database_url="postgresql+asyncpg://nobody@127.0.0.1:1/none", amqp_url="amqp://nobody@127.0.0.1:1/none",
        signing_key=trust.keys()["gateway"], trusted_keys=trust.trusted(), profile="test",
    )  # fmt: skip

    async def made() -> dict[str, Any]:
        gateway = build(settings)
        described = openapi.describe(app.make(gateway))
        await gateway.close()
        return described

    import asyncio

    with asyncio.Runner() as runner:
        return runner.run(made())


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path.removeprefix('/api/v1')}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def shape(route: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", route)


@pytest.mark.parametrize("promise", PROMISED.strip().splitlines())
def test_every_promised_call_is_there(document: dict[str, Any], promise: str) -> None:
    method, path, *parameters = promise.split()
    found = {shape(route): operation for route, operation in operations(document).items()}

    operation = found[f"{method} {path}"]

    named = {parameter["name"] for parameter in operation.get("parameters", [])}
    assert set(parameters) <= named
    if method == "POST" and not path.startswith("/auth") and "preview" not in path:
        assert "Idempotency-Key" in named
    if method == "PATCH":
        assert "If-Match" in named


def test_routes_and_permission_table_are_the_same_list(document: dict[str, Any]) -> None:
    assert set(operations(document)) == set(TABLE) - {"POST /orders confirm", "GET /customers phone"}


def test_the_document_is_openapi_3_1_with_a_security_scheme(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    for route, operation in operations(document).items():
        assert operation["security"] == ([] if TABLE[route] is PUBLIC else [{"bearer": []}, {"cookie": []}]), route


def test_every_body_has_an_example(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    without = []
    for route, operation in operations(document).items():
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            continue
        text = str(content["schema"])
        name = text.rsplit("/", 1)[-1].split("'")[0]
        properties = schemas[name].get("properties", {})
        shown = schemas[name].get("examples") or any("examples" in str(value) for value in properties.values())
        if properties and not shown:
            without.append(route)

    assert without == []


def test_every_operation_documents_its_problems_and_its_words(document: dict[str, Any]) -> None:
    for route, operation in operations(document).items():
        assert operation["responses"]["503"]["content"]["application/problem+json"], route
        assert operation["description"], route
        ok = next(code for code in operation["responses"] if code.startswith("2"))
        assert ok == "204" or operation["responses"][ok]["content"] or "attachments" in route, route


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    named = set(re.findall(r"#/components/schemas/([\w-]+)", str(document)))

    assert named - document["components"]["schemas"].keys() == set()


def test_no_two_messages_share_a_component_name(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    assert "per_minute" in schemas["NotificationChannel"]["properties"]
    assert "per_minute" not in schemas["SalesChannel"]["properties"]
    assert "Channel" not in schemas


def test_every_body_refuses_fields_it_does_not_name(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    open_to_anything = []
    for route, operation in operations(document).items():
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        names = re.findall(r"#/components/schemas/([\w-]+)", str(content))
        open_to_anything += [route for name in names if schemas[name].get("additionalProperties") is not False]

    assert open_to_anything == []


def test_a_route_without_an_entry_is_refused() -> None:
    assert "GET /brand-new" not in TABLE
    assert not allowed(frozenset({"admin"}), "GET /brand-new")
