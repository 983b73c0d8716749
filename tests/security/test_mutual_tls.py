"""31: services talk over mutual TLS where it is set; everybody without the right certificate is turned away."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from orderhub.notify.v1 import notify_pb2, notify_pb2_grpc

from chassis import mutual_tls, principal
from chassis.database import Database
from chassis.errors import Remote
from chassis.grpc_client import Peer
from chassis.principal import Principal
from chassis.run import Service, start_grpc, start_probe
from chassis.schema import TABLES
from chassis.settings import Settings
from deploy.local import internal_ca
from tests.support.postgres import TestDatabases
from tests.support.trust import keys, signer, trusted

PERSON = Principal("wang", roles=frozenset({"admin"}))


class Notifier(notify_pb2_grpc.NotifyServiceServicer):
    """Says yes to whatever reaches it."""

    async def ListChannels(self, request: Any, context: Any) -> Any:
        return notify_pb2.ListChannelsResponse()

    async def PutChannel(self, request: Any, context: Any) -> Any:
        return notify_pb2.PutChannelResponse()


@dataclass
class Guarded:
    """A running service over mutual TLS, and the folder of its CA."""

    target: str
    folder: Path


@pytest_asyncio.fixture
async def guarded(databases: TestDatabases, tmp_path: Path) -> AsyncIterator[Guarded]:
    for service in ("notify", "order", "gateway"):
        internal_ca.issue(tmp_path, service)
    url = await databases.bare(TABLES)
    database = Database(url, "notify")
    with_port: list[int] = []

    def listen(server: Any, address: str, identity: Any) -> int:
        with_port.append(whole(server, address, identity))
        return with_port[-1]

    whole, mutual_tls.listen = mutual_tls.listen, listen
    settings = Settings(
        database_url=url, amqp_url="amqp://nobody@127.0.0.1:1/", signing_key=keys()["notify"], trusted_keys=trusted(),
        grpc_tls_dir=tmp_path / "notify", profile="production",
    )  # fmt: skip
    service = Service(
        "notify",
        settings,
        database,
        servicers=[(notify_pb2_grpc.add_NotifyServiceServicer_to_server, Notifier())],
    )
    healthy = health.aio.HealthServicer()
    try:
        server = await start_grpc(service, healthy)
    finally:
        mutual_tls.listen = whole
    yield Guarded(f"127.0.0.1:{with_port[0]}", tmp_path)
    await server.stop(None)
    await database.close()


async def ask(guarded: Guarded, caller: str, who: Principal, identity: mutual_tls.Identity | None) -> Any:
    """Ask for the channels as `who`, signed by `caller`, over a connection that shows `identity`."""
    peer = Peer("notify", guarded.target, signer(caller), tls=identity)
    stub = notify_pb2_grpc.NotifyServiceStub(peer.channel)
    token = principal.current.set(who)
    try:
        return await peer.pass_on(stub.ListChannels, notify_pb2.ListChannelsRequest(), timeout=2)
    finally:
        principal.current.reset(token)
        await peer.close()


async def test_the_gateway_with_its_certificate_is_let_in(guarded: Guarded) -> None:
    assert await ask(guarded, "gateway", PERSON, mutual_tls.load(guarded.folder / "gateway"))


def stranger(folder: Path) -> Path:
    """A certificate with the right name, of another CA."""
    place = folder / "elsewhere"
    place.mkdir()
    made = internal_ca.issue(place, "gateway")
    (made / "ca.crt").write_bytes((folder / "ca.crt").read_bytes())
    return made


def expired(folder: Path) -> Path:
    return internal_ca.issue(folder, "gateway", days=0)


REFUSED: dict[str, Callable[[Path], Path | None]] = {
    "plain text": lambda folder: None,
    "wrong CA": stranger,
    "expired": expired,
}


@pytest.mark.parametrize("kind", REFUSED)
async def test_without_a_good_certificate_there_is_no_connection(guarded: Guarded, kind: str) -> None:
    identity = mutual_tls.load(REFUSED[kind](guarded.folder))

    with pytest.raises(Remote) as refused:
        await ask(guarded, "gateway", PERSON, identity)

    assert refused.value.unavailable


async def test_a_server_with_another_name_is_not_spoken_to(guarded: Guarded) -> None:
    peer = Peer("order", guarded.target, signer(), tls=mutual_tls.load(guarded.folder / "gateway"))
    stub = notify_pb2_grpc.NotifyServiceStub(peer.channel)

    with pytest.raises(Remote) as refused:
        await peer.ask(stub.ListChannels, notify_pb2.ListChannelsRequest(), timeout=2)

    assert refused.value.unavailable
    await peer.close()


async def test_a_persons_token_in_another_services_hands_is_worth_nothing(guarded: Guarded) -> None:
    with pytest.raises(Remote) as refused:
        await ask(guarded, "gateway", PERSON, mutual_tls.load(guarded.folder / "order"))

    assert refused.value.code is grpc.StatusCode.UNAUTHENTICATED


async def test_another_service_may_not_administer(guarded: Guarded) -> None:
    peer = Peer("notify", guarded.target, signer("order"), tls=mutual_tls.load(guarded.folder / "order"))
    stub = notify_pb2_grpc.NotifyServiceStub(peer.channel)

    assert await peer.ask(stub.ListChannels, notify_pb2.ListChannelsRequest(), timeout=2) is not None
    with pytest.raises(Remote) as refused:
        await peer.ask(stub.PutChannel, notify_pb2.PutChannelRequest(), timeout=2)

    assert refused.value.code is grpc.StatusCode.PERMISSION_DENIED
    await peer.close()


async def test_a_missing_certificate_stops_the_service_instead_of_opening_it(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"ca\.crt"):
        mutual_tls.load(tmp_path)


async def test_a_probe_needs_no_certificate_and_learns_only_health(tmp_path: Path) -> None:
    address, healthy = f"unix:{tmp_path}/probe", health.aio.HealthServicer()
    probe = await start_probe(address, healthy)
    assert probe is not None
    async with grpc.aio.insecure_channel(address) as channel:
        well = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=2)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await notify_pb2_grpc.NotifyServiceStub(channel).ListChannels(notify_pb2.ListChannelsRequest(), timeout=2)

    assert well.status == health_pb2.HealthCheckResponse.SERVING
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
    await probe.stop(None)


def test_only_what_is_due_is_renewed(tmp_path: Path) -> None:
    folder = tmp_path / "mtls"

    assert len(internal_ca.renew(folder)) == 5
    assert internal_ca.renew(folder) == []
    internal_ca.issue(folder, "order", days=20)
    assert internal_ca.renew(folder) == ["order"]
    assert (folder / "ca.key").stat().st_mode & 0o077 == 0


async def test_in_production_nobody_is_told_which_methods_there_are(guarded: Guarded) -> None:
    """44: reflection is off, and a message that is too big is refused unread."""
    identity = mutual_tls.load(guarded.folder / "gateway")
    async with mutual_tls.channel(guarded.target, "notify", identity, []) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as silent:
            request = reflection_pb2.ServerReflectionRequest(list_services="")
            await anext(aiter(reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(iter([request]))))
        huge = notify_pb2.PutChannelRequest(code="x" * 5 * 1024 * 1024)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await notify_pb2_grpc.NotifyServiceStub(channel).PutChannel(huge, timeout=5)

    assert silent.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
