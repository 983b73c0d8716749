"""Settings and the one object that knows every part of the running gateway."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from chassis import mutual_tls
from chassis.clock import Clock, SystemClock
from chassis.commands import Commands
from chassis.database import Database
from chassis.principal import Signer
from chassis.settings import Settings as ChassisSettings
from gateway_service.attachments import Attachments, DiskStore
from gateway_service.clients import Clients
from gateway_service.devices import DeviceTokens
from gateway_service.gate import Gate
from gateway_service.limits import Limiter
from gateway_service.passwords import Passwords
from gateway_service.people import PeopleNews
from gateway_service.sealed_links import EvidenceLinks
from gateway_service.sessions import Sessions
from gateway_service.stream import Hub
from gateway_service.throttle import SignInThrottle
from gateway_service.tokens import AccessTokens

LEAST_LOOKUP_DAYS = 30  # the database refuses to forget anything younger
PHONE_LOOKUPS = "phone_lookups"  # written and read, never changed


class Settings(ChassisSettings):
    """What the gateway needs beside what every service needs."""

    http_bind: str = "127.0.0.1:8080"
    public_url: str = "http://127.0.0.1:8080"
    attachments_dir: Path = Path(".run/attachments")
    demo_reset_file: Path | None = None  # where the demo's supervisor looks for the wish to be made anew
    web_dist: Path = Path(__file__).resolve().parent.parent / "web" / "dist"
    trusted_proxies: str = ""  # addresses whose X-Forwarded-For counts, comma separated
    argon2_memory_kib: int = 65536
    requests_per_second: float = 2000.0  # of one principal
    scanner_requests_per_second: float = 50.0  # of one device
    tracking_per_minute: float = 120.0  # of one address: two phones of one office, each asking every 1.5 s
    phone_lookups_per_minute: float = 20.0  # of one user
    phone_lookup_days: int = Field(default=180, ge=LEAST_LOOKUP_DAYS)  # how long look-ups stay on record
    form_orders_per_hour: float = 20.0  # of one address on one form


@dataclass
class Gateway:
    """Everything routes reach through `request.app.state.gateway`."""

    settings: Settings
    clock: Clock
    database: Database
    commands: Commands
    clients: Clients
    gate: Gate
    access: AccessTokens
    sessions: Sessions
    devices: DeviceTokens
    passwords: Passwords
    throttle: SignInThrottle
    limiter: Limiter
    scanner_limiter: Limiter
    track_limiter: Limiter
    form_limiter: Limiter
    phone_limiter: Limiter
    hub: Hub
    people: PeopleNews
    attachments: Attachments
    evidence: EvidenceLinks

    async def close(self) -> None:
        """Let go of channels and connections."""
        await asyncio.gather(self.clients.close(), self.database.close())


def build(settings: Settings, clock: Clock | None = None) -> Gateway:
    """Put the gateway together."""
    clock = clock or SystemClock(settings.factory_zone)
    database = Database(settings.database_url.get_secret_value(), "gateway", clock=clock, pool=settings.database_pool)
    key = settings.signing_key.get_secret_value()
    access, sessions, devices = AccessTokens(key, clock), Sessions(database), DeviceTokens(database)
    clients = Clients(_targets(settings), Signer("gateway", key, clock), mutual_tls.load(settings.grpc_tls_dir))
    rate, scanner_rate = settings.requests_per_second, settings.scanner_requests_per_second
    return Gateway(
        settings=settings,
        clock=clock,
        database=database,
        commands=Commands(database),
        clients=clients,
        gate=Gate(access, sessions, devices, database),
        access=access,
        sessions=sessions,
        devices=devices,
        passwords=Passwords(settings.argon2_memory_kib),
        throttle=SignInThrottle(),
        limiter=Limiter(rate, rate * 4),
        scanner_limiter=Limiter(scanner_rate, scanner_rate * 4),
        track_limiter=Limiter(settings.tracking_per_minute / 60, settings.tracking_per_minute),
        form_limiter=Limiter(settings.form_orders_per_hour / 3600, settings.form_orders_per_hour),
        phone_limiter=Limiter(settings.phone_lookups_per_minute / 60, settings.phone_lookups_per_minute),
        hub=Hub(settings.amqp_url.get_secret_value()),
        people=PeopleNews(database, clients.notify),
        evidence=EvidenceLinks(key),
        attachments=Attachments(database, DiskStore(settings.attachments_dir)),
    )


def _targets(settings: Settings) -> dict[str, str]:
    return {
        "order": settings.order_target,
        "planning": settings.planning_target,
        "inventory": settings.inventory_target,
        "notify": settings.notify_target,
    }
