"""/items, /routings, /boms: the item master"""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import File, Query, Request, Response, UploadFile
from orderhub.planning.v1.master_pb2 import (
    BatchGetItemsRequest,
    Bom,
    ExplodeRequest,
    ExplodeResponse,
    GetBomDiffRequest,
    GetBomDiffResponse,
    GetBomRequest,
    GetItemRequest,
    GetRoutingRequest,
    GetWhereUsedRequest,
    ImportBomsRequest,
    ImportBomsResponse,
    Item,
    ListItemsRequest,
    ListUnitsRequest,
    PutBomRequest,
    PutItemRequest,
    PutRoutingRequest,
    Routing,
    Unit,
    WhereUsed,
)

from chassis.errors import FieldProblem
from gateway_service import answers, exchange, refusals
from gateway_service.bodies.master import (
    BomBody,
    BomFilter,
    DiffFilter,
    ExplosionFilter,
    ImportFilter,
    ItemBody,
    ItemFilter,
    RoutingBody,
)
from gateway_service.exchange import command
from gateway_service.problems import Problem
from gateway_service.rendering import answer, one, page, render
from gateway_service.routes import Services, gateway_of, router
from gateway_service.sheets import sheet

api = router("item master")
BOM_COLUMNS = (
    "product", "component", "component_name", "quantity_per", "routing_code", "unit", "scrap_rate", "position",
)  # fmt: skip


@api.put("/items/{code}", responses=answers.one(Item))
async def put_item(code: str, body: ItemBody, services: Services) -> Response:
    """Create an item or change it to this."""
    request = PutItemRequest(context=command(), code=code, **body.given())
    return one((await services.planning.ask(services.planning.master.PutItem, request)).item)


@api.get("/items/{code}", responses=answers.one(Item))
async def get_item(code: str, services: Services) -> Response:
    """One item, by code or alias."""
    found = await services.planning.ask(services.planning.master.GetItem, GetItemRequest(code=code))
    return one(found.item)


@api.get("/items", responses=answers.listing(Item))
async def list_items(filters: Annotated[ItemFilter, Query()], services: Services) -> Response:
    """Find items by code, alias, name or pinyin initials."""
    request = ListItemsRequest(page=filters.wire(), q=filters.q)
    found = await services.planning.ask(services.planning.master.ListItems, request)
    return page(found.items, found.next_page_token)


@api.get("/items/{code}/where-used", responses=answers.listing(WhereUsed))
async def where_used(code: str, services: Services) -> Response:
    """What this item goes into, directly and further up."""
    found = await services.planning.ask(services.planning.master.GetWhereUsed, GetWhereUsedRequest(code=code))
    return page(found.parents)


@api.put("/routings/{code}", responses=answers.one(Routing))
async def put_routing(code: str, body: RoutingBody, services: Services) -> Response:
    """Create a routing or change it to this; released production orders keep their copy."""
    request = PutRoutingRequest(context=command(), code=code, **body.given())
    return one((await services.planning.ask(services.planning.master.PutRouting, request)).routing)


@api.get("/routings/{code}", responses=answers.one(Routing))
async def get_routing(code: str, services: Services) -> Response:
    """One routing."""
    found = await services.planning.ask(services.planning.master.GetRouting, GetRoutingRequest(code=code))
    return one(found.routing)


@api.put("/boms/{code}", responses=answers.one(Bom))
async def put_bom(code: str, body: BomBody, services: Services) -> Response:
    """Write the bill of materials of an item; a loop is refused by name."""
    request = PutBomRequest(context=command(), item_code=code, **body.given())
    return one((await services.planning.ask(services.planning.master.PutBom, request)).bom)


@api.get("/boms/{code}", responses=answers.one(Bom))
async def get_bom(code: str, filters: Annotated[BomFilter, Query()], services: Services) -> Response:
    """The bill of materials in force on a day, and the versions there are."""
    request = GetBomRequest(item_code=code, date=filters.date or "")
    found = await services.planning.ask(services.planning.master.GetBom, request)
    data = render(found.bom) | {"versions": [render(version) for version in found.versions]}
    return answer(data, headers={"ETag": f'"{found.bom.version}"'})


