"""Settings -> adapters -> use cases -> server, consumer and delivery engine; the only place that knows all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import grpc
import structlog
from orderhub.notify.v1 import notify_pb2
from orderhub.notify.v1.notify_pb2_grpc import (
    add_MailboxServiceServicer_to_server,
    add_NotifyServiceServicer_to_server,
    add_PeopleServiceServicer_to_server,
    add_QuietServiceServicer_to_server,
    add_RehearsalServiceServicer_to_server,
    add_RepairServiceServicer_to_server,
)
from orderhub.order.v1.events_pb2 import ContactErased
from pydantic import Field, SecretStr, field_validator

from chassis import settings as chassis_settings
from chassis.clock import Clock, SystemClock
from chassis.commands import Commands
from chassis.database import Database, is_transient
from chassis.run import Service
from notify_service.adapters.catalogue import ProtoCatalogue
from notify_service.adapters.conditions import CelConditions
from notify_service.adapters.courier import EgressCourier
from notify_service.adapters.deliveries import SqlDeliveries
from notify_service.adapters.egress import Egress
from notify_service.adapters.message_checks import MessageChecks
from notify_service.adapters.past import SqlPast
from notify_service.adapters.rules import KeptRules
from notify_service.adapters.texts import TomlTexts
from notify_service.adapters.vault import Vault
from notify_service.adapters.watch import SqlWatch
from notify_service.app.compose import Desk
from notify_service.app.deliver import Engine
from notify_service.app.forget import LEAST_DAYS, Forgetting
from notify_service.app.ports import Courier
from notify_service.entrypoints.error_map import ERRORS
from notify_service.entrypoints.events_in import Reception
from notify_service.entrypoints.grpc_api import NotifyApi
from notify_service.entrypoints.mailbox_api import MailboxApi
from notify_service.entrypoints.people_api import PeopleApi
from notify_service.entrypoints.quiet_api import QuietApi
from notify_service.entrypoints.rehearsal_api import RehearsalApi
from notify_service.entrypoints.repair_api import RepairApi

KEY_HEX_CHARACTERS = 64
Servicer = tuple[Callable[[Any, grpc.aio.Server], None], Any]


class Settings(chassis_settings.Settings):
    """What the notify service needs beyond the chassis."""

    sink_url: str = ""  # the demo's sink; takes every channel without an address; ignored in production
    secrets_key: SecretStr = SecretStr("")  # 32 bytes as hex; without it no secret can be stored
    keep_days: int = Field(default=180, ge=LEAST_DAYS)  # of the delivery log; what waits stays longer
    egress_allowed: str = ""  # LAN receivers an administrator allows: host:port,host:port

    @field_validator("secrets_key")
    @classmethod
    def _is_a_key(cls, value: SecretStr) -> SecretStr:
        key = value.get_secret_value()
        if key and (len(key) != KEY_HEX_CHARACTERS or not all(char in "0123456789abcdefABCDEF" for char in key)):
            raise ValueError("secrets_key must be 64 hex characters")
        return value


def build(settings: Settings, clock: Clock | None = None) -> Service:
    """Return the service, ready to serve."""
    clock = clock or SystemClock(settings.factory_zone)
    database = Database(settings.database_url.get_secret_value(), "notify", clock=clock, pool=settings.database_pool)
    vault = Vault(settings.secrets_key.get_secret_value())
    egress = _egress(settings)
    desk = Desk(CelConditions(), TomlTexts(), egress, ZoneInfo(settings.factory_zone))
    engine = _engine(database, vault, desk, EgressCourier(egress, clock))
    forgetting = Forgetting(SqlPast(database), timedelta(days=settings.keep_days), is_transient)
    reception = Reception(desk, KeptRules(vault), engine.wake)
    return Service(
        name="notify",
        settings=settings,
        database=database,
        servicers=_servicers(Commands(database), desk, vault, engine.wake),
        service_names=[service.full_name for service in notify_pb2.DESCRIPTOR.services_by_name.values()],
        errors=ERRORS,
        handlers={ContactErased: reception.on_contact_erased},
        anything=reception.on_anything,
        loops=[engine.run, engine.look_after, forgetting.run],
        checks=MessageChecks(database).checks(),
        closers=[egress.close],
    )


def _egress(settings: Settings) -> Egress:
    """Return the way out; in production there is no sink, whatever the settings say."""
    sink_url = "" if settings.profile == "production" else settings.sink_url
    return Egress(sink_url, settings.egress_allowed.split(","))


def _engine(database: Database, vault: Vault, desk: Desk, courier: Courier) -> Engine:
    deliveries = SqlDeliveries(database, vault, texts=desk.texts, guard=desk.guard, zone=desk.zone)
    watch = SqlWatch(database, texts=desk.texts, zone=desk.zone)
    return Engine(deliveries, courier, watch, is_transient, structlog.get_logger())


def _servicers(commands: Commands, desk: Desk, vault: Vault, wake: Callable[[], None]) -> Sequence[Servicer]:
    catalogue = ProtoCatalogue()
    return [
        (add_NotifyServiceServicer_to_server, NotifyApi(commands, desk, vault, catalogue, wake)),
        (add_MailboxServiceServicer_to_server, MailboxApi(commands)),
        (add_RepairServiceServicer_to_server, RepairApi(commands, desk, vault, wake)),
        (add_RehearsalServiceServicer_to_server, RehearsalApi(commands, desk, vault, catalogue, wake)),
        (add_QuietServiceServicer_to_server, QuietApi(commands, vault, desk.zone, wake)),
        (add_PeopleServiceServicer_to_server, PeopleApi(commands, wake)),
    ]
