"""Settings to adapters to use cases to server and consumer: the only place that knows all."""

from __future__ import annotations

from orderhub.planning.v1 import master_pb2, master_pb2_grpc, production_pb2, production_pb2_grpc

from chassis import initials, mutual_tls
from chassis.clock import SystemClock
from chassis.commands import Commands
from chassis.database import Database
from chassis.grpc_client import Peer
from chassis.principal import Signer
from chassis.run import Service
from chassis.settings import Settings as ChassisSettings
from planning_service.adapters.catalogue_cache import CatalogueCache
from planning_service.adapters.peers import InventoryClient, OrderClient
from planning_service.domain.scan import ScanPolicy
from planning_service.entrypoints.error_map import ERRORS
from planning_service.entrypoints.events_in import EventsIn
from planning_service.entrypoints.grpc_master import MasterApi
from planning_service.entrypoints.grpc_planning import PlanningApi

NAME = "planning"


class Settings(ChassisSettings):
    """ORDERHUB_SCAN_POLICY: record (and flag), previous (not more than came through) or strict (X37)."""

    scan_policy: ScanPolicy = ScanPolicy.RECORD


def build(settings: Settings) -> Service:
    """Return the service, not yet running."""
    clock = SystemClock(settings.factory_zone)
    database = Database(settings.database_url.get_secret_value(), NAME, clock=clock, pool=settings.database_pool)
    signer = Signer(NAME, settings.signing_key.get_secret_value(), clock)
    tls = mutual_tls.load(settings.grpc_tls_dir)
    order_peer, inventory_peer = (
        Peer("order", settings.order_target, signer, tls=tls),
        Peer("inventory", settings.inventory_target, signer, tls=tls),
    )
    stock, cache, commands = InventoryClient(inventory_peer), CatalogueCache(), Commands(database)
    master = MasterApi(database, commands, cache, stock, clock)
    planning = PlanningApi(database, commands, cache, OrderClient(order_peer), stock, clock, settings.scan_policy)
    events = EventsIn(planning)
    return Service(
        name=NAME,
        settings=settings,
        database=database,
        servicers=[
            (master_pb2_grpc.add_MasterServiceServicer_to_server, master),
            (production_pb2_grpc.add_PlanningServiceServicer_to_server, planning),
        ],
        service_names=[
            master_pb2.DESCRIPTOR.services_by_name["MasterService"].full_name,
            production_pb2.DESCRIPTOR.services_by_name["PlanningService"].full_name,
        ],
        errors=ERRORS,
        handlers=events.handlers(),
        prepare=events.prepare,
        loops=[initials.warm_up, planning.run_jobs, planning.run_escalation],
        closers=[order_peer.close, inventory_peer.close],
    )