@api.get("/boms/{code}/lines.csv", responses=answers.file("text/csv"))
async def bom_sheet(code: str, filters: Annotated[BomFilter, Query()], services: Services) -> Response:
    """The lines in force on a day as a file for a spreadsheet, its columns as the import reads them."""
    request = GetBomRequest(item_code=code, date=filters.date or "")
    bom = (await services.planning.ask(services.planning.master.GetBom, request)).bom
    codes = BatchGetItemsRequest(codes=sorted({line.component for line in bom.lines}))
    names = (await services.planning.ask(services.planning.master.BatchGetItems, codes)).items
    rows = [
        [bom.item_code, line.component, names[line.component].name, line.quantity_per, bom.routing_code, line.unit,
         line.scrap_rate, line.position]
        for line in bom.lines
    ]  # fmt: skip
    return sheet(f"bom-{code}.csv", BOM_COLUMNS, rows)


@api.get("/boms/{code}/explosion", responses=answers.one(ExplodeResponse))
async def explode(code: str, filters: Annotated[ExplosionFilter, Query()], services: Services) -> Response:
    """Gross requirements of every level, one row per item (S37)."""
    request = ExplodeRequest(item_code=code, quantity=filters.quantity, date=filters.date or "")
    return one(await services.planning.ask(services.planning.master.Explode, request))


@api.get("/boms/{code}/diff", responses=answers.one(GetBomDiffResponse))
async def bom_diff(code: str, filters: Annotated[DiffFilter, Query()], services: Services) -> Response:
    """What differs between two versions of a bill."""
    request = GetBomDiffRequest(item_code=code, from_version=filters.from_version, to_version=filters.to_version)
    return one(await services.planning.ask(services.planning.master.GetBomDiff, request))


@api.post("/boms:import", responses=answers.one(ImportBomsResponse))
async def import_boms(
    file: Annotated[UploadFile, File()], filters: Annotated[ImportFilter, Query()], services: Services, http: Request
) -> Response:
    """Read bills from xlsx, xls or csv (item, component, component name, quantity per, routing): a verdict a row (S34)."""
    content, running = await file.read(), exchange.current()
    running.fingerprint = hashlib.sha256(content + str(filters.dry_run).encode()).hexdigest()
    if filters.dry_run:
        running.key = ""  # a look stores nothing, so the same key may write afterwards
    request = ImportBomsRequest(
        context=command(), file_name=file.filename or "", content=content, dry_run=filters.dry_run
    )
    found = await services.planning.ask(services.planning.master.ImportBoms, request)
    if found.rejected_count and not filters.dry_run and not running.replayed:
        await _keep_refused(http, file.filename or "", found)
    return one(found)


async def _keep_refused(request: Request, file_name: str, found: ImportBomsResponse) -> None:
    """Keep the rows that were left out, so that somebody mends them after the file is closed."""
    fields = [
        FieldProblem(f"{one.row} {one.item_code} {one.component}".strip(), one.reason, dict(one.params))
        for one in found.verdicts
        if one.result == "rejected"
    ]
    counts = {
        "row_count": found.row_count,
        "accepted_count": found.accepted_count,
        "rejected_count": found.rejected_count,
    }
    problem = Problem(422, "ROWS_LEFT_OUT", {"rejected": str(found.rejected_count)}, fields=fields)
    with refusals.quietly("refusal_not_kept"):
        async with gateway_of(request).database.transaction() as unit:
            await refusals.note(unit, refusals.BOM_IMPORT, file_name[:200], problem, counts, label=file_name[:200])


@api.get("/units", responses=answers.listing(Unit))
async def list_units(services: Services) -> Response:
    """Every unit, and whether it counts whole pieces."""
    found = await services.planning.ask(services.planning.master.ListUnits, ListUnitsRequest())
    return page(found.units)
