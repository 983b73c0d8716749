"""One HTTP request on its way through the gateway: who asks, under which key, and what came back beside the answer."""

from __future__ import annotations

import time
from contextvars import ContextVar
from dataclasses import dataclass

from orderhub.common.v1.common_pb2 import CommandContext

from chassis.principal import Principal
from gateway_service.permissions import PRICES

DEADLINE_SECONDS = 2.8  # of all calls of one request together, so that the answer stays within the contract's 3 s


@dataclass(slots=True)
class Exchange:
    """Filled in by the front before a route runs."""

    principal: Principal
    route: str  # as the idempotency key knows it, for example "POST /orders/{order}:confirm"
    session: str = ""
    key: str = ""
    fingerprint: str = ""
    object: str = ""  # the ids in the path, for the audit log
    reason: str = ""  # what the caller said why
    replayed: bool = False
    until: float = 0.0  # monotonic seconds by which every service must have answered

    def __post_init__(self) -> None:
        self.start_clock()

    def start_clock(self) -> None:
        """Give the services their time from now on; a slow upload does not eat it."""
        self.until = time.monotonic() + DEADLINE_SECONDS

    def remaining(self) -> float:
        """Return the seconds left for the next call, never quite nothing."""
        return max(0.05, self.until - time.monotonic())


_current: ContextVar[Exchange] = ContextVar("exchange")


def begin(exchange: Exchange) -> None:
    """Make `exchange` the running one of this task."""
    _current.set(exchange)


def current() -> Exchange:
    """Return the running exchange; raise LookupError outside one."""
    return _current.get()


def sees_prices() -> bool:
    """True when the running caller may see what things cost; nobody in particular may not."""
    running = _current.get(None)
    return running is not None and not PRICES.isdisjoint(running.principal.roles)


def command() -> CommandContext:
    """Return the context that makes the running command safe to repeat."""
    running = _current.get()
    return CommandContext(
        idempotency_key=running.key,
        route=running.route,
        fingerprint=running.fingerprint,
        object=running.object,
        reason=running.reason,
    )
