"""MasterService: items, routings, bills, explosion, where-used."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from orderhub.planning.v1 import master_pb2 as pb
from orderhub.planning.v1 import master_pb2_grpc

from chassis import page_token
from chassis.database import Transaction
from chassis.errors import Remote
from planning_service.adapters import master_views
from planning_service.adapters.master_store import MasterStore
from planning_service.adapters.messages import Messages
from planning_service.app.keep_items import put_bom, put_item, put_routing
from planning_service.domain.catalogue import Catalogue
from planning_service.domain.errors import NotFound
from planning_service.domain.exact import ZERO, plain, rounded_up
from planning_service.domain.explosion import Requirement, explode
from planning_service.domain.item import Supply
from planning_service.domain.where_used import where_used
from planning_service.entrypoints import master_proto as form
from planning_service.entrypoints.floor_news import tell_floor_of_bom
from planning_service.entrypoints.grpc_bills import Bills
from planning_service.entrypoints.reading import Reading, page_size


class MasterApi(Bills, master_pb2_grpc.MasterServiceServicer):
    """Translates calls to use cases."""

    async def PutItem(self, request: pb.PutItemRequest, context: Any) -> pb.PutItemResponse:
        """Insert or replace an item."""

        async def work(unit: Transaction) -> pb.PutItemResponse:
            catalogue = await self.cache.snapshot(unit)
            item = form.read_item(request, catalogue.units)
            kept, version = await put_item(item, MasterStore(unit, self.cache), Messages(unit))
            return pb.PutItemResponse(item=form.item_message(kept, version))

        return await self.commands.run(request.context, pb.PutItemResponse, work)

    async def PutRouting(self, request: pb.PutRoutingRequest, context: Any) -> pb.PutRoutingResponse:
        """Insert or replace a routing."""
        routing = form.read_routing(request)

        async def work(unit: Transaction) -> pb.PutRoutingResponse:
            kept = await put_routing(routing, MasterStore(unit, self.cache), Messages(unit))
            return pb.PutRoutingResponse(routing=form.routing_message(kept))

        return await self.commands.run(request.context, pb.PutRoutingResponse, work)

    async def PutBom(self, request: pb.PutBomRequest, context: Any) -> pb.PutBomResponse:
        """Keep a version of a bill."""
        version = form.read_bom(request)

        async def work(unit: Transaction) -> pb.PutBomResponse:
            resolve = (await self.cache.snapshot(unit)).resolve
            code = resolve(request.item_code.strip())
            store = MasterStore(unit, self.cache)
            kept = await put_bom(code, form.resolved(version, resolve), store, Messages(unit))
            await tell_floor_of_bom(code, kept, unit)
            return pb.PutBomResponse(bom=form.bom_message(code, kept))

        return await self.commands.run(request.context, pb.PutBomResponse, work)

    async def GetItem(self, request: pb.GetItemRequest, context: Any) -> pb.GetItemResponse:
        """Return an item by code or alias."""
        catalogue = await self.catalogue()
        code = catalogue.resolve(request.code)
        if code not in catalogue.items:
            raise NotFound(kind="item", key=request.code)
        return pb.GetItemResponse(item=_item(catalogue, code))

    async def BatchGetItems(self, request: pb.BatchGetItemsRequest, context: Any) -> pb.BatchGetItemsResponse:
        """Return the known ones of many codes or aliases."""
        catalogue = await self.catalogue()
        found = {asked: catalogue.resolve(asked) for asked in request.codes}
        known = {asked: _item(catalogue, code) for asked, code in found.items() if code in catalogue.items}
        return pb.BatchGetItemsResponse(items=known)

    async def ListItems(self, request: pb.ListItemsRequest, context: Any) -> pb.ListItemsResponse:
        """Return a page of items by code."""
        size = page_size(request.page.page_size)
        (after,) = page_token.read("items", request.page.page_token, page_token.text, first=("",))
        q = request.q.strip().replace("\x00", "")[:200]
        reading = Reading()
        supply = reading.choice("supply", request.supply, Supply) or ""
        reading.done()
        async with self.database.read() as reader:
            found = await master_views.item_page(
                reader, q, after, size + 1, supply=supply, active_only=request.active_only
            )
        items = [form.item_message(item, version) for item, version in found[:size]]
        following = page_token.write("items", items[-1].code) if len(found) > size else ""
        return pb.ListItemsResponse(items=items, next_page_token=following)

    async def GetRouting(self, request: pb.GetRoutingRequest, context: Any) -> pb.GetRoutingResponse:
        """Return a routing."""
        routing = (await self.catalogue()).routings.get(request.code)
        if routing is None:
            raise NotFound(kind="routing", key=request.code)
        return pb.GetRoutingResponse(routing=form.routing_message(routing))

    async def GetBom(self, request: pb.GetBomRequest, context: Any) -> pb.GetBomResponse:
        """Return the bill effective on a day (today when none is given) and all versions ever kept."""
        reading = Reading()
        day = reading.day("date", request.date) or self.clock.today()
        reading.done()
        async with self.database.read() as reader:
            catalogue = await self.cache.snapshot(reader)
            bom = catalogue.bom(catalogue.resolve(request.item_code))
            heads = await master_views.bom_heads(reader, bom.item_code)
        version = bom.on(day)
        return pb.GetBomResponse(
            bom=form.bom_message(bom.item_code, version, form.span_of(bom, version)),
            versions=[
                pb.BomVersion(
                    version=head.version,
                    effective_from=str(head.effective_from or ""),
                    effective_to=str(head.effective_to or ""),
                    content_hash=head.content_hash,
                )
                for head in heads
            ],
        )

    async def Explode(self, request: pb.ExplodeRequest, context: Any) -> pb.ExplodeResponse:
        """Return the gross need of everything below an item, beside what is free now when inventory answers."""
        reading = Reading()
        quantity = reading.decimal("quantity", request.quantity, "1")
        day = reading.day("date", request.date) or self.clock.today()
        reading.errors += form.check_demand("quantity", quantity)
        reading.done()
        catalogue = await self.catalogue()
        root = catalogue.item(catalogue.resolve(request.item_code)).code
        catalogue.bom(root).on(day)
        structure = self.cache.structures(catalogue).get(catalogue, root, day, Supply.MAKE)
        rows = explode(structure, quantity)
        free = await self._free({row.item.code for row in rows})
        return pb.ExplodeResponse(
            item_code=root,
            quantity=plain(quantity),
            date=day.isoformat(),
            requirements=[_requirement(row, free) for row in rows],
        )

    async def GetWhereUsed(self, request: pb.GetWhereUsedRequest, context: Any) -> pb.GetWhereUsedResponse:
        """Return the items whose bills reach this one."""
        catalogue = await self.catalogue()
        code = catalogue.item(catalogue.resolve(request.code)).code
        return pb.GetWhereUsedResponse(
            parents=[
                pb.WhereUsed(
                    item_code=use.item.code,
                    item_name=use.item.name,
                    quantity_per=plain(rounded_up(use.per_unit)),
                    unit=catalogue.items[use.via].unit,
                    distance=use.distance,
                )
                for use in where_used(catalogue, code)
            ]
        )

    async def _free(self, codes: set[str]) -> Mapping[str, Decimal] | None:
        """Return what is free, or None when inventory is away: a preview goes on without it."""
        try:
            return await self.stock.available(codes)
        except Remote as refusal:
            if refusal.unavailable:
                return None
            raise


def _item(catalogue: Catalogue, code: str) -> pb.Item:
    return form.item_message(catalogue.items[code], catalogue.versions.get(code, 1))


def _requirement(row: Requirement, free: Mapping[str, Decimal] | None) -> pb.Requirement:
    available = None if free is None else max(ZERO, free.get(row.item.code, ZERO))
    return pb.Requirement(
        item_code=row.item.code,
        item_name=row.item.name,
        level=row.level,
        supply=row.supply.value,
        required=plain(row.required),
        unit=row.item.unit,
        available="" if available is None else plain(available),
        short="" if available is None else plain(max(ZERO, row.required - available)),
    )
