"""Running a service: one process, one TaskGroup; a dead task ends the process, SIGTERM drains it."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import grpc
import structlog
import uvloop
from google.protobuf.message import Message
from grpc_health.v1 import health as grpc_health
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from orderhub.common.v1.event_feed_pb2_grpc import add_EventFeedServiceServicer_to_server

from chassis import audit, audit_export, failpoint, logs, mutual_tls, telemetry
from chassis.broker import RabbitPublisher
from chassis.consumer import Consumer
from chassis.database import Database
from chassis.event_feed import EventFeed
from chassis.grpc_server import OPTIONS, Front
from chassis.inbox import Handler, Inbox, Prepare
from chassis.janitor import sweep
from chassis.parked import replay_all
from chassis.principal import Verifier
from chassis.relay import Relay
from chassis.republish import instant, republish
from chassis.self_check import Check
from chassis.self_check_api import SERVICE_NAME, self_check_of, serve_self_check
from chassis.settings import Settings
from chassis.sql import text
from chassis.thrift import keep_small

GRACE_SECONDS = 20
HEALTH_SECONDS = 1.0
COMMANDS = ("serve", "migrate", "check", "replay-dead", "republish", "audit-verify")
Loop = Callable[[asyncio.Event], Awaitable[None]]
SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING
log = structlog.get_logger()


@dataclass
class Service:
    """What one service is made of; its wiring fills this in."""

    name: str
    settings: Settings
    database: Database
    servicers: Sequence[tuple[Callable[[Any, grpc.aio.Server], None], Any]] = ()
    service_names: Sequence[str] = ()
    errors: Mapping[type[Exception], grpc.StatusCode] = field(default_factory=dict)
    handlers: Mapping[type[Message], Handler] = field(default_factory=dict)
    anything: Handler | None = None
    prepare: Prepare | None = None
    loops: Sequence[Loop] = ()
    checks: Mapping[str, Check] = field(default_factory=dict)
    closers: Sequence[Callable[[], Awaitable[None]]] = ()

    @property
    def queue(self) -> str:
        """Return the name of the queue it consumes."""
        return f"{self.name}.events"

    def inbox(self) -> Inbox:
        """Return the inbox that applies this service's events."""
        return Inbox(self.database, self.queue, self.handlers, self.anything, self.prepare)


async def serve(service: Service, stop: asyncio.Event | None = None) -> None:
    """Run until SIGTERM (or `stop`), then finish what is in hand and leave."""
    stop = stop or asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    consumer = Consumer(service.settings.amqp_url.get_secret_value(), service.queue, service.inbox())
    health = grpc_health.aio.HealthServicer()
    server, probe = await start_grpc(service, health), await start_probe(service.settings.grpc_health_bind, health)
    async with asyncio.TaskGroup() as group:
        for work in (*_background(service, consumer, stop), watch_health(service, health, consumer, stop)):
            group.create_task(_until(work))
        log.info("serving", service=service.name, grpc=service.settings.grpc_bind)
        await stop.wait()
        await health.enter_graceful_shutdown()
        await server.stop(GRACE_SECONDS)
        if probe is not None:
            await probe.stop(None)
    for close in service.closers:
        await close()
    await service.database.close()
    log.info("stopped", service=service.name)


def _background(service: Service, consumer: Consumer, stop: asyncio.Event) -> list[Awaitable[None]]:
    """Return what every service does beside its calls, and what only this one does."""
    settings, database = service.settings, service.database
    publisher = RabbitPublisher(settings.amqp_url.get_secret_value(), service.name)
    relay = Relay(settings.database_url.get_secret_value(), publisher, database.committed, database.owes_events)
    key = audit.seal_key(settings)
    return [
        consumer.run(stop),
        consumer.retry_parked(stop),
        relay.run(stop),
        sweep(database, stop),
        audit.seal(database, key, stop),
        audit_export.keep(database, key, settings.audit_export_dir, service.name, stop),
        keep_small(stop),
        *(loop(stop) for loop in service.loops),
    ]


async def _until(work: Awaitable[None]) -> None:
    await work


