"""Settings to running service: the only place that knows everything."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from orderhub.inventory.v1 import inventory_pb2, inventory_pb2_grpc
from pydantic import Field

from chassis import mutual_tls
from chassis import settings as chassis_settings
from chassis.clock import Clock, SystemClock
from chassis.commands import Commands
from chassis.database import Database
from chassis.grpc_client import Peer
from chassis.principal import Signer
from chassis.run import Service
from inventory_service.adapters.book_checks import BookChecks
from inventory_service.adapters.lookout import Lookout
from inventory_service.adapters.neighbours import Neighbours
from inventory_service.adapters.views import Views
from inventory_service.adapters.warehouse import Warehouses
from inventory_service.domain.policy import Policy
from inventory_service.entrypoints.error_map import ERRORS
from inventory_service.entrypoints.events_in import EventsIn
from inventory_service.entrypoints.goods_api import GoodsApi
from inventory_service.entrypoints.stock_api import StockApi
from inventory_service.entrypoints.sweep import Sweep

APPEND_ONLY = ("stock_movement",)


class Settings(chassis_settings.Settings):
    """What inventory can be told beyond the chassis. `receipt_tolerance` is a share of what passed."""

    receipt_tolerance: Decimal = Field(Decimal(0), ge=0, le=1)
    intent_days: int = Field(7, ge=0, le=365)
    consumption: Literal["backflush", "pick"] = "backflush"


def build(settings: Settings, clock: Clock | None = None) -> Service:
    """Put the service together."""
    clock = clock or SystemClock(settings.factory_zone)
    database = Database(settings.database_url.get_secret_value(), "inventory", clock=clock, pool=settings.database_pool)
    signer = Signer("inventory", settings.signing_key.get_secret_value(), clock)
    tls = mutual_tls.load(settings.grpc_tls_dir)
    planning, order = (
        Peer("planning", settings.planning_target, signer, tls=tls),
        Peer("order", settings.order_target, signer, tls=tls),
    )
    policy = Policy(settings.receipt_tolerance, settings.consumption == "backflush", settings.intent_days)
    warehouses = Warehouses(clock, policy)
    neighbours = Neighbours(planning, order)
    lookout, views = Lookout(database, neighbours, policy.tolerance), Views(database)
    commands, events = Commands(database), EventsIn(database, warehouses)
    stock, goods = StockApi(commands, warehouses, lookout, views), GoodsApi(commands, warehouses, lookout, views)
    services = inventory_pb2.DESCRIPTOR.services_by_name
    return Service(
        name="inventory", settings=settings, database=database, errors=ERRORS, handlers=events.handlers(),
        prepare=events.prepare, checks=BookChecks(database, neighbours).checks(),
        loops=(Sweep(database, warehouses).run,), closers=(planning.close, order.close),
        servicers=(
            (inventory_pb2_grpc.add_StockServiceServicer_to_server, stock),
            (inventory_pb2_grpc.add_GoodsServiceServicer_to_server, goods),
        ),
        service_names=[service.full_name for service in services.values()],
    )  # fmt: skip
