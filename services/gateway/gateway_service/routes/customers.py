"""/customers"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response
from orderhub.notify.v1.notify_pb2 import BindRecipientRequest, BindRecipientResponse
from orderhub.order.v1.customer_pb2 import (
    CreateCustomerRequest,
    Customer,
    GetCustomerRequest,
    ListCustomersRequest,
    MergeCustomerRequest,
    UpdateCustomerRequest,
)

from gateway_service import answers, lookups
from gateway_service.bodies.orders import CustomerBody, CustomerFilter, CustomerPatch, MergeBody, RecipientBody
from gateway_service.exchange import command
from gateway_service.rendering import one, page
from gateway_service.routes import NeededVersion, Services, gateway_of, router

api = router("customers")


@api.post("/customers", status_code=201, responses=answers.one(Customer, 201))
async def create_customer(body: CustomerBody, services: Services) -> Response:
    """Add a customer with any number of contacts (S8)."""
    request = CreateCustomerRequest(context=command(), **body.given())
    return one((await services.order.ask(services.order.customers.CreateCustomer, request)).customer, 201)


@api.get("/customers", responses=answers.listing(Customer))
async def list_customers(filters: Annotated[CustomerFilter, Query()], request: Request, services: Services) -> Response:
    """Find customers by exact phone, or by name, pinyin initials, credit code."""
    if filters.phone:
        lookups.admit(gateway_of(request))
    wanted = ListCustomersRequest(page=filters.wire(), phone=filters.phone, q=filters.q)
    found = await services.order.ask(services.order.customers.ListCustomers, wanted)
    if filters.phone:
        await lookups.record(gateway_of(request), filters.phone, len(found.customers))
    return page(found.customers, found.next_page_token)


@api.get("/customers/{customer}", responses=answers.one(Customer))
async def get_customer(customer: str, services: Services) -> Response:
    """One customer."""
    request = GetCustomerRequest(customer_id=customer)
    return one((await services.order.ask(services.order.customers.GetCustomer, request)).customer)


@api.patch("/customers/{customer}", responses=answers.one(Customer))
async def update_customer(customer: str, body: CustomerPatch, version: NeededVersion, services: Services) -> Response:
    """Change what is named in the body."""
    request = UpdateCustomerRequest(
        context=command(), customer_id=customer, expected_version=version,
        fields=sorted(body.model_fields_set), **body.given(),
    )  # fmt: skip
    return one((await services.order.ask(services.order.customers.UpdateCustomer, request)).customer)


@api.post("/customers/{customer}:merge", responses=answers.one(Customer))
async def merge_customer(customer: str, body: MergeBody, services: Services) -> Response:
    """Move the orders and contacts of another customer here."""
    request = MergeCustomerRequest(context=command(), customer_id=customer, absorbed_id=body.absorbed_id)
    return one((await services.order.ask(services.order.customers.MergeCustomer, request)).customer)


@api.put("/customers/{customer}/recipients/{kind}", responses=answers.one(BindRecipientResponse))
async def bind_recipient(customer: str, kind: str, body: RecipientBody, services: Services) -> Response:
    """Say where a customer is reached, for example `wechat_mp` with their openid."""
    request = BindRecipientRequest(context=command(), kind=kind, recipient=customer, address=body.address)
    return one(await services.notify.ask(services.notify.notify.BindRecipient, request))
