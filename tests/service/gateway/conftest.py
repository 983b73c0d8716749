"""A running gateway on a free port, its database, and stand-ins for the services behind it."""

from __future__ import annotations

import asyncio
import socket
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from gateway_service import accounts
from gateway_service.__main__ import server_of
from gateway_service.limits import Limiter
from gateway_service.permissions import ROLES
from gateway_service.throttle import SignInThrottle
from gateway_service.wiring import PHONE_LOOKUPS, Gateway, Settings, build
from tests.service.gateway.standin import Running, StandIn, start
from tests.support import trust
from tests.support.postgres import TestDatabases
from tests.support.rabbit import amqp_url, fresh_topology
from tests.support.waiting import eventually

PASSWORD = "correct horse"


@dataclass
class House:
    """The gateway, its HTTP client, and the services behind it."""

    gateway: Gateway
    http: httpx2.AsyncClient
    services: StandIn
    running: Running
    base: str

    async def token(self, role: str = "admin") -> str:
        """Return an access token of the user who holds this role."""
        answer = await self.http.post("/auth/login", json={"username": role, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    async def call(
        self, method: str, path: str, *, role: str = "admin", key: str | None = "", headers: Any = None, **sent: Any
    ) -> httpx2.Response:
        """Call as a role; POSTs get a fresh key unless told otherwise (None sends none)."""
        access = await self.gateway_token(role)
        carried = {"Authorization": f"Bearer {access}"} | (headers or {})
        if method == "POST" and key is not None:
            carried["Idempotency-Key"] = key or str(uuid.uuid4())
        return await self.http.request(method, path, headers=carried, **sent)

    async def gateway_token(self, role: str) -> str:
        """Return a token made without paying for a password hash."""
        opened = await self.gateway.sessions.open(role)
        return self.gateway.access.issue(role, frozenset({role}), opened.session)


@asynccontextmanager
async def gateway_over(databases: TestDatabases, folder: Path, target: str) -> AsyncIterator[Gateway]:
    """A gateway with a user per role, not yet listening."""
    settings = Settings(
        database_url=await databases.create("gateway", append_only=(PHONE_LOOKUPS,)), amqp_url=amqp_url(), http_bind="127.0.0.1:0",
        signing_key=trust.keys()["gateway"], trusted_keys=trust.trusted(), profile="test",
        order_target=target, planning_target=target, inventory_target=target, notify_target=target,
        attachments_dir=folder, web_dist=folder / "dist", argon2_memory_kib=1024, public_url="https://hub.example",
    )  # fmt: skip
    gateway = build(settings)
    hashed = await gateway.passwords.hash(PASSWORD)
    async with gateway.database.transaction(who="test") as unit:
        for role in ROLES:
            await accounts.put(unit, role, display_name=role.title(), password_hash=hashed, roles=[role], active=True)
    yield gateway
    await gateway.close()


@asynccontextmanager
async def listening(gateway: Gateway, running: Running) -> AsyncIterator[House]:
    """The gateway on a free port, following the exchange."""
    port = socket.socket()
    port.bind(("127.0.0.1", 0))
    stop, server = asyncio.Event(), server_of(gateway)
    serving = asyncio.create_task(server.serve(sockets=[port]))
    following = asyncio.create_task(gateway.hub.run(stop))

    async def started() -> bool:
        return server.started and gateway.hub.connected

    await eventually(started)
    base = f"http://127.0.0.1:{port.getsockname()[1]}"
    async with httpx2.AsyncClient(base_url=f"{base}/api/v1", timeout=10, trust_env=False) as http:
        yield House(gateway, http, running.standin, running, base)
    stop.set()
    server.should_exit = True
    gateway.hub.close()
    await asyncio.wait_for(asyncio.gather(serving, following), 20)


@asynccontextmanager
async def whole_house(databases: TestDatabases, folder: Path) -> AsyncIterator[House]:
    """A gateway and the services' stand-in."""
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        trace.set_tracer_provider(TracerProvider())
    await fresh_topology(amqp_url())
    running = await start(StandIn())
    async with gateway_over(databases, folder, running.target) as gateway, listening(gateway, running) as made:
        yield made
    await running.server.stop(0)


@pytest_asyncio.fixture(scope="session")
async def standing_house(databases: TestDatabases, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One house for every test that leaves it standing."""
    async with whole_house(databases, tmp_path_factory.mktemp("gateway")) as made:
        yield made


LIMITERS = ("limiter", "scanner_limiter", "track_limiter", "form_limiter", "phone_limiter")
_allowed: dict[str, tuple[float, float]] = {}  # before a test made one smaller


@pytest.fixture
def house(standing_house: House) -> House:
    """The shared house, with nothing told and nothing remembered."""
    standing_house.services.reset()
    standing_house.http.cookies.clear()
    gateway = standing_house.gateway
    gateway.throttle = SignInThrottle()
    for name in LIMITERS:
        rate, burst = _allowed.setdefault(name, (getattr(gateway, name).rate, getattr(gateway, name).burst))
        setattr(gateway, name, Limiter(rate, burst))
    return standing_house


@pytest_asyncio.fixture
async def own_house(databases: TestDatabases, tmp_path: Path) -> AsyncIterator[House]:
    """A house a test may damage."""
    async with whole_house(databases, tmp_path) as made:
        yield made
