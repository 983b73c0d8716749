"""Settings -> adapters -> use cases -> server and consumer; the only place that knows all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import grpc
from orderhub.order.v1 import (
    calendar_pb2_grpc,
    complaint_pb2_grpc,
    customer_pb2_grpc,
    finance_pb2_grpc,
    order_pb2_grpc,
    personal_data_pb2_grpc,
)
from pydantic import SecretStr

from chassis import initials, mutual_tls
from chassis.clock import Clock, SystemClock
from chassis.commands import Commands
from chassis.database import Database
from chassis.grpc_client import Peer
from chassis.principal import Signer
from chassis.run import Loop, Service
from chassis.settings import Settings as ChassisSettings
from order_service.adapters.calendars import WorkingTimes
from order_service.adapters.capacity_rules import CapacityRules
from order_service.adapters.channels import ChannelViews
from order_service.adapters.complaints import ComplaintViews
from order_service.adapters.customer_views import CustomerViews
from order_service.adapters.delivery_views import DeliveryViews
from order_service.adapters.finance_views import FinanceViews
from order_service.adapters.items import ItemMaster
from order_service.adapters.knowledge import Knowledge
from order_service.adapters.lead_time_views import LeadTimeViews
from order_service.adapters.order_checks import OrderChecks
from order_service.adapters.order_views import OrderViews
from order_service.adapters.self_check import SelfCheck
from order_service.adapters.shipments import ShipmentRecords
from order_service.adapters.stage_times import StageTimesKeeper
from order_service.adapters.timeliness_views import TimelinessViews
from order_service.app.tell_overdue import INVOICE_DUE_DAYS
from order_service.domain.calendar import Calendar, Shift
from order_service.domain.working_time import read_shifts
from order_service.entrypoints.error_map import ERRORS
from order_service.entrypoints.events_in import HANDLERS
from order_service.entrypoints.grpc_calendar import CalendarApi
from order_service.entrypoints.grpc_complaints import ComplaintApi
from order_service.entrypoints.grpc_customers import CustomerApi
from order_service.entrypoints.grpc_finance import FinanceApi
from order_service.entrypoints.grpc_orders import OrderApi
from order_service.entrypoints.grpc_personal_data import PersonalDataApi
from order_service.entrypoints.lead_time_loop import LeadTimeFollower
from order_service.entrypoints.overdue_loop import OverdueWatch
from order_service.entrypoints.scope import SalesScope

SERVICES = tuple(
    f"orderhub.order.v1.{name}Service"
    for name in ("Order", "Customer", "Finance", "Complaint", "Calendar", "PersonalData")
)

REBUILD_SECONDS = 3600.0
Servicer = tuple[Callable[[Any, grpc.aio.Server], None], Any]


class Settings(ChassisSettings):
    """The order service's own settings."""

    tracking_key: SecretStr  # hex, 32 bytes: makes the customers' tracking links
    invoice_due_days: int = INVOICE_DUE_DAYS  # an invoice task open for longer is overdue
    sales_scope: SalesScope = "own"  # whose orders and customers a salesperson sees: own and unowned, or all
    working_hours: str = "08:00-12:00,13:00-17:30"  # of a working day, until somebody keeps a calendar


def working_times(settings: Settings) -> WorkingTimes:
    """Return the factory's working time: by its calendar, and by the settings until there is one."""
    usual = Calendar(tuple(Shift(*span) for span in read_shifts(settings.working_hours)))
    return WorkingTimes(usual, ZoneInfo(settings.factory_zone))


def keeper_of(settings: Settings) -> tuple[StageTimesKeeper, Database]:
    """Return what keeps lead times ready, and its database, to be closed."""
    clock = SystemClock(settings.factory_zone)
    database = Database(settings.database_url.get_secret_value(), "order", clock=clock, patience=REBUILD_SECONDS)
    return StageTimesKeeper(database, settings.factory_zone, working_times(settings)), database


