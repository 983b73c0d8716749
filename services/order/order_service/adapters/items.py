"""The event-fed copy of planning's items, and the question to planning on a miss."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from orderhub.planning.v1 import events_pb2, master_pb2, master_pb2_grpc

from chassis.database import Transaction
from chassis.grpc_client import Peer
from chassis.sql import text
from order_service.domain.item import Item
from order_service.domain.quantity import plain
from order_service.domain.texts import is_clean

ITEMS = """
SELECT coalesce(jsonb_agg(jsonb_build_object('code', code, 'name', name, 'unit', unit, 'whole_units', whole_units,
  'active', active, 'version', version, 'aliases', aliases, 'units', units)), '[]')
FROM item_copy WHERE code = ANY(CAST(:codes AS text[])) OR aliases && CAST(:codes AS text[])
"""
# The older of two versions never wins.
_STORE = text("""
INSERT INTO item_copy (code, name, unit, whole_units, active, version, aliases, units)
VALUES (:code, :name, :unit, :whole_units, :active, :version, :aliases, CAST(:units AS jsonb))
ON CONFLICT (code) DO UPDATE SET name = EXCLUDED.name, unit = EXCLUDED.unit, whole_units = EXCLUDED.whole_units,
  active = EXCLUDED.active, version = EXCLUDED.version, aliases = EXCLUDED.aliases, units = EXCLUDED.units
WHERE item_copy.version < EXCLUDED.version
""")


def read_items(found: Sequence[Mapping[str, Any]]) -> list[Item]:
    """Return the copies ITEMS found."""
    return [_item_of(one) for one in found]


def items_by_code(items: Sequence[Item], wanted: Collection[str]) -> dict[str, Item]:
    """Return copies by the code or alias asked for; unknown ones are left out. A code wins over an alias."""
    by_alias = {alias: item for item in items for alias in item.aliases if alias in wanted}
    return by_alias | {item.code: item for item in items if item.code in wanted}


async def store_items(unit: Transaction, items: Sequence[Item]) -> None:
    """Keep newer copies; always in one order, so that two transactions never wait for each other."""
    ordered = sorted(items, key=lambda item: item.code)
    await unit.connection.execute_many(_STORE, [_params(item) for item in ordered])


def _params(item: Item) -> dict[str, Any]:
    units = json.dumps({name: plain(factor) for name, factor in item.units.items()})
    return {
        "code": item.code, "name": item.name, "unit": item.unit, "whole_units": item.whole_units, "active": item.active,
        "version": item.version, "aliases": list(item.aliases), "units": units,
    }  # fmt: skip


def told_item(event: events_pb2.ItemChanged) -> Item:
    """Return the item an event tells."""
    return _item_from(event, event.item_code)


class ItemMaster:
    """Planning, asked on a miss."""

    def __init__(self, planning: Peer) -> None:
        self._planning = planning
        self._stub = master_pb2_grpc.MasterServiceStub(planning.channel)

    async def ask(self, codes: Iterable[str]) -> Mapping[str, Item]:
        """Return planning's items by code or alias; raise Remote."""
        wanted = sorted({code for code in codes if is_clean(code) and 0 < len(code) <= 200})
        if not wanted:
            return {}
        request = master_pb2.BatchGetItemsRequest(codes=wanted)
        reply = await self._planning.ask(self._stub.BatchGetItems, request)
        return {asked: _item_from(item, item.code) for asked, item in reply.items.items()}


def _item_from(told: Any, code: str) -> Item:
    return Item(
        code=code, name=told.name, unit=told.unit, whole_units=told.whole_units, active=told.active,
        version=told.version, aliases=tuple(told.aliases),
        units={unit.unit: Decimal(unit.factor) for unit in told.units},
    )  # fmt: skip


def _item_of(found: Mapping[str, Any]) -> Item:
    units = {unit: Decimal(factor) for unit, factor in found["units"].items()}
    return Item(**{**found, "aliases": tuple(found["aliases"]), "units": units})