async def start_grpc(service: Service, health: grpc_health.aio.HealthServicer) -> grpc.aio.Server:
    """Start the gRPC server with health, and reflection outside production."""
    verifier = Verifier(service.name, service.settings.trusted_keys, service.database.clock)
    tls = mutual_tls.load(service.settings.grpc_tls_dir)
    front = Front(service.name, verifier, service.errors, service.database, certified=tls is not None)
    server = grpc.aio.server(interceptors=[front], options=OPTIONS, maximum_concurrent_rpcs=200)
    for add, servicer in service.servicers:
        add(servicer, server)
    amqp_url = service.settings.amqp_url.get_secret_value()
    serve_self_check(server, self_check_of(service.database, service.queue, amqp_url, service.checks))
    add_EventFeedServiceServicer_to_server(EventFeed(service.database), server)
    health_pb2_grpc.add_HealthServicer_to_server(health, server)
    if service.settings.profile != "production":
        reflection.enable_server_reflection((*service.service_names, SERVICE_NAME, reflection.SERVICE_NAME), server)
    mutual_tls.listen(server, service.settings.grpc_bind, tls)
    await server.start()
    return server


async def start_probe(address: str | None, health: grpc_health.aio.HealthServicer) -> grpc.aio.Server | None:
    """Answer health alone, in plain text: a probe has no certificate."""
    if address is None:
        return None
    server = grpc.aio.server(options=OPTIONS)
    health_pb2_grpc.add_HealthServicer_to_server(health, server)
    server.add_insecure_port(address)
    await server.start()
    return server


async def watch_health(
    service: Service, health: grpc_health.aio.HealthServicer, consumer: Consumer, stop: asyncio.Event
) -> None:
    """Keep the health service true: "" and "database" follow the database, "broker" the consumer; "live" turns with the loop."""
    while not stop.is_set():
        try:
            async with asyncio.timeout(2), service.database.read(patient=True) as connection:
                await connection.execute(text("SELECT 1"))
            alive = True
        except Exception:
            alive = False
        for name, good in (("live", True), ("", alive), ("database", alive), ("broker", consumer.connected)):
            await health.set(name, SERVING if good else NOT_SERVING)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), HEALTH_SECONDS)


def main(
    name: str, settings_type: type[Settings], build: Callable[[Any], Service], append_only: Sequence[str] = ()
) -> None:
    """Command line of a service; COMMANDS says what it takes."""
    arguments = _arguments(name)
    if arguments.command == "check":
        print(f"{name}: ok")  # importing everything above is the check
        return
    settings = settings_type()
    logs.configure(name, settings.log_level, settings.log_format)
    match arguments.command:
        case "serve":
            telemetry.configure(name, settings)
            failpoint.arm(settings.profile)
            uvloop.run(_serve(build, settings))
        case "migrate":
            from chassis.migrate import migrate_service  # here: 30 MB that a running service never needs

            asyncio.run(migrate_service(name, settings, append_only))
        case "replay-dead":
            asyncio.run(_replay_dead(name, settings))
        case "republish":
            asyncio.run(_republish(name, settings, arguments.since))
        case "audit-verify":
            sys.exit(asyncio.run(audit_export.report(name, settings)))


def _arguments(name: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"{name}_service")
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--since", type=instant, help="republish: events that occurred from this RFC 3339 instant on")
    arguments = parser.parse_args()
    if (arguments.command == "republish") is (arguments.since is None):
        parser.error("republish needs --since, and nothing else takes it")
    return arguments


async def _serve(build: Callable[[Any], Service], settings: Settings) -> None:
    await serve(build(settings))


async def _replay_dead(name: str, settings: Settings) -> None:
    """Give parked events that were given up another round."""
    database = Database(settings.database_url.get_secret_value(), name)
    revived = await replay_all(database)
    await database.close()
    sys.stdout.write(f"{name}: {revived} parked events will be tried again\n")


async def _republish(name: str, settings: Settings, since: datetime) -> None:
    """Tell the logged events again, after the broker lost its data; consumers skip what they have seen."""
    publisher = RabbitPublisher(settings.amqp_url.get_secret_value(), name)
    try:
        told = await republish(settings.database_url.get_secret_value(), publisher, since)
    finally:
        await publisher.close()
    sys.stdout.write(f"{name}: {told} events told again\n")
