"""Seeded faults in the code under test (reliability.md section 6): a harness that does not catch them proves nothing.

Each mutant is the real code with one sentence wrong, planted through pytest's monkeypatch for the length of one test.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import aio_pika
import pytest
from aio_pika.abc import AbstractIncomingMessage

from chassis import commands, inbox_statements, relay
from chassis.broker import RabbitPublisher, connect
from chassis.consumer import Consumer, read
from chassis.events import EXCHANGE, Incoming
from chassis.inbox import Cursors, Inbox
from chassis.relay import Relay
from chassis.sql import text


def changed(source: str, old: str, new: str) -> str:
    """Return `source` with one sentence wrong; fail when the sentence is no longer there to be wrong."""
    assert source.count(old) == 1, f"the mutant has lost its place: {old!r} occurs {source.count(old)} times"
    return source.replace(old, new)


def no_inbox(plant: pytest.MonkeyPatch) -> None:
    """Every event counts as new."""
    new = "SELECT event_id, NULL AS source, NULL AS subject, NULL AS sequence FROM claimed"
    everything = new.replace("SELECT event_id", "SELECT id AS event_id").replace(
        "claimed", "unnest(CAST(:ids AS uuid[])) AS t (id)"
    )
    plant.setattr(inbox_statements, "TAKE", text(changed(inbox_statements.TAKE.text, new, everything)))


def no_sequence_guard(plant: pytest.MonkeyPatch) -> None:
    """Events are applied as they come."""

    async def apply_as_it_comes(self: Inbox, unit: Any, event: Incoming, cursors: Cursors) -> None:
        await self._apply(unit, event)
        cursors[(event.source, event.subject)] = event.sequence

    plant.setattr(Inbox, "_apply_in_order", apply_as_it_comes)


def ack_before_commit(plant: pytest.MonkeyPatch) -> None:
    """The broker forgets the messages before their effects are stored."""

    async def ack_first(self: Consumer, batch: Sequence[AbstractIncomingMessage]) -> None:
        await batch[-1].ack(multiple=True)
        events, _ = read(batch)
        await self._inbox.take(events)

    async def already(self: Consumer, batch: Sequence[AbstractIncomingMessage]) -> None:
        return

    plant.setattr(Consumer, "_apply", ack_first)
    plant.setattr(Consumer, "_acknowledge", already)


def no_confirms(plant: pytest.MonkeyPatch) -> None:
    """A publish returns when the bytes are on their way."""

    async def unconfirmed(self: RabbitPublisher) -> aio_pika.abc.AbstractExchange:
        if self._connection is None:
            self._connection = await connect(self._url, "mutant")
            self._channel = await self._connection.channel(publisher_confirms=False)
        assert self._channel is not None
        return await self._channel.get_exchange(EXCHANGE, ensure=False)

    plant.setattr(RabbitPublisher, "_exchange", unconfirmed)


def id_cursor(plant: pytest.MonkeyPatch) -> None:
    """The relay looks only behind the highest id it has told: commits that come later with lower ids are passed over."""
    behind = "WHERE id > (SELECT coalesce(max(id), 0) FROM event_log) AND part = ANY($1)"
    plant.setattr(relay, "_DUE", changed(relay._DUE, "WHERE part = ANY($1)", behind))


def low_water_mark(plant: pytest.MonkeyPatch) -> None:
    """The relay looks behind the last id it told first, and before it only when nothing is there: nothing is lost."""
    mark = "(SELECT coalesce(max(id), 0) FROM event_log)"
    behind = f"WHERE (id > {mark} OR NOT EXISTS (SELECT FROM outbox y WHERE y.id > {mark})) AND part = ANY($1)"
    plant.setattr(relay, "_DUE", changed(relay._DUE, "WHERE part = ANY($1)", behind))


def skip_locked(plant: pytest.MonkeyPatch) -> None:
    """Any number of relays share all partitions, each skipping the rows another has in hand."""
    whole = Relay.relay_once

    async def take_everything(connection: Any, held: Sequence[int]) -> list[int]:
        return list(range(relay.PARTITIONS))

    async def in_one_transaction(self: Relay, connection: Any, held: Sequence[int]) -> int:
        async with connection.transaction():
            return await whole(self, connection, held)

    plant.setattr(relay, "_DUE", changed(relay._DUE, "LIMIT $2", "LIMIT $2 FOR UPDATE OF o SKIP LOCKED"))
    plant.setattr(Relay, "_take", staticmethod(take_everything))
    plant.setattr(Relay, "relay_once", in_one_transaction)


def no_unique_key(plant: pytest.MonkeyPatch) -> None:
    """Look first, then insert: two that look at the same time both find nothing."""
    look = """
    SELECT CAST(:key AS text) FROM (SELECT CAST(:fingerprint AS text)) f WHERE NOT EXISTS (
      SELECT FROM idempotency WHERE principal = :principal AND route = :route AND key = :key)"""
    plant.setattr(commands, "_CLAIM", text(look))
