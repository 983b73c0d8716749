"""Tells notify who is in the house, so that mail for a role nobody holds, or for somebody who left, raises an alarm."""

from __future__ import annotations

import structlog
from orderhub.notify.v1.notify_pb2 import Person, PutPeopleRequest

from chassis.errors import Remote
from gateway_service import accounts, exchange
from gateway_service.clients import AWAY, NotifyClient
from gateway_service.permissions import ROLES

log = structlog.get_logger()


async def tell(notify: NotifyClient, everybody: list[accounts.Account]) -> None:
    """Tell notify of everybody in the name of who changed them; when it is away, the next change tells it all."""
    people = [
        Person(username=one.username, display_name=one.display_name, roles=sorted(one.roles), active=one.active)
        for one in everybody
    ]
    revision = sum(one.version for one in everybody)  # nobody is ever deleted: it grows with every change
    asked = PutPeopleRequest(context=exchange.command(), revision=revision, people=people, roles=ROLES)
    try:
        await notify.ask(notify.people.PutPeople, asked)
    except Remote as error:
        if error.code not in AWAY:
            raise
        log.warning("people_not_told", error=repr(error))
