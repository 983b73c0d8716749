"""MailboxService: what people read inside the house."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from orderhub.notify.v1 import notify_pb2 as pb
from orderhub.notify.v1 import notify_pb2_grpc

from chassis import page_token, principal
from chassis.commands import Commands
from chassis.database import Transaction
from notify_service.adapters.mailbox import SqlMailbox
from notify_service.app.read_inbox import read_inbox
from notify_service.domain.mailbox import Letter, Reader
from notify_service.entrypoints.messages import id_of, instant_message, page_of

MOST_NAMES = 20


@dataclass
class MailboxApi(notify_pb2_grpc.MailboxServiceServicer):
    """The servicer; the mailbox is always the caller's own."""

    commands: Commands

    async def ListInbox(self, request: pb.ListInboxRequest, context: Any) -> pb.ListInboxResponse:
        size, before = page_of("inbox", request.page)
        async with self.commands.database.read() as connection:
            mailbox = SqlMailbox(connection, reader_of(request.names), self.commands.database.clock.now())
            found = await mailbox.page(before, size + 1, unread=request.unread)
            unread = await mailbox.unread_count()
        return pb.ListInboxResponse(
            messages=[_letter(entry) for entry in found[:size]], unread_count=unread,
            next_page_token=page_token.write("inbox", found[size - 1].id) if len(found) > size else "",
        )  # fmt: skip

    async def MarkInboxRead(self, request: pb.MarkInboxReadRequest, context: Any) -> pb.MarkInboxReadResponse:
        one = id_of(request.id) if request.id else None
        until = id_of(request.until) if request.until else None
        reader = reader_of(request.names)

        async def work(unit: Transaction) -> pb.MarkInboxReadResponse:
            mailbox = SqlMailbox(unit, reader, unit.now)
            marked = await read_inbox(mailbox, one, until)
            return pb.MarkInboxReadResponse(marked=marked, unread_count=await mailbox.unread_count())

        return await self.commands.run(request.context, pb.MarkInboxReadResponse, work)


def reader_of(names: Iterable[str]) -> Reader:
    """Return the running request's caller as a reader."""
    who = principal.current.get()
    subject, roles = (who.subject, who.roles) if who else ("", frozenset[str]())
    own = [name for name in list(names)[:MOST_NAMES] if "\0" not in name]
    return Reader(subject, frozenset({subject, *roles, *own} - {""}))


def _letter(letter: Letter) -> pb.InboxMessage:
    return pb.InboxMessage(
        id=str(letter.id), text=letter.text, event_type=letter.event_type, order_number=letter.order_number,
        production_order_number=letter.production_order_number, subscription=letter.subscription,
        recipient=letter.recipient, at=instant_message(letter.sent_at), read_at=instant_message(letter.read_at),
    )  # fmt: skip
