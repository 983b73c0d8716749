"""CustomerService over gRPC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from orderhub.common.v1.common_pb2 import Contact
from orderhub.order.v1 import customer_pb2 as pb
from orderhub.order.v1 import customer_pb2_grpc

from chassis.commands import Commands
from chassis.database import Transaction
from chassis.ids import uuid7
from order_service.adapters.customer_views import CustomerViews
from order_service.adapters.customers import CustomerRepository
from order_service.adapters.messages import stamp
from order_service.adapters.phones import normalise
from order_service.app.keep_customer import (
    FIELDS,
    CustomerChange,
    create_customer,
    merge_customer,
    update_customer,
)
from order_service.domain.customer import Customer, CustomerEntry, check_customer
from order_service.domain.invoicing import WHEN_COMPLETE
from order_service.domain.texts import check_fields
from order_service.entrypoints.paging import next_token, page_size, read_token
from order_service.entrypoints.scope import SalesScope, owner_asking


def customer_message(customer: Customer) -> pb.Customer:
    """Return a customer as people see it."""
    return pb.Customer(
        id=str(customer.id), name=customer.name, tier=customer.tier, credit_code=customer.credit_code,
        contacts=[Contact(name=one.name, phone=one.phone) for one in customer.contacts], version=customer.version,
        merged_into=str(customer.merged_into or ""), created_at=stamp(customer.created_at),
        invoice_policy=customer.invoice_policy,
    )  # fmt: skip


def _entry(request: Any, *, name: str, policy: str) -> CustomerEntry:
    contacts = [(one.name, one.phone) for one in request.contacts]
    return CustomerEntry(name, request.tier, request.credit_code, contacts, policy)


@dataclass
class CustomerApi(customer_pb2_grpc.CustomerServiceServicer):
    """The customer library."""

    commands: Commands
    views: CustomerViews
    scope: SalesScope = "own"

    @property
    def _owner(self) -> str:
        return owner_asking(self.scope)

    async def CreateCustomer(self, request: pb.CreateCustomerRequest, context: Any) -> pb.CreateCustomerResponse:
        entry = check_customer(
            _entry(request, name=request.name, policy=request.invoice_policy or WHEN_COMPLETE), normalise
        )

        async def work(unit: Transaction) -> pb.CreateCustomerResponse:
            customers = CustomerRepository(unit)
            made = customer_message(await create_customer(uuid7(), entry, customers, unit.now))
            for namesake, name in await customers.namesakes(UUID(made.id), made.name):
                made.warnings.add(
                    reason="CUSTOMER_NAME_KNOWN", params={"customer_id": str(namesake), "customer_name": name}
                )
            return pb.CreateCustomerResponse(customer=made)

        return await self.commands.run(request.context, pb.CreateCustomerResponse, work)

    async def UpdateCustomer(self, request: pb.UpdateCustomerRequest, context: Any) -> pb.UpdateCustomerResponse:
        check_fields(request.fields, FIELDS)
        unchanged = "-"  # a name that is not among the fields is not looked at
        name = request.name if "name" in request.fields else unchanged
        policy = request.invoice_policy if "invoice_policy" in request.fields else WHEN_COMPLETE
        entry = check_customer(_entry(request, name=name, policy=policy), normalise)
        await self.views.customer(request.customer_id, self._owner)
        change = CustomerChange(request.customer_id, request.expected_version, tuple(request.fields), entry)

        async def work(unit: Transaction) -> pb.UpdateCustomerResponse:
            changed = await update_customer(change, CustomerRepository(unit))
            return pb.UpdateCustomerResponse(customer=customer_message(changed))

        return await self.commands.run(request.context, pb.UpdateCustomerResponse, work)

    async def MergeCustomer(self, request: pb.MergeCustomerRequest, context: Any) -> pb.MergeCustomerResponse:
        async def work(unit: Transaction) -> pb.MergeCustomerResponse:
            kept = await merge_customer(request.customer_id, request.absorbed_id, CustomerRepository(unit))
            return pb.MergeCustomerResponse(customer=customer_message(kept))

        return await self.commands.run(request.context, pb.MergeCustomerResponse, work)

    async def GetCustomer(self, request: pb.GetCustomerRequest, context: Any) -> pb.GetCustomerResponse:
        return pb.GetCustomerResponse(
            customer=customer_message(await self.views.customer(request.customer_id, self._owner))
        )

    async def ListCustomers(self, request: pb.ListCustomersRequest, context: Any) -> pb.ListCustomersResponse:
        size = page_size(request.page)
        found = await self.views.customers(
            request.phone, request.q, read_token("customers", request.page), size + 1, self._owner
        )
        token = next_token("customers", [customer.id for customer in found], size)
        return pb.ListCustomersResponse(
            customers=[customer_message(customer) for customer in found[:size]], next_page_token=token
        )
