"""/stock: balances, movements, the ledger"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response
from orderhub.common.v1.common_pb2 import PageRequest
from orderhub.inventory.v1.inventory_pb2 import (
    GetStockRequest,
    LedgerEntry,
    ListLedgerRequest,
    ListStockRequest,
    PostMovementRequest,
    PostMovementResponse,
    Stock,
)

from gateway_service import answers
from gateway_service.bodies.base import Page
from gateway_service.bodies.goods import MovementBody, StockFilter, StockSheetFilter
from gateway_service.exchange import command
from gateway_service.rendering import one, page
from gateway_service.routes import Services, router
from gateway_service.sheets import sheet

api = router("stock")
MAX_ROWS = 20_000
STOCK_COLUMNS = (
    "item_code", "item_name", "unit", "on_hand", "reserved", "quarantined", "available", "safety_stock", "waiting", "expected",
)  # fmt: skip


@api.post("/stock/movements", status_code=201, responses=answers.one(PostMovementResponse, 201))
async def post_movement(body: MovementBody, services: Services) -> Response:
    """Book a receipt, issue, adjustment or count; the balances afterwards come back."""
    request = PostMovementRequest(context=command(), **body.given())
    return one(await services.inventory.ask(services.inventory.stock.PostMovement, request), 201)


@api.get("/stock", responses=answers.listing(Stock))
async def list_stock(filters: Annotated[StockFilter, Query()], services: Services) -> Response:
    """Balances with what waits and what is expected: of the items named, found by words, short or below safety stock."""
    codes = [code.strip() for code in filters.item_code.split(",") if code.strip()]
    request = ListStockRequest(page=filters.wire(), item_codes=codes, q=filters.q, view=filters.view)
    found = await services.inventory.ask(services.inventory.stock.ListStock, request)
    return page(found.stock, found.next_page_token)


@api.get("/stock.csv", responses=answers.file("text/csv"))
async def stock_sheet(filters: Annotated[StockSheetFilter, Query()], services: Services) -> Response:
    """The same as a file for a spreadsheet, every page in one (at most 20,000 rows)."""
    found: list[Stock] = []
    request = ListStockRequest(page=PageRequest(page_size=200), q=filters.q, view=filters.view)
    while len(found) < MAX_ROWS:
        answer = await services.inventory.ask(services.inventory.stock.ListStock, request)
        found += answer.stock
        if not answer.next_page_token:
            break
        request.page.page_token = answer.next_page_token
    return sheet("stock.csv", STOCK_COLUMNS, ([getattr(row, name) for name in STOCK_COLUMNS] for row in found))


@api.get("/stock/{code}", responses=answers.one(Stock))
async def get_stock(code: str, services: Services) -> Response:
    """One item's balance."""
    found = await services.inventory.ask(services.inventory.stock.GetStock, GetStockRequest(item_code=code))
    return one(found.stock)


@api.get("/stock/{code}/ledger", responses=answers.listing(LedgerEntry))
async def list_ledger(code: str, filters: Annotated[Page, Query()], services: Services) -> Response:
    """Every movement of an item, newest first."""
    request = ListLedgerRequest(page=filters.wire(), item_code=code)
    found = await services.inventory.ask(services.inventory.stock.ListLedger, request)
    return page(found.entries, found.next_page_token)
