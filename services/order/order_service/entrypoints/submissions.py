"""SubmitOrder: those that wait together share a transaction behind the same use case (docs/decisions/0033)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orderhub.order.v1 import order_pb2 as pb

from chassis.commands import Commands
from chassis.database import Transaction
from chassis.ids import uuid7
from chassis.shared_commands import Asked, SharedCommands
from chassis.telemetry import current_traceparent
from order_service.adapters.knowledge import Gathered, Knowledge
from order_service.adapters.new_orders import NewOrderRows
from order_service.adapters.orders import OrderRepository
from order_service.app.submit_order import Submission, submit_order, submit_together
from order_service.domain.entry import LINE_LIMIT, Known, OrderEntry, about_items, check
from order_service.domain.errors import Invalid
from order_service.domain.order import Order
from order_service.entrypoints.order_requests import entry_of

LONG = 50  # lines; an order with more has a transaction of its own and keeps nobody waiting


@dataclass(frozen=True, slots=True)
class Wish:
    """What one caller wants entered, and within which trace."""

    entry: OrderEntry
    trace: str

    @property
    def codes(self) -> list[str]:
        return [line.item_code for line in self.entry.lines[: LINE_LIMIT + 1]]


class SubmissionDesk:
    """Takes orders in, alone or together; the answers are the same."""

    def __init__(self, commands: Commands, knowledge: Knowledge, message: Callable[[Order], pb.Order]) -> None:
        self._commands, self._knowledge, self._message = commands, knowledge, message
        self._shared: SharedCommands[Wish, pb.SubmitOrderResponse] = SharedCommands(commands.database, self._together)

    async def submit(self, request: pb.SubmitOrderRequest) -> pb.SubmitOrderResponse:
        """Return the order as stored; raise Invalid, Conflict, Remote."""
        wish = Wish(entry_of(request), current_traceparent())

        async def alone() -> pb.SubmitOrderResponse:
            return await self._alone(request, wish)

        if len(wish.entry.lines) > LONG:
            return await alone()
        return await self._shared.run(request.context, wish, alone)

    async def _alone(self, request: pb.SubmitOrderRequest, wish: Wish) -> pb.SubmitOrderResponse:
        async def ahead() -> Gathered:
            found = await self._knowledge.gather(wish.entry.customer_id, wish.codes)
            try:
                check(wish.entry, found.known)
            except Invalid as refusal:
                if not about_items(refusal.fields):
                    raise
                found = await self._knowledge.ask_again(found, wish.codes)
                check(wish.entry, found.known)
            return found

        async def work(unit: Transaction, found: Gathered) -> pb.SubmitOrderResponse:
            await found.keep(unit)
            submission = Submission(uuid7(), wish.entry, found.known, wish.trace, unit.actor, unit.now)
            return self._answer(await submit_order(submission, OrderRepository(unit)))

        return await self._commands.run_after(request.context, pb.SubmitOrderResponse, ahead, work)

    async def _together(
        self, unit: Transaction, asked: Sequence[Asked[Wish]]
    ) -> Sequence[pb.SubmitOrderResponse | None]:
        """Answer those that this database alone can accept; refusals and questions to planning are for each alone."""
        ids = {one: uuid7() for one in asked}
        callers = {ids[one]: one for one in asked}
        known = await self._knowledge.gather_together(unit, [(x.wish.entry.customer_id, x.wish.codes) for x in asked])
        submissions = [
            Submission(ids[one], one.wish.entry, facts, one.wish.trace, one.actor, unit.now)
            for one, facts in zip(asked, known, strict=True)
            if _fits(one.wish.entry, facts)
        ]
        rows = NewOrderRows(unit, lambda order: callers[order.id].speaking(unit))
        stored = await submit_together(submissions, rows)
        answers: list[pb.SubmitOrderResponse | None] = []
        for one in asked:
            order = stored.get(ids[one])
            with one.speaking(unit):  # prices are for those who may see them
                answers.append(None if order is None else self._answer(order))
        return answers

    def _answer(self, order: Order) -> pb.SubmitOrderResponse:
        return pb.SubmitOrderResponse(order=self._message(order))


def _fits(entry: OrderEntry, known: Known) -> bool:
    try:
        check(entry, known)
    except Invalid:
        return False
    return True
