"""The database of one service and its unit of work. No remote call happens inside a transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from asyncpg import InternalClientError  # a connection torn down in mid-word; SQLAlchemy passes it on unwrapped
from google.protobuf.message import Message
from sqlalchemy import CursorResult, Executable
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from chassis import notes, outbox
from chassis.clock import Clock, SystemClock
from chassis.events import Draft, source_of
from chassis.failpoint import AFTER_COMMIT, reach
from chassis.ids import uuid7
from chassis.principal import actor
from chassis.telemetry import traceparent_in
from chassis.thrift import ShrinkingPool

TIMEOUTS = {"lock_timeout": "2s", "statement_timeout": "5s", "idle_in_transaction_session_timeout": "10s"}
# serialization, deadlock, lock not available, insufficient resources, operator intervention, connection exceptions
TRANSIENT_STATES = ("40001", "40P01", "55P03", "53", "57", "08")


class Transaction:
    """One unit of work: what is executed and what is published happen together or not at all."""

    def __init__(self, connection: AsyncConnection, database: Database, who: str, causation_id: str) -> None:
        self.connection = connection
        self.actor = who
        self.now = database.clock.now()
        self.causation_id = causation_id
        self._drafts: list[Draft] = []
        self._last: list[Callable[[], Awaitable[None]]] = []

    def at_end(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do `work` once, when everything else of this transaction is done: handlers of a batch can share statements."""
        self._last.append(work)

    async def execute(self, statement: Executable, params: Mapping[str, Any] | None = None) -> CursorResult[Any]:
        """Run one statement in this transaction."""
        return await self.connection.execute(statement, params)

    def publish(self, subject: str, message: Message, *, trace: str = "") -> None:
        """Tell `message` about `subject` when this transaction commits; `trace` is the order's own traceparent."""
        what = message.DESCRIPTOR.name
        self._drafts.append(
            Draft(uuid7(), subject, message, self.now, traceparent_in(trace, what), self.actor, self.causation_id)
        )

    async def flush(self, source: str) -> list[outbox.Mark]:
        """Do what was kept for the end, then write the events published so far to the outbox."""
        while self._last:
            await self._last.pop(0)()
        drafts, self._drafts = self._drafts, []
        return await outbox.write(self.connection, source, drafts)


class Database:
    """Connections of one service's own role; short timeouts, so that nothing waits for ever."""

    def __init__(self, url: str, service: str, *, clock: Clock | None = None, pool: int = 8) -> None:
        self.service = service
        self.source = source_of(service)
        self.clock: Clock = clock or SystemClock()
        self.committed = asyncio.Event()  # wakes the relay of this process
        self.engine = create_async_engine(
            url,
            poolclass=ShrinkingPool,
            pool_size=pool,
            max_overflow=pool,
            pool_timeout=3,
            connect_args={
                "timeout": 3,
                "command_timeout": 10,
                "server_settings": {**TIMEOUTS, "application_name": service},
            },
        )

    @asynccontextmanager
    async def transaction(self, *, who: str | None = None, causation_id: str = "") -> AsyncIterator[Transaction]:
        """Commit at the end of the block with its events, or roll back when it raises."""
        async with self.engine.connect() as connection:
            unit = Transaction(connection, self, actor() if who is None else who, causation_id)
            async with connection.begin():
                yield unit
                marks = await unit.flush(self.source)
        if marks:
            reach(AFTER_COMMIT)
            self.committed.set()
            notes.note_marks(marks)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection for queries; each statement sees what is committed."""
        async with self.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            yield connection

    async def close(self) -> None:
        await self.engine.dispose()


def is_transient(error: BaseException) -> bool:
    """True when the same work may succeed if simply tried again."""
    if isinstance(error, DBAPIError):
        state = str(getattr(error.orig, "sqlstate", "") or "")
        return error.connection_invalidated or state.startswith(TRANSIENT_STATES)
    return isinstance(error, ConnectionError | TimeoutError | NoConnectionFree | OSError | InternalClientError)
