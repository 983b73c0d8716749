"""Taking an order from a public form: the customer by phone, a new one when nobody has it, then the order (S23, S24).

The answer never tells whether the phone was known: the form must not become a way to look people up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orderhub.common.v1.common_pb2 import CommandContext, Contact
from orderhub.order.v1.customer_pb2 import CreateCustomerRequest, ListCustomersRequest
from orderhub.order.v1.order_pb2 import LineEntry, SubmitOrderRequest

from chassis import principal
from chassis.errors import FieldProblem, Remote
from chassis.principal import Principal
from gateway_service import exchange, form_goods, forms, refusals
from gateway_service.bodies.forms import FormOrderBody
from gateway_service.clients import OrderClient
from gateway_service.permissions import CLERK
from gateway_service.problems import Problem
from gateway_service.rendering import render
from gateway_service.wiring import Gateway

CHANNEL = "web"
KEPT_STATUSES = frozenset({409, 410, 422})
LINE = ("item_code", "quantity")
SHOWN = ("number", "tracking_url", "due_date")
TOLD_WARNINGS = frozenset({"CAPACITY_CONFIRMATION_REQUIRED"})  # a suspected twin is our business, not the form's


async def open_form(gateway: Gateway, code: str, address: str) -> Any:
    """Return a form that takes orders; raise a 404, 410 or 429 problem."""
    if wait := gateway.track_limiter.wait(f"form|{address}"):
        raise Problem(429, "TOO_MANY_REQUESTS", {"seconds": str(wait)}, headers={"Retry-After": str(wait)})
    form = await forms.find(gateway.database, code)
    if form is None:
        raise Problem(404, "FORM_UNKNOWN")
    if form.revoked_at is not None:
        raise Problem(410, "FORM_CLOSED")
    return form


async def admit(gateway: Gateway, code: str, address: str) -> Any:
    """Return an open form that this address has not used up."""
    form = await open_form(gateway, code, address)
    if wait := gateway.form_limiter.wait(f"{code}|{address}"):
        raise Problem(429, "TOO_MANY_REQUESTS", {"seconds": str(wait)}, headers={"Retry-After": str(wait)})
    return form


def act_as(code: str) -> None:
    """Go on as the form itself: it may enter orders and nothing else."""
    principal.current.set(Principal(f"form:{code}", "public", frozenset({CLERK})))


async def take(gateway: Gateway, code: str, address: str, body: FormOrderBody) -> dict[str, Any]:
    """Enter the order and return what its customer may see."""
    form = await admit(gateway, code, address)
    if body.attachment_ids and not await gateway.attachments.of(f"form:{code}", body.attachment_ids):
        raise Problem(422, "INVALID_REQUEST", fields=[FieldProblem("attachment_ids", "ATTACHMENT_NOT_FOUND")])
    act_as(code)
    await form_goods.check(gateway.clients, form, [line.item_code for line in body.lines])
    customer = await _customer(gateway.clients.order, body)
    request = SubmitOrderRequest(
        context=exchange.command(), customer_id=customer, contact=Contact(phone=body.phone), channel=CHANNEL, due_date=body.due_date, sales_owner=form.sales_owner, note=body.note, attachment_ids=body.attachment_ids,
        lines=[LineEntry(**line.given()) for line in body.lines],
    )  # fmt: skip
    entered = await gateway.clients.order.ask(gateway.clients.order.orders.SubmitOrder, request)
    await _mend(gateway, code, body.phone)
    told = render(entered.order)
    warnings = [warning["message"] for warning in told["warnings"] if warning["reason"] in TOLD_WARNINGS]
    return {name: told[name] for name in SHOWN} | {"warnings": warnings}


async def refused(gateway: Gateway, code: str, address: str, problem: Problem, sent: Any) -> None:
    """Keep what a form turned away, so that somebody can call the customer back; a flood is not kept."""
    if problem.status not in KEPT_STATUSES or gateway.form_limiter.wait(f"refused|{code}|{address}"):
        return
    form = await forms.find(gateway.database, code)
    if form is None:
        return
    with refusals.quietly("refusal_not_kept"):
        async with gateway.database.transaction(who=f"form:{code}") as unit:
            await refusals.note(
                unit, refusals.FORM, code, problem, _trimmed(sent), label=form.label, owner=form.sales_owner
            )


def _trimmed(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a form was sent, no more of it than a person reads."""
    kept: dict[str, Any] = {name: _short(sent[name]) for name in FormOrderBody.model_fields if name in sent}
    lines = sent.get("lines")
    if isinstance(lines, list):
        kept["lines"] = [
            {name: _short(line.get(name)) for name in LINE} for line in lines[:20] if isinstance(line, dict)
        ]
    return kept


def _short(value: Any) -> str:
    return "" if value is None else str(value).strip()[:500]


async def _mend(gateway: Gateway, code: str, phone: str) -> None:
    with refusals.quietly("refusal_not_closed"):
        async with gateway.database.transaction(who=f"form:{code}") as unit:
            await refusals.mended(unit, code, phone)


async def _customer(order: OrderClient, body: FormOrderBody) -> str:
    found = await order.ask(order.customers.ListCustomers, ListCustomersRequest(phone=body.phone))
    if found.customers:
        return str(found.customers[0].id)
    running = exchange.command()
    request = CreateCustomerRequest(
        context=CommandContext(
            idempotency_key=running.idempotency_key, route=f"{running.route} customer", fingerprint=running.fingerprint
        ),
        name=body.company,
        contacts=[Contact(name=body.contact_name, phone=body.phone)],
    )
    try:
        return str((await order.ask(order.customers.CreateCustomer, request)).customer.id)
    except Remote as refused:
        if refused.reason == "CUSTOMER_PHONE_TAKEN" and refused.params.get("customer_id"):
            return str(refused.params["customer_id"])  # somebody was faster with the same phone
        raise
