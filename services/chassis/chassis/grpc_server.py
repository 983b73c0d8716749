"""The gRPC front of a service: principal, deadline, errors, metrics and one log line for each call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
import structlog
from grpc_status import rpc_status
from opentelemetry import metrics, trace

from chassis import notes, principal
from chassis.database import Database, is_transient
from chassis.errors import ChassisRefusal, Remote, to_status
from chassis.mutual_tls import caller_names
from chassis.outbox import Mark
from chassis.principal import Principal, Untrusted, Verifier
from chassis.sql import text
from chassis.telemetry import TRACEPARENT, context_of, tracer
from chassis.topology import heard

QUERIES = ("Get", "List", "Batch", "Explode", "Search", "Preview")
OPEN_SERVICES = ("/grpc.health.", "/grpc.reflection.")
DEFAULT_DEADLINE_SECONDS = 3.0
SEEN_WAIT_SECONDS = 1.5
DOUBTFUL_WAIT_SECONDS = 0.2
DOUBT_SECONDS = 2.0
OPTIONS = [
    ("grpc.http2.min_ping_interval_without_data_ms", 5000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.max_connection_age_ms", 300_000),
    ("grpc.max_connection_age_grace_ms", 30_000),
    ("grpc.max_receive_message_length", 4 * 1024 * 1024),
    ("grpc.max_metadata_size", notes.METADATA_BYTES),
    ("grpc.so_reuseport", 0),
]
BUCKETS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)  # the library's own begin at five seconds
_seconds = metrics.get_meter("chassis").create_histogram(
    "grpc_server_seconds", unit="s", explicit_bucket_boundaries_advisory=BUCKETS_SECONDS
)
log = structlog.get_logger()
Context = grpc.aio.ServicerContext[Any, Any]
Method = Callable[[Any, Context], Awaitable[Any]]
_SEEN = text("""
SELECT source, subject, sequence FROM subject_cursor
WHERE consumer = :consumer AND (source, subject) IN (SELECT * FROM unnest(CAST(:sources AS text[]), CAST(:subjects AS text[])))
""")


class Refusal(Exception):
    """The front itself turns a call away."""

    def __init__(self, code: grpc.StatusCode, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason
        self.params: Mapping[str, str] = {}
        self.fields: tuple[()] = ()


@dataclass
class Patience:
    """How long a call waits for events. While they do not arrive (the broker is away) only one call in two seconds waits
    in full: a command that crosses two services must still fit into its deadline, and owners are asked on a miss anyway.
    """

    clock: Callable[[], float] = time.monotonic
    _doubtful_until: float = 0.0

    def seconds(self) -> float:
        """Return how long the next call may wait."""
        now = self.clock()
        if now < self._doubtful_until:
            return DOUBTFUL_WAIT_SECONDS
        if self._doubtful_until:
            self._doubtful_until = now + DOUBT_SECONDS  # this one tries for all
        return SEEN_WAIT_SECONDS

    def learn(self, *, arrived: bool) -> None:
        """Take note of how a wait ended."""
        self._doubtful_until = 0.0 if arrived else max(self._doubtful_until, self.clock() + DOUBT_SECONDS)


class Front(grpc.aio.ServerInterceptor):
    """Stands before every method. `errors` maps a service's refusals to status codes."""

    def __init__(
        self,
        service: str,
        verifier: Verifier,
        errors: Mapping[type[Exception], grpc.StatusCode],
        database: Database,
        *,
        certified: bool = False,
    ) -> None:
        self._certified = certified
        self._consumer = f"{service}.events"
        self._verifier = verifier
        self._errors = errors
        self._database = database
        self._patience = Patience()

    async def intercept_service(self, continuation: Any, details: grpc.HandlerCallDetails) -> Any:
        """Put the front before a method; health and reflection are open to anybody."""
        handler = await continuation(details)
        if handler is None or handler.unary_unary is None or details.method.startswith(OPEN_SERVICES):
            return handler
        return grpc.unary_unary_rpc_method_handler(
            self._guarded(details.method, handler.unary_unary),
            handler.request_deserializer,
            handler.response_serializer,
        )

    def _guarded(self, method: str, behaviour: Method) -> Method:
        async def traced(request: Any, context: Context) -> Any:
            caller = context_of(str(dict(context.invocation_metadata() or ()).get(TRACEPARENT, "")))
            kind = trace.SpanKind.SERVER
            with tracer.start_as_current_span(method, context=caller, kind=kind, record_exception=False):
                return await call(request, context)

        async def call(request: Any, context: Context) -> Any:
            started = time.perf_counter()
            mine = notes.Notes()
            notes.current.set(mine)
            try:
                answer = await self._answer(method, behaviour, request, context)
            except Exception as error:
                refusal = self.status_of(error)
                self._note(method, started, refusal, error)
                await context.abort_with_status(rpc_status.to_status(to_status(refusal.code, refusal)))
                raise AssertionError("unreachable") from error
            context.set_trailing_metadata(_trailing(mine))
            self._note(method, started, None, None)
            return answer

        return traced

    async def _answer(self, method: str, behaviour: Method, request: Any, context: Context) -> Any:
        metadata = dict(context.invocation_metadata() or ())
        who = self._admit(method, metadata)
        if self._certified and who.issuer not in caller_names(context):
            raise Refusal(grpc.StatusCode.UNAUTHENTICATED, "PRINCIPAL_REQUIRED")  # a token in other hands
        principal.current.set(who)
        remaining = context.time_remaining()
        limit = DEFAULT_DEADLINE_SECONDS if remaining is None else remaining
        deadline = asyncio.timeout(limit)
        try:
            async with deadline:
                await self._wait_until_seen(str(metadata.get(notes.AFTER_KEY, "")))
                return await behaviour(request, context)
        except Exception as error:
            if deadline.expired():  # whatever a driver made of being interrupted, the deadline is what happened
                raise TimeoutError from error
            raise

    def _admit(self, method: str, metadata: Mapping[str, Any]) -> Principal:
        try:
            who = self._verifier.verify(str(metadata.get(principal.METADATA_KEY, "")))
        except Untrusted as error:
            raise Refusal(grpc.StatusCode.UNAUTHENTICATED, "PRINCIPAL_REQUIRED") from error
        if who.kind == "service" and not method.rsplit("/", 1)[1].startswith(QUERIES):
            raise Refusal(grpc.StatusCode.PERMISSION_DENIED, "QUERIES_ONLY")
        return who

    async def _wait_until_seen(self, wanted: str) -> None:
        """Wait until this service has applied what the caller's last commands caused (docs/decisions/0004)."""
        marks = [mark for mark in notes.from_text(wanted) if heard(self._consumer, mark.source)]
        if not (marks := await self._unseen(marks)):
            return
        until = time.monotonic() + self._patience.seconds()
        while marks and time.monotonic() < until:
            await asyncio.sleep(0.01)
            marks = await self._unseen(marks)
        self._patience.learn(arrived=not marks)

    async def _unseen(self, marks: Sequence[Mark]) -> list[Mark]:
        """Return the marks whose events this service has not applied yet."""
        if not marks:
            return []
        seen = self._database.seen
        if left := [mark for mark in marks if not seen.has(mark)]:
            columns = {"sources": [mark.source for mark in left], "subjects": [mark.subject for mark in left]}
            async with self._database.read() as connection:
                rows = await connection.execute(_SEEN, {"consumer": self._consumer, **columns})
            seen.note({(row.source, row.subject): row.sequence for row in rows})
        return [mark for mark in left if not seen.has(mark)]

    def status_of(self, error: Exception) -> Any:
        """Return the refusal to send: the error's own words where it has some, else a plain one."""
        if isinstance(error, ChassisRefusal | Refusal | Remote):
            return error
        for kind in type(error).__mro__:
            if kind in self._errors:
                error.code = self._errors[kind]  # type: ignore[attr-defined]
                return error
        if isinstance(error, TimeoutError):
            return Refusal(grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED")
        if is_transient(error):
            return Refusal(grpc.StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE")
        return Refusal(grpc.StatusCode.INTERNAL, "INTERNAL_ERROR")

    @staticmethod
    def _note(method: str, started: float, refusal: Any, error: Exception | None) -> None:
        code = "OK" if refusal is None else refusal.code.name
        took = time.perf_counter() - started
        _seconds.record(took, {"method": method, "code": code})
        words = {"method": method, "code": code, "ms": round(took * 1000, 1), "actor": principal.actor()}
        if code == "INTERNAL":
            log.error("rpc", **words, exc_info=error)
        else:
            log.info("rpc", **words, **({} if refusal is None else {"reason": refusal.reason}))


def _trailing(mine: notes.Notes) -> tuple[tuple[str, str], ...]:
    replayed = ((notes.REPLAYED_KEY, "1"),) if mine.replayed else ()
    return (*replayed, (notes.MARKS_KEY, notes.to_text(mine.marks))) if mine.marks else replayed