@dataclass(frozen=True, slots=True)
class Parts:
    """What several edges of the service share."""

    settings: Settings
    clock: Clock
    database: Database
    commands: Commands
    customers: CustomerViews
    working: WorkingTimes
    keeper: StageTimesKeeper
    planning: Peer
    inventory: Peer

    @property
    def zone(self) -> ZoneInfo:
        """Return the factory's zone."""
        return ZoneInfo(self.settings.factory_zone)


def build(settings: Settings, clock: Clock | None = None) -> Service:
    """Return the whole service."""
    parts = _parts(settings, clock or SystemClock(settings.factory_zone))
    return Service(
        name="order",
        settings=settings,
        database=parts.database,
        servicers=_servicers(parts),
        service_names=SERVICES,
        errors=ERRORS,
        handlers=HANDLERS,
        checks=OrderChecks(parts.database, SelfCheck(parts.database)).checks(),
        loops=_loops(parts),
        closers=(parts.planning.close, parts.inventory.close),
    )


def _parts(settings: Settings, clock: Clock) -> Parts:
    database = Database(settings.database_url.get_secret_value(), "order", clock=clock, pool=settings.database_pool)
    signer = Signer("order", settings.signing_key.get_secret_value(), clock)
    tls = mutual_tls.load(settings.grpc_tls_dir)
    working = working_times(settings)
    return Parts(
        settings=settings,
        clock=clock,
        database=database,
        commands=Commands(database),
        customers=CustomerViews(database),
        working=working,
        keeper=StageTimesKeeper(database, settings.factory_zone, working),
        planning=Peer("planning", settings.planning_target, signer, tls=tls),
        inventory=Peer("inventory", settings.inventory_target, signer, tls=tls),
    )


def _servicers(parts: Parts) -> tuple[Servicer, ...]:
    calendar = CalendarApi(parts.database, parts.commands, CapacityRules(parts.working), parts.working.usual)
    customers = CustomerApi(parts.commands, parts.customers, parts.settings.sales_scope)
    complaints = ComplaintApi(parts.commands, ComplaintViews(parts.database), parts.settings.sales_scope)
    return (
        (order_pb2_grpc.add_OrderServiceServicer_to_server, _orders(parts)),
        (customer_pb2_grpc.add_CustomerServiceServicer_to_server, customers),
        (finance_pb2_grpc.add_FinanceServiceServicer_to_server, _finance(parts)),
        (complaint_pb2_grpc.add_ComplaintServiceServicer_to_server, complaints),
        (calendar_pb2_grpc.add_CalendarServiceServicer_to_server, calendar),
        (personal_data_pb2_grpc.add_PersonalDataServiceServicer_to_server, PersonalDataApi(parts.commands)),
    )


def _orders(parts: Parts) -> OrderApi:
    database, settings = parts.database, parts.settings
    return OrderApi(
        database=database,
        commands=parts.commands,
        views=OrderViews(database),
        knowledge=Knowledge(database, ItemMaster(parts.planning), parts.clock, CapacityRules(parts.working)),
        shipments=ShipmentRecords(database, parts.inventory),
        tracking_key=bytes.fromhex(settings.tracking_key.get_secret_value()),
        working=parts.working,
        channels=ChannelViews(database),
        scope=settings.sales_scope,
    )


def _finance(parts: Parts) -> FinanceApi:
    database, settings = parts.database, parts.settings
    return FinanceApi(
        database=database,
        commands=parts.commands,
        views=FinanceViews(database),
        lead_times=LeadTimeViews(database),
        keeper=parts.keeper,
        deliveries=DeliveryViews(database, settings.factory_zone),
        timeliness=TimelinessViews(database, settings.invoice_due_days),
        customers=parts.customers,
        zone=parts.zone,
        scope=settings.sales_scope,
    )


def _loops(parts: Parts) -> tuple[Loop, ...]:
    return (
        initials.warm_up,
        SelfCheck(parts.database).run,
        OverdueWatch(parts.database, parts.settings.invoice_due_days).run,
        LeadTimeFollower(parts.keeper).run,
    )
