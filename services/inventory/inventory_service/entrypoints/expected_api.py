"""Expected receipts: calls translated."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from orderhub.inventory.v1 import inventory_pb2 as pb
from orderhub.inventory.v1 import inventory_pb2_grpc

from chassis import page_token
from chassis.clock import Clock
from chassis.commands import Commands
from chassis.database import Transaction
from chassis.ids import uuid7
from chassis.sql import Row
from inventory_service.adapters.expected_receipts import expected_receipt
from inventory_service.adapters.expected_views import MAX_OF_ITEMS, ExpectedViews, is_state
from inventory_service.adapters.lookout import Lookout
from inventory_service.adapters.messages import stamp
from inventory_service.adapters.views import page_size
from inventory_service.adapters.warehouse import Warehouses
from inventory_service.app.expect_receipt import Announcement, change_expected_receipt, expect_receipt
from inventory_service.domain.entry import MAX_NAME, Entry
from inventory_service.domain.errors import NotFound
from inventory_service.domain.expected_receipt import ExpectedReceipt
from inventory_service.domain.item import Item
from inventory_service.domain.quantity import plain

if TYPE_CHECKING:
    import grpc

    Context = grpc.aio.ServicerContext[Any, Any]


class ExpectedApi(inventory_pb2_grpc.StockServiceServicer):
    """The part of StockService that looks ahead."""

    def __init__(self, commands: Commands, warehouses: Warehouses, lookout: Lookout) -> None:
        self._commands = commands
        self._warehouses = warehouses
        self._lookout = lookout
        self._clock: Clock = warehouses.clock
        self._expected = ExpectedViews(commands.database)

    async def AddExpectedReceipt(
        self, request: pb.AddExpectedReceiptRequest, context: Context
    ) -> pb.AddExpectedReceiptResponse:
        told = Announcement(
            request.item_code, request.quantity, request.unit, request.due_date, request.supplier, request.reference, request.note
        )  # fmt: skip

        async def ahead() -> dict[str, Item]:
            return await self._lookout.items([request.item_code])

        async def work(unit: Transaction, items: dict[str, Item]) -> pb.AddExpectedReceiptResponse:
            house = self._warehouses.of(unit)
            await house.items.learn({item.code: item for item in items.values()}.values())
            one = await expect_receipt(house, told, items, str(uuid7()))
            return pb.AddExpectedReceiptResponse(expected_receipt=await self._kept(unit, one))

        return await self._commands.run_after(request.context, pb.AddExpectedReceiptResponse, ahead, work)

    async def ChangeExpectedReceipt(
        self, request: pb.ChangeExpectedReceiptRequest, context: Context
    ) -> pb.ChangeExpectedReceiptResponse:
        names = {"quantity": "quantity", "due_date": "due", "supplier": "supplier", "reference": "reference", "note": "note",
                 "cancelled": "cancelled"}  # fmt: skip
        told = Announcement(**{to: getattr(request, name) for name, to in names.items() if request.HasField(name)})  # type: ignore[arg-type]

        async def ahead() -> dict[str, Item]:
            return await self._lookout.items([(await self._row(request.expected_receipt)).item_code])

        async def work(unit: Transaction, items: dict[str, Item]) -> pb.ChangeExpectedReceiptResponse:
            house = self._warehouses.of(unit)
            one = await change_expected_receipt(house, request.expected_receipt, request.expected_version, told, items)
            return pb.ChangeExpectedReceiptResponse(expected_receipt=await self._kept(unit, one))

        return await self._commands.run_after(request.context, pb.ChangeExpectedReceiptResponse, ahead, work)

    async def GetExpectedReceipt(
        self, request: pb.GetExpectedReceiptRequest, context: Context
    ) -> pb.GetExpectedReceiptResponse:
        return pb.GetExpectedReceiptResponse(expected_receipt=self._of_row(await self._row(request.expected_receipt)))

    async def ListExpectedReceipts(
        self, request: pb.ListExpectedReceiptsRequest, context: Context
    ) -> pb.ListExpectedReceiptsResponse:
        entry = Entry()
        if not is_state(request.state):
            entry.wrong("state", "STATE_UNKNOWN", state=request.state[:MAX_NAME])
        entry.done()
        size = MAX_OF_ITEMS if request.item_codes and not request.page.page_size else page_size(request.page)
        place = (request.page.page_token, date.fromisoformat, page_token.text)
        after = page_token.read("expected_receipts", *place, first=(date.min, ""))
        rows = await self._expected.listed(request.item_codes, request.state, self._clock.today(), after, size + 1)
        last = rows[size - 1] if len(rows) > size else None
        more = page_token.write("expected_receipts", last.due_date, last.number) if last else ""
        return pb.ListExpectedReceiptsResponse(
            expected_receipts=[self._of_row(row) for row in rows[:size]], next_page_token=more
        )

    async def _row(self, name: str) -> Row:
        row = await self._expected.one(name)
        if row is None:
            raise NotFound("EXPECTED_RECEIPT_UNKNOWN", expected_receipt=name[:MAX_NAME])
        return row

    async def _kept(self, unit: Transaction, one: ExpectedReceipt) -> pb.ExpectedReceipt:
        row = await self._expected.one_in(unit, one.number)
        assert row is not None, "just kept"
        return self._of_row(row)

    def _of_row(self, row: Row) -> pb.ExpectedReceipt:
        one = expected_receipt(row)
        return pb.ExpectedReceipt(
            id=one.id, number=one.number, item_code=one.item, item_name=row.item_name, unit=row.unit, quantity=plain(one.quantity),
            received_quantity=plain(one.received), open_quantity=plain(one.open), unclaimed_quantity=plain(row.unclaimed),
            due_date=one.due.isoformat(),
            supplier=one.supplier, reference=one.reference, note=one.note, state=one.state,
            late=one.is_late(self._clock.today()), actor=one.actor, created_at=stamp(one.created_at), version=one.version,
        )  # fmt: skip
