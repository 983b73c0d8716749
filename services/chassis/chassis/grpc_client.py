"""Calls to other services: one channel per target, a deadline on every call, refusals read back as Remote."""

from __future__ import annotations

import json
import time
from typing import Any

import grpc
import structlog
from opentelemetry.trace import SpanKind

from chassis import mutual_tls, notes, principal
from chassis.errors import from_rpc_error, is_torn
from chassis.mutual_tls import Identity
from chassis.principal import METADATA_KEY, Signer
from chassis.telemetry import TRACEPARENT, current_traceparent, tracer
from chassis.topology import heard

QUERY_SECONDS = 1.5
COMMAND_SECONDS = 3.0
SERVICE_CONFIG = {
    "loadBalancingConfig": [{"round_robin": {}}],
    "methodConfig": [
        {
            "name": [{}],
            "retryPolicy": {
                "maxAttempts": 3, "initialBackoff": "0.05s", "maxBackoff": "1s", "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ],
    "retryThrottling": {"maxTokens": 10, "tokenRatio": 0.1},
}  # fmt: skip
OPTIONS = [
    ("grpc.service_config", json.dumps(SERVICE_CONFIG)),
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_metadata_size", notes.METADATA_BYTES),
]
log = structlog.get_logger()


def open_channel(target: str, audience: str = "", tls: Identity | None = None) -> grpc.aio.Channel:
    """Open a channel that notices a dead peer within 15 s and retries UNAVAILABLE calls."""
    return mutual_tls.channel(target, audience, tls, OPTIONS)


class Peer:
    """One service to call; `audience` is its name. Every call carries a signed principal and a deadline."""

    def __init__(self, audience: str, target: str, signer: Signer, *, tls: Identity | None = None) -> None:
        self.audience = audience
        self.channel = open_channel(target, audience, tls)
        self._signer = signer
        self._ears = f"{audience}.events"  # what this service never hears of, it need not wait for

    async def ask(self, method: Any, request: Any, *, timeout: float = QUERY_SECONDS) -> Any:
        """Query as this service itself; raise Remote."""
        reply, _ = await self._call(method, request, timeout, self._signer.itself())
        return reply

    async def pass_on(self, method: Any, request: Any, *, timeout: float = COMMAND_SECONDS) -> tuple[Any, notes.Notes]:
        """Call in the name of the running request's principal; return the answer and its notes; raise Remote."""
        who = principal.current.get() or self._signer.itself()
        return await self._call(method, request, timeout, who)

    async def _call(
        self, method: Any, request: Any, timeout: float, who: principal.Principal
    ) -> tuple[Any, notes.Notes]:
        with tracer.start_as_current_span(f"{self.audience} {request.DESCRIPTOR.name}", kind=SpanKind.CLIENT):
            return await self._send(method, request, timeout, who)

    async def _send(
        self, method: Any, request: Any, timeout: float, who: principal.Principal
    ) -> tuple[Any, notes.Notes]:
        metadata = [(METADATA_KEY, self._signer.token(who, self.audience)), (TRACEPARENT, current_traceparent())]
        if marks := [mark for mark in notes.after.get() if heard(self._ears, mark.source)]:
            metadata.append((notes.AFTER_KEY, notes.to_text(marks)))
        until = time.monotonic() + timeout
        try:
            return await _answer(method(request, timeout=timeout, metadata=metadata))
        except grpc.aio.AioRpcError as error:
            left = until - time.monotonic()
            if not is_torn(error) or not repeatable(request) or left <= 0:
                raise from_rpc_error(error) from error
            log.warning("call_torn", audience=self.audience, code=error.code().name, details=error.details())
        try:
            return await _answer(method(request, timeout=left, metadata=metadata))
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error) from error

    async def close(self) -> None:
        """Let the channel go."""
        await self.channel.close()


async def _answer(call: Any) -> tuple[Any, notes.Notes]:
    reply = await call
    return reply, notes.from_metadata(dict(await call.trailing_metadata() or ()))


def repeatable(request: Any) -> bool:
    """True when sending `request` again does no harm: a query, or a command that carries its idempotency key."""
    if "context" not in request.DESCRIPTOR.fields_by_name:
        return True
    return bool(request.context.idempotency_key)
