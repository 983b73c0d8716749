"""/expected-receipts, /shortages: what suppliers bring, what is short, what nobody has ordered yet"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query, Response
from orderhub.common.v1.common_pb2 import PageRequest
from orderhub.inventory.v1.inventory_pb2 import (
    AddExpectedReceiptRequest,
    ChangeExpectedReceiptRequest,
    ExpectedReceipt,
    GetExpectedReceiptRequest,
    ListExpectedReceiptsRequest,
)
from orderhub.order.v1.customer_pb2 import GetCustomerRequest
from orderhub.planning.v1.production_pb2 import (
    GetRefusalsRequest,
    GetRefusalsResponse,
    ItemShortage,
    ListShortagesRequest,
    PutRefusalsRequest,
)

from gateway_service import answers, sight
from gateway_service.bodies.goods import ExpectedReceiptBody, ExpectedReceiptFilter, ExpectedReceiptPatch
from gateway_service.bodies.production import RefusedItemsBody, ShortageListFilter
from gateway_service.clients import Clients
from gateway_service.exchange import command
from gateway_service.rendering import one, page
from gateway_service.routes import NeededVersion, Services, router
from gateway_service.sheets import sheet

api = router("supply")
MAX_ROWS = 5_000
SHORTAGE_COLUMNS = (
    "item_code", "item_name", "unit", "short", "expected", "to_order", "needed_by", "order_by", "lead_time_days", "waiting_count",
)  # fmt: skip


@api.post("/expected-receipts", status_code=201, responses=answers.one(ExpectedReceipt, 201))
async def add_expected_receipt(body: ExpectedReceiptBody, services: Services) -> Response:
    """Announce a delivery; promises count on it, a receipt movement that names it counts against it."""
    request = AddExpectedReceiptRequest(context=command(), **body.given())
    found = await services.inventory.ask(services.inventory.stock.AddExpectedReceipt, request)
    return one(found.expected_receipt, 201)


@api.get("/expected-receipts", responses=answers.listing(ExpectedReceipt))
async def list_expected_receipts(filters: Annotated[ExpectedReceiptFilter, Query()], services: Services) -> Response:
    """Deliveries, earliest due first; `late` ones are due before today and still open."""
    codes = [code.strip() for code in filters.item_code.split(",") if code.strip()]
    request = ListExpectedReceiptsRequest(page=filters.wire(), item_codes=codes, state=filters.state)
    found = await services.inventory.ask(services.inventory.stock.ListExpectedReceipts, request)
    return page(found.expected_receipts, found.next_page_token)


@api.get("/expected-receipts/{expected_receipt}", responses=answers.one(ExpectedReceipt))
async def get_expected_receipt(expected_receipt: str, services: Services) -> Response:
    """One delivery, by number or id."""
    request = GetExpectedReceiptRequest(expected_receipt=expected_receipt)
    return one((await services.inventory.ask(services.inventory.stock.GetExpectedReceipt, request)).expected_receipt)


@api.patch("/expected-receipts/{expected_receipt}", responses=answers.one(ExpectedReceipt))
async def change_expected_receipt(
    expected_receipt: str, body: ExpectedReceiptPatch, version: NeededVersion, services: Services
) -> Response:
    """Move a delivery, change its quantity, or call off what has not come."""
    request = ChangeExpectedReceiptRequest(
        context=command(), expected_receipt=expected_receipt, expected_version=version, **body.given()
    )
    found = await services.inventory.ask(services.inventory.stock.ChangeExpectedReceipt, request)
    return one(found.expected_receipt)


@api.get("/shortages", responses=answers.listing(ItemShortage))
async def list_shortages(filters: Annotated[ShortageListFilter, Query()], services: Services) -> Response:
    """Everything short now by item, the earliest needed first: who waits, what is due, what is still to order."""
    request = ListShortagesRequest(page=filters.wire(), item_code=filters.item_code)
    found = await services.planning.ask(services.planning.planning.ListShortages, request)
    await _hide_colleagues_orders(services, found.shortages)
    return page(found.shortages, found.next_page_token)


async def _hide_colleagues_orders(services: Clients, shortages: Sequence[ItemShortage]) -> None:
    """Leave out who waits where the caller may not see the order; how many wait is told all the same."""
    shown = await sight.seen(services, [one for short in shortages for one in short.waiting], sight.order_of)
    orders = {one.order_number for one in shown}
    for short in shortages:
        kept = [one for one in short.waiting if one.order_number in orders]
        del short.waiting[:]
        short.waiting.extend(kept)


@api.get("/shortages.csv", responses=answers.file("text/csv"))
async def shortage_sheet(services: Services) -> Response:
    """The purchase suggestions as a file for a spreadsheet (at most 5,000 rows)."""
    found: list[ItemShortage] = []
    request = ListShortagesRequest(page=PageRequest(page_size=200))
    while len(found) < MAX_ROWS:
        answer = await services.planning.ask(services.planning.planning.ListShortages, request)
        found += answer.shortages
        if not answer.next_page_token:
            break
        request.page.page_token = answer.next_page_token
    rows = ([getattr(row, name) for name in SHORTAGE_COLUMNS] for row in found)
    return sheet("shortages.csv", SHORTAGE_COLUMNS, rows)


@api.put("/customers/{customer}/refused-items", responses=answers.one(GetRefusalsResponse))
async def put_refused_items(customer: str, body: RefusedItemsBody, services: Services) -> Response:
    """Say which items a customer does not take in place of others; plans made from now on heed it."""
    known = await services.order.ask(services.order.customers.GetCustomer, GetCustomerRequest(customer_id=customer))
    request = PutRefusalsRequest(context=command(), customer_id=known.customer.id, item_codes=body.item_codes)
    return one(await services.planning.ask(services.planning.planning.PutRefusals, request))


@api.get("/customers/{customer}/refused-items", responses=answers.one(GetRefusalsResponse))
async def get_refused_items(customer: str, services: Services) -> Response:
    """Which items a customer does not take in place of others."""
    known = await services.order.ask(services.order.customers.GetCustomer, GetCustomerRequest(customer_id=customer))
    request = GetRefusalsRequest(customer_id=known.customer.id)
    return one(await services.planning.ask(services.planning.planning.GetRefusals, request))
