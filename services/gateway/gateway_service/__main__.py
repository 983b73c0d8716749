"""python -m gateway_service serve|migrate|check|create-admin|replay-dead|audit-verify"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import getpass
import os
import signal
import sys
from collections.abc import Iterator
from importlib.resources import files

import structlog
import uvicorn
import uvloop

from chassis import audit, audit_export, logs, telemetry
from chassis.database import Database
from chassis.janitor import sweep
from chassis.thrift import keep_small
from gateway_service import accounts, app, housekeeping, texts
from gateway_service.bounded_head import BoundedHead
from gateway_service.passwords import MIN_LENGTH, Passwords
from gateway_service.wiring import PHONE_LOOKUPS, Gateway, Settings, build

GRACE_SECONDS = 15
KEEP_ALIVE_SECONDS = 75  # longer than a proxy keeps its side open: who closes first loses no request
log = structlog.get_logger()


class Server(uvicorn.Server):
    """uvicorn without its own signal handling: the process's TaskGroup decides when to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


def server_of(gateway: Gateway) -> Server:
    """Return the HTTP server for a gateway."""
    host, _, port = gateway.settings.http_bind.rpartition(":")
    proxies = gateway.settings.trusted_proxies
    config = uvicorn.Config(
        app.make(gateway), host=host.strip("[]"), port=int(port), loop="none", http=BoundedHead, ws="none",
        log_config=None, access_log=False, server_header=False, lifespan="off",
        proxy_headers=bool(proxies), forwarded_allow_ips=proxies or None,
        timeout_graceful_shutdown=GRACE_SECONDS, timeout_keep_alive=KEEP_ALIVE_SECONDS, backlog=2048,
    )  # fmt: skip
    return Server(config)


async def serve(gateway: Gateway, stop: asyncio.Event | None = None) -> None:
    """Run until SIGTERM (or `stop`); a dead part ends the process."""
    stop = stop or asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    server = server_of(gateway)
    try:
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(server.serve())
            group.create_task(gateway.hub.run(stop))
            group.create_task(gateway.people.run(stop))
            group.create_task(sweep(gateway.database, stop))
            key, folder = audit.seal_key(gateway.settings), gateway.settings.audit_export_dir
            group.create_task(audit.seal(gateway.database, key, stop))
            group.create_task(audit_export.keep(gateway.database, key, folder, "gateway", stop))
            group.create_task(keep_small(stop))
            group.create_task(housekeeping.keep(gateway.database, stop, gateway.settings.phone_lookup_days))
            group.create_task(_stop_when(stop, server, gateway))
            log.info("serving", service="gateway", http=gateway.settings.http_bind)
            await serving
            if not stop.is_set():
                raise RuntimeError("the HTTP server stopped by itself")
    finally:
        await gateway.close()
    log.info("stopped", service="gateway")


async def _stop_when(stop: asyncio.Event, server: Server, gateway: Gateway) -> None:
    await stop.wait()
    gateway.hub.close()
    gateway.people.wake()
    server.should_exit = True


async def create_admin(settings: Settings, username: str, password: str) -> None:
    """Create an administrator, or give an existing user the role and this password."""
    database = Database(settings.database_url.get_secret_value(), "gateway")
    hashed = await Passwords(settings.argon2_memory_kib).hash(password)
    async with database.transaction(who="operator") as unit:
        await accounts.put(unit, username, display_name=username, password_hash=hashed, roles=["admin"], active=True)
    await database.close()


def _asked_password() -> str:
    piped = "" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    password = os.environ.get("ORDERHUB_ADMIN_PASSWORD") or piped or getpass.getpass("password: ")
    if len(password) < MIN_LENGTH:
        sys.exit(f"the password needs at least {MIN_LENGTH} characters")
    return password


def main() -> None:
    """Command line of the gateway."""
    parser = argparse.ArgumentParser(prog="gateway_service")
    parser.add_argument("command", choices=["serve", "migrate", "check", "create-admin", "replay-dead", "audit-verify"])
    parser.add_argument("--username", default="admin")
    arguments = parser.parse_args()
    if arguments.command == "check":
        texts.book()
        files("gateway_service").joinpath("migrations/env.py").read_bytes()
        print("gateway: ok")
        return
    settings = Settings()
    logs.configure("gateway", settings.log_level, settings.log_format)
    if arguments.command == "migrate":
        from chassis.migrate import migrate_service  # here: 30 MB that a running gateway never needs

        asyncio.run(migrate_service("gateway", settings, (PHONE_LOOKUPS,)))
    elif arguments.command == "create-admin":
        if not accounts.USERNAME.fullmatch(arguments.username):
            sys.exit("a user name is 2 to 64 of a-z 0-9 . _ - and starts with a letter or digit")
        asyncio.run(create_admin(settings, arguments.username, _asked_password()))
        print(f"administrator {arguments.username} is ready")
    elif arguments.command == "audit-verify":
        sys.exit(asyncio.run(audit_export.report("gateway", settings)))
    elif arguments.command == "replay-dead":
        print("gateway: keeps no events")
    else:
        telemetry.configure("gateway", settings)
        uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    await serve(build(settings))


if __name__ == "__main__":
    main()
