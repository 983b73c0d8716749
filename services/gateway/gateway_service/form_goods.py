"""What a public form offers: the goods chosen for it, or else whatever the factory makes (S23)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc
from orderhub.common.v1.common_pb2 import PageRequest
from orderhub.planning.v1.master_pb2 import BatchGetItemsRequest, Item, ListItemsRequest

from chassis.errors import FieldProblem, Remote
from gateway_service.bodies.forms import MOST_GOODS
from gateway_service.clients import Clients
from gateway_service.problems import Problem

MADE = "make"
AWAY = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)


async def offered(clients: Clients, form: Any) -> list[dict[str, str]]:
    """Return what a customer may choose from, in the order it was chosen for the form."""
    planning = clients.planning
    if form.item_codes:
        found = await planning.ask(planning.master.BatchGetItems, BatchGetItemsRequest(codes=form.item_codes))
        known = [found.items[code] for code in form.item_codes if code in found.items]
        return [_shown(item) for item in known if item.active]
    request = ListItemsRequest(page=PageRequest(page_size=MOST_GOODS), supply=MADE, active_only=True)
    return [_shown(item) for item in (await planning.ask(planning.master.ListItems, request)).items]


def _shown(item: Item) -> dict[str, str]:
    return {"code": item.code, "name": item.name, "unit": item.unit}


async def check(clients: Clients, form: Any, codes: Sequence[str]) -> None:
    """Refuse what the form does not offer, all lines at once; while planning is away the order desk looks alone."""
    refused = await _not_chosen(clients, form, codes)
    if refused:
        fields = [FieldProblem(f"lines.{n}.item_code", "ITEM_NOT_OFFERED", {"item_code": codes[n]}) for n in refused]
        raise Problem(422, "INVALID_REQUEST", {"fields": "、".join(codes[n] for n in refused)}, fields=fields)


async def _not_chosen(clients: Clients, form: Any, codes: Sequence[str]) -> list[int]:
    if form.item_codes:
        return [n for n, code in enumerate(codes) if code not in form.item_codes]
    try:
        found = await clients.planning.ask(clients.planning.master.BatchGetItems, BatchGetItemsRequest(codes=codes))
    except Remote as error:
        if error.code in AWAY:
            return []
        raise
    return [n for n, code in enumerate(codes) if code not in found.items or not _is_made(found.items[code])]


def _is_made(item: Item) -> bool:
    return bool(item.active and item.supply == MADE)
