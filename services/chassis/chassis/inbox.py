"""The inbox: each event has its effect once, in order per subject; what can't be applied yet is parked, never dropped.

The cursor of a subject only moves when an event is applied, so a failed event holds back its successors by itself. A gap
waits; an unknown subject starts at the first sequence seen after a short grace (architecture: Consumers).
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import grpc
import structlog
from google.protobuf.message import Message
from opentelemetry import metrics, trace

from chassis import inbox_statements as statements
from chassis.database import Database, Transaction, is_transient
from chassis.errors import Remote
from chassis.events import Incoming, decode
from chassis.parked import presume_dead
from chassis.telemetry import context_of, tracer
from chassis.unreadable import UNREADABLE, reread

Handler = Callable[[Incoming, Transaction], Awaitable[None]]
Prepare = Callable[[Sequence[Incoming]], Awaitable[None]]
UNSEEN = 0  # sequences begin at 1
GRACE_SECONDS = 2.0
MAX_ATTEMPTS = 12
RETRY_BATCH = 200
_counter = metrics.get_meter("chassis").create_counter("events_consumed", description="Events by type and outcome")
log = structlog.get_logger()

Cursors = dict[tuple[str, str], int]


@dataclass
class Inbox:
    """Applies events of one consumer. `handlers` by message type; `anything` takes types without a handler."""

    database: Database
    consumer: str
    handlers: Mapping[type[Message], Handler]
    anything: Handler | None = None
    prepare: Prepare | None = None
    _by_name: dict[str, Handler] = field(init=False)

    def __post_init__(self) -> None:
        self._by_name = {kind.DESCRIPTOR.full_name: handler for kind, handler in self.handlers.items()}

    async def take(self, events: Sequence[Incoming]) -> None:
        """Apply a batch in one transaction; when one fails for good, apply one by one and park it.

        Raises what is transient: nothing was applied, the same batch comes again.
        """
        try:
            await self._take(events)
        except Exception as error:
            if passing(error):
                raise
            if len(events) == 1:
                await self._park_failed(events[0], error)
                return
            for event in events:
                await self.take([event])

    async def _take(self, events: Sequence[Incoming]) -> None:
        if self.prepare is not None:
            await self.prepare(events)
        causes = str(events[0].event_id) if len(events) == 1 else ""
        async with self.database.transaction(who="", causation_id=causes) as unit:
            new, cursors = await self._claim_and_hold(unit, events)
            before = dict(cursors)
            for event in new:
                await self._apply_in_order(unit, event, cursors)
            await self._advance(unit, {key: value for key, value in cursors.items() if before[key] != value})
        self.database.seen.note(cursors)

    async def _apply_in_order(self, unit: Transaction, event: Incoming, cursors: Cursors) -> None:
        key = (event.source, event.subject)
        at = cursors[key]
        if event.sequence <= at:
            _counter.add(1, {"type": event.type, "outcome": "stale"})
        elif event.sequence == at + 1:
            await self._apply(unit, event)
            cursors[key] = event.sequence
        else:
            await self._park(unit, event, "gap", delay=GRACE_SECONDS if at == UNSEEN else 1.0)

    async def _apply(self, unit: Transaction, event: Incoming) -> None:
        handler = self._by_name.get(event.type, self.anything)
        if handler is None:
            _counter.add(1, {"type": event.type, "outcome": "ignored"})
            return
        unit.actor, unit.causation_id = event.actor, str(event.event_id)
        kind = trace.SpanKind.CONSUMER
        with tracer.start_as_current_span(f"handle {event.type}", context=context_of(event.traceparent), kind=kind):
            await handler(event, unit)
        _counter.add(1, {"type": event.type, "outcome": "applied"})

    async def retry_parked(self) -> int:
        """Apply parked events whose turn has come; return how many were applied."""
        async with self.database.read(patient=True) as connection:
            rows = (await connection.execute(statements.DUE, {"consumer": self.consumer, "limit": RETRY_BATCH})).all()
        started = {(row.source, row.subject) for row in rows if row.cursor != UNSEEN}
        applied = 0
        for row in rows:
            key = (row.source, row.subject)
            if row.reason == UNREADABLE:
                applied += await reread(self.database, self.consumer, row, self.take)
                continue
            await presume_dead(self.database, self.consumer, row)
            begins = key not in started and row.age >= GRACE_SECONDS
            applied += await self._retry(decode(row.body), row.attempts, begins=begins)
            started.add(key)
        return applied

    async def _retry(self, event: Incoming, attempts: int, *, begins: bool) -> int:
        try:
            if self.prepare is not None:
                await self.prepare([event])
            async with self.database.transaction(who="", causation_id=str(event.event_id)) as unit:
                at = (await self._cursors(unit, [event]))[(event.source, event.subject)]
                if begins and at == UNSEEN:
                    at = event.sequence - 1
                if event.sequence > at + 1:
                    await self._again(unit, event, "gap", "", failed=0, delay=random.uniform(1, 5))  # noqa: S311  jitter
                    return 0
                if event.sequence == at + 1:
                    await self._apply(unit, event)
                    await self._advance(unit, {(event.source, event.subject): event.sequence})
                await unit.execute(statements.UNPARK, {"consumer": self.consumer, "event_id": event.event_id})
                return 1
        except Exception as error:
            if passing(error):
                raise
            delay = random.uniform(0.5, min(3600.0, 5.0 * 2**attempts))  # noqa: S311  jitter
            async with self.database.transaction(who="") as unit:
                await self._again(unit, event, "failed", repr(error), failed=1, delay=delay)
            return 0

    async def _claim_and_hold(self, unit: Transaction, events: Sequence[Incoming]) -> tuple[list[Incoming], Cursors]:
        ids = list({event.event_id for event in events})
        rows = (await unit.execute(statements.TAKE, {"consumer": self.consumer, "ids": ids, **_subjects(events)})).all()
        new = {row.event_id for row in rows if row.event_id is not None}
        cursors = {(row.source, row.subject): row.sequence for row in rows if row.event_id is None}
        return _first_ones(events, new), cursors

    async def _claim(self, unit: Transaction, event: Incoming) -> bool:
        return bool(len(await unit.execute(statements.CLAIM, {"consumer": self.consumer, "ids": [event.event_id]})))

    async def _cursors(self, unit: Transaction, events: Iterable[Incoming]) -> Cursors:
        params = {"consumer": self.consumer, **_subjects(events)}
        await unit.execute(statements.START, params)
        return {(row.source, row.subject): row.sequence for row in await unit.execute(statements.CURSORS, params)}

    async def _advance(self, unit: Transaction, moved: Cursors) -> None:
        if moved:
            columns = {
                "sources": [key[0] for key in moved], "subjects": [key[1] for key in moved], "sequences": list(moved.values()),
            }  # fmt: skip
            await unit.execute(statements.ADVANCE, {"consumer": self.consumer, **columns})

    async def _park_failed(self, event: Incoming, error: Exception) -> None:
        log.error(
            "event_parked", type=event.type, event_id=str(event.event_id), subject=event.subject, error=repr(error)
        )
        async with self.database.transaction(who="") as unit:
            if await self._claim(unit, event):
                await self._cursors(unit, [event])
                await self._park(unit, event, "failed", error=repr(error), attempts=1, delay=2.0)

    async def _park(
        self, unit: Transaction, event: Incoming, reason: str, *, delay: float, error: str = "", attempts: int = 0
    ) -> None:
        _counter.add(1, {"type": event.type, "outcome": f"parked_{reason}"})
        values: dict[str, Any] = {
            "consumer": self.consumer, "event_id": event.event_id, "source": event.source, "subject": event.subject,
            "sequence": event.sequence, "type": event.type, "body": event.body, "reason": reason, "error": error,
            "attempts": attempts, "delay": delay,
        }  # fmt: skip
        await unit.execute(statements.PARK, values)

    async def _again(
        self, unit: Transaction, event: Incoming, reason: str, error: str, *, failed: int, delay: float
    ) -> None:
        values = {
            "consumer": self.consumer, "event_id": event.event_id, "reason": reason, "error": error, "failed": failed,
            "delay": delay, "most": MAX_ATTEMPTS if failed else 2**30,
        }  # fmt: skip
        await unit.execute(statements.AGAIN, values)


def _subjects(events: Iterable[Incoming]) -> dict[str, list[str]]:
    keys = {(event.source, event.subject) for event in events}
    return {"sources": [key[0] for key in keys], "subjects": [key[1] for key in keys]}


def _first_ones(events: Sequence[Incoming], new: set[UUID]) -> list[Incoming]:
    """Return the events to apply, each once, in the order they came."""
    fresh = []
    for event in events:
        if event.event_id in new:
            new.discard(event.event_id)
            fresh.append(event)
        else:
            _counter.add(1, {"type": event.type, "outcome": "duplicate"})
    return fresh


def passing(error: BaseException) -> bool:
    """True when the fault is of the moment: the database, or a service asked on a miss."""
    if isinstance(error, Remote):
        return error.unavailable
    if isinstance(error, grpc.aio.AioRpcError):
        return error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
    return is_transient(error)
