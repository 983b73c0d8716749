"""PersonalDataService over gRPC: for administrators alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from orderhub.common.v1.common_pb2 import Contact
from orderhub.order.v1 import personal_data_pb2 as pb
from orderhub.order.v1 import personal_data_pb2_grpc

from chassis.commands import Commands
from chassis.database import Transaction
from chassis.principal import current
from order_service.adapters.customers import CustomerRepository
from order_service.adapters.personal_data import MOST_TOLD, SqlTraces
from order_service.adapters.phones import normalise
from order_service.app.erase_contact import erase_contact
from order_service.app.export_contact import export_contact
from order_service.domain.erasure import Person
from order_service.domain.errors import FieldProblem, Forbidden, Invalid
from order_service.domain.texts import checked_texts


@dataclass
class PersonalDataApi(personal_data_pb2_grpc.PersonalDataServiceServicer):
    """What is kept of people, and its end."""

    commands: Commands

    async def ExportContact(self, request: pb.ExportContactRequest, context: Any) -> pb.ExportContactResponse:
        person = _person(request.contact, request.context.reason)

        async def work(unit: Transaction) -> pb.ExportContactResponse:
            found, phones = await export_contact(request.customer_id, person, CustomerRepository(unit), SqlTraces(unit))
            data = [pb.PersonalDatum(place=x.place, ref=x.ref, field=x.field, value=x.value) for x in found]
            return pb.ExportContactResponse(data=data[:MOST_TOLD], phones=phones, complete=len(data) <= MOST_TOLD)

        return await self.commands.run(request.context, pb.ExportContactResponse, work)

    async def EraseContact(self, request: pb.EraseContactRequest, context: Any) -> pb.EraseContactResponse:
        person = _person(request.contact, request.context.reason)

        async def work(unit: Transaction) -> pb.EraseContactResponse:
            erased = await erase_contact(request.customer_id, person, CustomerRepository(unit), SqlTraces(unit))
            return pb.EraseContactResponse(contacts=erased.contacts, orders=erased.orders, texts=erased.texts)

        return await self.commands.run(request.context, pb.EraseContactResponse, work)


def _person(contact: Contact, reason: str) -> Person:
    """Return whom an administrator means; raise Forbidden, or Invalid with every problem."""
    who = current.get()
    if who is None or who.kind != "user" or not who.has():
        raise Forbidden("FORBIDDEN")
    problems = checked_texts({"contact.name": (contact.name, 100), "contact.phone": (contact.phone, 40)})
    if not reason.strip():
        problems.append(FieldProblem("reason", "REQUIRED"))
    phone = normalise(contact.phone) if contact.phone else ""
    if phone is None:
        problems.append(FieldProblem("contact.phone", "PHONE_INVALID", {"phone": contact.phone[:40]}))
    if problems:
        raise Invalid(problems)
    return Person(contact.name.strip(), phone or "")
