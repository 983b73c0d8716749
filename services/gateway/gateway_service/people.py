"""Tells notify who is in the house, so that mail for a role nobody holds, or for somebody who left, raises an alarm."""

from __future__ import annotations

import asyncio
import contextlib
import time

import structlog
from orderhub.notify.v1.notify_pb2 import Person, PutPeopleRequest

from chassis import principal
from chassis.database import Database
from chassis.principal import Principal
from gateway_service import accounts, exchange
from gateway_service.clients import NotifyClient
from gateway_service.exchange import Exchange
from gateway_service.permissions import ROLES

LOOK_SECONDS = 10.0
AGAIN_SECONDS = 600.0  # notify may have got another database meanwhile
HOUSE = Principal("gateway", "house")  # nobody in particular: what is true of the house, whoever changed it
log = structlog.get_logger()


class PeopleNews:
    """Brings everybody to notify whenever the users differ from what it took last (docs/decisions/0034).

    The users themselves say what is still to be told, so nothing is lost with a change whose telling failed: a gateway
    that begins tells once, and one that could not tell goes on trying.
    """

    def __init__(self, database: Database, notify: NotifyClient) -> None:
        self._database = database
        self._notify = notify
        self._changed = asyncio.Event()
        self._taken, self._taken_at = -1, 0.0  # the revision notify took last from this process, and when (monotonic)

    def wake(self) -> None:
        """Look at once; after a change."""
        self._changed.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Look after each change and every ten seconds until `stop`; whoever stops it wakes it too."""
        while not stop.is_set():
            self._changed.clear()
            try:
                await self.tell()
            except Exception as error:
                log.warning("people_not_told", error=repr(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), LOOK_SECONDS)

    async def tell(self) -> bool:
        """Tell notify of everybody unless it took just that already; True when it was told. Raises Remote."""
        fresh = time.monotonic() - self._taken_at < AGAIN_SECONDS
        if fresh and await accounts.revision(self._database) == self._taken:
            return False
        everybody = await accounts.everybody(self._database)
        revision = accounts.revision_of(everybody)
        people = [
            Person(username=one.username, display_name=one.display_name, roles=sorted(one.roles), active=one.active)
            for one in everybody
        ]
        exchange.begin(Exchange(HOUSE, "people", key=f"people {revision}"))  # said again it changes and records nothing
        principal.current.set(HOUSE)
        asked = PutPeopleRequest(context=exchange.command(), revision=revision, people=people, roles=ROLES)
        await self._notify.ask(self._notify.people.PutPeople, asked)
        self._taken, self._taken_at = revision, time.monotonic()
        return True
