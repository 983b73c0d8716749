"""/customers/{customer}: what is kept of its people, and its end (PIPL; issue 6, security, row 38)"""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response
from orderhub.common.v1.common_pb2 import CommandContext, Contact
from orderhub.notify.v1.notify_pb2 import ListRecipientsRequest
from orderhub.order.v1.personal_data_pb2 import EraseContactRequest, ExportContactRequest, ExportContactResponse

from chassis.database import Transaction
from gateway_service import answers, exchange, personal_data
from gateway_service.bodies.personal_data import PersonBody
from gateway_service.rendering import answer
from gateway_service.routes import Services, gateway_of, router
from gateway_service.routes.scanners import once

api = router("customers")


async def _told(customer: str, body: PersonBody, services: Services, *, route: str = "") -> ExportContactResponse:
    """Ask the order service; no key goes along, so that the answer is kept nowhere. With a route it is on record."""
    running = exchange.current()
    context = CommandContext(route=route, object=running.object, reason=running.reason)
    request = ExportContactRequest(context=context, customer_id=customer, contact=_contact(body))
    return await services.order.ask(services.order.personal_data.ExportContact, request)


def _contact(body: PersonBody) -> Contact:
    return Contact(name=body.name, phone=body.phone)


@api.post(
    "/customers/{customer}:export_contact",
    responses=answers.free({"customer_id": "string", "complete": "boolean", "items": "array"}),
)
async def export_contact(customer: str, body: PersonBody, request: Request, services: Services) -> Response:
    """Everything kept of a person at a customer: place, reference, field, value. Needs a reason; each is audited."""
    told = await _told(customer, body, services, route=exchange.current().route)
    asked = ListRecipientsRequest(recipient=customer)
    reached = (await services.notify.ask(services.notify.repair.ListRecipients, asked)).recipients
    items: list[dict[str, Any]] = [
        {"place": one.place, "ref": one.ref, "field": one.field, "value": one.value} for one in told.data
    ]
    items += [{"place": "recipient", "ref": one.kind, "field": "address", "value": one.address} for one in reached]
    items += await personal_data.kept(gateway_of(request).database, told.phones)
    return answer({"customer_id": customer, "complete": told.complete, "items": items})


@api.post(
    "/customers/{customer}:erase_contact",
    responses=answers.free({"contacts": "integer", "orders": "integer", "texts": "integer", "refusals": "integer"}),
)
async def erase_contact(customer: str, body: PersonBody, request: Request, services: Services) -> Response:
    """Forget a person at a customer: names, numbers and where they are reached. Orders and figures stay.

    The tracking links of their orders end. Repeated, it finds nothing more.
    """
    told = await _told(customer, body, services)  # the numbers, before they are gone

    async def work(unit: Transaction) -> dict[str, Any]:
        return {"refusals": await personal_data.erase(unit, told.phones)}

    refused = await once(request, work)
    wanted = EraseContactRequest(context=exchange.command(), customer_id=customer, contact=_contact(body))
    erased = await services.order.ask(services.order.personal_data.EraseContact, wanted)
    return answer({"contacts": erased.contacts, "orders": erased.orders, "texts": erased.texts} | refused)
