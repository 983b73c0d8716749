"""The database of one service and its unit of work. No remote call happens inside a transaction."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
from google.protobuf.message import Message

from chassis import notes, outbox
from chassis.clock import Clock, SystemClock
from chassis.events import Draft, source_of
from chassis.failpoint import AFTER_COMMIT, reach
from chassis.ids import uuid7
from chassis.principal import actor
from chassis.seen import Seen
from chassis.sql import Connection, Row, Rows, Statement
from chassis.telemetry import traceparent_in

TIMEOUTS = {"lock_timeout": "2s", "statement_timeout": "5s", "idle_in_transaction_session_timeout": "10s"}
ACQUIRE_SECONDS = 3.0
CLOSE_SECONDS = 5.0
COMMAND_SECONDS = 10.0
IDLE_SECONDS = 20.0  # then a connection is given back: an idle house keeps one in each service
TURN_SECONDS = 0.05  # a connection in somebody's hands comes back sooner, or a look takes another
STATEMENTS_KEPT = 256  # prepared, for each connection
# serialization, deadlock, lock not available, insufficient resources, operator intervention, connection exceptions
TRANSIENT_STATES = ("40001", "40P01", "55P03", "53", "57", "08")


class Transaction:
    """One unit of work: what is executed and what is published happen together or not at all."""

    def __init__(self, connection: Connection, database: Database, who: str, causation_id: str) -> None:
        self.connection = connection
        self.actor = who
        self.now = database.clock.now()
        self.causation_id = causation_id
        self._drafts: list[Draft] = []
        self._last: list[Callable[[], Awaitable[None]]] = []
        self._then: list[Callable[[], None]] = []

    @property
    def drafts(self) -> tuple[Draft, ...]:
        """Return the events published so far."""
        return tuple(self._drafts)

    def at_end(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do `work` once, when everything else of this transaction is done: handlers of a batch can share statements."""
        self._last.append(work)

    def after_commit(self, work: Callable[[], None]) -> None:
        """Do `work` when this transaction has committed, and only then: whoever it wakes sees what was written."""
        self._then.append(work)

    def settled(self) -> None:
        """Do what waited for the commit."""
        for work in self._then:
            work()

    async def execute(self, statement: Statement, params: Mapping[str, Any] | None = None) -> Rows:
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

    def __init__(
        self, url: str, service: str, *, clock: Clock | None = None, pool: int = 16, patience: float = COMMAND_SECONDS
    ) -> None:
        self.service = service
        self.source = source_of(service)
        self.clock: Clock = clock or SystemClock()
        self.committed = asyncio.Event()  # wakes the relay of this process
        self.seen = Seen()
        self.dsn = url.replace("postgresql+asyncpg://", "postgresql://", 1)
        self._size = pool
        self._patience = patience  # seconds; an operator's long work sets its statement_timeout too
        self._pool: asyncpg.Pool[Row] | None = None
        self._lent = 0
        self._turns: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def transaction(
        self, *, who: str | None = None, causation_id: str = "", patient: bool = False
    ) -> AsyncIterator[Transaction]:
        """Commit at the end of the block with its events, or roll back when it raises. `patient`: as in `read`."""
        async with self._connection(patient) as connection:
            unit = Transaction(connection, self, actor() if who is None else who, causation_id)
            await connection.raw.execute("BEGIN")
            try:
                yield unit
                marks = await unit.flush(self.source)
            except BaseException:
                with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
                    await connection.raw.execute("ROLLBACK")
                raise
            if await connection.raw.execute("COMMIT") != "COMMIT":
                raise AssertionError("an error of a statement was swallowed: everything was rolled back")
        unit.settled()
        if marks:
            reach(AFTER_COMMIT)
            self.committed.set()
            notes.note_marks(marks)

    @asynccontextmanager
    async def read(self, *, patient: bool = False) -> AsyncIterator[Connection]:
        """Give a connection for queries; each statement sees what is committed.

        `patient` is for looks at regular times, which come together: they take turns with one connection.
        """
        async with self._connection(patient) as connection:
            yield connection

    async def owes_events(self) -> bool:
        """True when an event waits in the outbox."""
        async with self.read(patient=True) as connection:
            return await outbox.holds_anything(connection)

    @asynccontextmanager
    async def _connection(self, patient: bool) -> AsyncIterator[Connection]:
        if self._pool is None:
            self._pool = self._make_pool()
        pool = await self._pool  # the first time it becomes one; later this costs nothing
        if patient and self._lent:
            await self._turn()
        self._lent += 1
        try:
            raw = await pool.acquire(timeout=ACQUIRE_SECONDS)
            try:
                yield Connection(raw)
            finally:
                await pool.release(raw)
        finally:
            self._lent -= 1
            self._next_turn()

    async def _turn(self) -> None:
        """Wait a moment for the connection in use, so that a second one stays idle and is closed, or is never made."""
        turn = asyncio.get_running_loop().create_future()
        self._turns.append(turn)
        with suppress(TimeoutError):
            async with asyncio.timeout(TURN_SECONDS):
                await turn

    def _next_turn(self) -> None:
        while self._turns:
            turn = self._turns.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    def _make_pool(self) -> asyncpg.Pool[Row]:
        return asyncpg.create_pool(
            self.dsn,
            min_size=0,
            max_size=self._size,
            record_class=Row,
            statement_cache_size=STATEMENTS_KEPT,
            max_cached_statement_lifetime=0,
            max_inactive_connection_lifetime=IDLE_SECONDS,
            init=_read_json,
            reset=_as_it_is,
            timeout=3,
            command_timeout=self._patience,
            server_settings={**TIMEOUTS, "application_name": self.service},
        )

    async def close(self) -> None:
        """Close every connection, waiting a little for those in use."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await pool.close()
        except TimeoutError:
            pool.terminate()


async def _read_json(raw: asyncpg.Connection[Row]) -> None:
    for kind in ("json", "jsonb"):
        await raw.set_type_codec(kind, schema="pg_catalog", encoder=str, decoder=json.loads)


async def _as_it_is(_: asyncpg.Connection[Row]) -> None:
    """Nothing here changes a session, so nothing is reset; an open transaction asyncpg rolls back by itself."""


def is_transient(error: BaseException) -> bool:
    """True when the same work may succeed if simply tried again."""
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate or "").startswith(TRANSIENT_STATES)
    if isinstance(error, asyncpg.InterfaceError):
        return "clos" in str(error)  # closed or closing: the connection died before its turn
    return isinstance(error, ConnectionError | TimeoutError | OSError | asyncpg.InternalClientError)
