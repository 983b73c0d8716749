"""Random histories of a warehouse over a real database end as the plain model says (reliability.md 6, invariants 4-8, 12).

Modest by default; ORDERHUB_PROOF=1 runs the full number of histories.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from orderhub.order.v1 import events_pb2 as order_events
from orderhub.planning.v1 import events_pb2 as planning_events

from chassis.principal import Principal, current
from inventory_service.adapters.reservations import REALLOCATE
from tests.service.inventory.model import Model, ModelJob
from tests.service.inventory.worlds import World, Worlds, made
from tests.support.postgres import TestDatabases

PROOF = os.environ.get("ORDERHUB_PROOF") == "1"
TABLES = (
    "stock, reservation_line, stock_movement, receivable, order_copy, shippable, receipt, shipment_line, shipment, "
    "customer_return_line, customer_return, answered, outbox, subject_sequence, inbox, subject_cursor, parked, idempotency"
)
ITEMS = ("X", "Y", "Z")
few, some = st.integers(1, 4), st.integers(0, 12)


class Warehouse(RuleBasedStateMachine):
    """Each step happens to the service and to the model; then both must say the same."""

    loop: asyncio.AbstractEventLoop
    world: World
    owner: str

    @initialize()
    def empty(self) -> None:
        self.model, self.count, self.last = Model(), 0, None
        self.orders: list[int] = []
        self.run(self._truncate())
        self.world.numbers.clear()
        self.world.events.warehouses.known_items.clear()

    async def _truncate(self) -> None:
        connection = await asyncpg.connect(self.owner)
        await connection.execute(f"TRUNCATE {TABLES}")
        await connection.close()

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(asyncio.wait_for(work, 30))

    def outcome(self, work: Any) -> str:
        """Return the reason of a refusal, empty when it was done."""
        try:
            self.run(work)
        except Exception as error:
            reason = getattr(error, "reason", "")
            if not reason:
                raise
            return reason
        return ""

    @rule(
        kind=st.sampled_from(["receipt", "receipt", "issue", "count", "adjustment"]),
        item=st.sampled_from(ITEMS),
        quantity=some,
    )
    def move(self, kind: str, item: str, quantity: int) -> None:
        quantity = quantity if kind == "count" else quantity - 6 if kind == "adjustment" else quantity + 1
        if kind == "adjustment" and quantity == 0:
            return
        refused = self.outcome(self.world.move(kind, (item, str(quantity))))
        assert (refused == "") == self.model.move(kind, item, quantity), refused

    @rule(
        urgency=st.sampled_from(["red", "yellow", "green"]), making=few, stocked=few, rank=st.integers(0, 2), day=st.integers(1, 9),
        components=st.dictionaries(st.sampled_from(ITEMS), st.integers(1, 6), min_size=1),
    )  # fmt: skip
    def order_and_plan(
        self, urgency: str, making: int, stocked: int, rank: int, day: int, components: dict[str, int]
    ) -> None:
        self.count += 1
        self.orders.append(self.count)
        order, number, due = f"SO{self.count}", f"PO{self.count}", f"2026-12-0{day}"
        self.model.confirm(order, urgency, {1: ("A", making), 2: ("X", stocked)})
        self.model.plan(order, number, making, components, {2: ("X", stocked)}, due, rank)
        job = made(
            number,
            "A",
            str(making),
            *((i, str(q)) for i, q in components.items()),
            due_date=due,
            rank=rank,
            urgency=urgency,
        )
        self.run(self.world.confirmed(order, ("A", str(making)), ("X", str(stocked)), urgency=urgency))
        self.run(self.world.planned(order, job, stocked=[(2, "X", str(stocked))], urgency=urgency))

    @precondition(lambda self: len(self.orders) > len(self.model.cancelled))
    @rule(
        data=st.data(), making=few, components=st.dictionaries(st.sampled_from(ITEMS), st.integers(1, 6), min_size=1),
        replaces=st.booleans(), end_first=st.booleans(), arrives=some,
    )  # fmt: skip
    def the_order_changes(
        self,
        data: st.DataObject,
        making: int,
        components: dict[str, int],
        replaces: bool,
        end_first: bool,
        arrives: int,
    ) -> None:
        """More is wanted of line 1, or one production order is made instead of another nobody has begun (X10)."""
        order = f"SO{data.draw(st.sampled_from([n for n in self.orders if f'SO{n}' not in self.model.cancelled]))}"
        live = {number: job for number, job in self.model.jobs.items() if job.order == order and self.is_live(job)}
        old = next((number for number, job in live.items() if replaces and job.passed == 0), "")
        self.count += 1
        new = f"PO{self.count}"
        self._want(order, self.model.ordered[order, 1] + (0 if old else making))
        first = next(iter(live.values()), None)
        due, rank = (first.due, first.rank) if first else ("2026-12-05", 0)
        self.model.jobs[new] = ModelJob(order, making, components=components, due=due, rank=rank)
        kept = [number for number in (*live, new) if number != old]
        steps = ["plan", *(["end"] if old else [])]
        for n, step in enumerate(reversed(steps) if end_first else steps):
            if n and arrives:
                self.move("receipt", "X", arrives)
            self._replan(order, kept, [old] if old else []) if step == "plan" else self._end(order, old)

    @staticmethod
    def is_live(job: ModelJob) -> bool:
        return not job.dead and job.received < job.planned

    def _want(self, order: str, quantity: int) -> None:
        self.model.want(order, 1, quantity)
        lines = [
            {"line_no": n, "item_code": self.model.items[order, n], "quantity": str(self.model.ordered[order, n]), "unit": "件"}
            for n in (1, 2)
        ]  # fmt: skip
        urgency = self.model.urgency[order]
        event = order_events.OrderChanged(order_number=order, state="planned", urgency=urgency, lines=lines)
        self.run(self.world.tell("order", f"orders/{order}", event))

    def _replan(self, order: str, numbers: list[str], replaced: list[str]) -> None:
        stocked = {2: ("X", self.model.ordered[order, 2])}
        urgency = self.model.urgency[order]
        told = [
            made(
                number, "A", str(job.planned), *((item, str(quantity)) for item, quantity in job.components.items()),
                due_date=job.due, rank=job.rank, urgency=urgency,
            )
            for number in numbers
            for job in [self.model.jobs[number]]
        ]  # fmt: skip
        self.model.replan(order, numbers, stocked, replaced)
        lines = [(n, item, str(quantity)) for n, (item, quantity) in stocked.items()]
        self.run(self.world.planned(order, *told, stocked=lines, urgency=urgency, replaced_numbers=replaced))

    def _end(self, order: str, number: str) -> None:
        self.model.end_replaced(number)
        event = planning_events.ProductionOrderCancelled(
            production_order_number=number, order_number=order, line_no=1, reason="ORDER_CHANGED", replaced=True
        )
        self.last = self.run(self.world.tell("planning", f"production-orders/{number}", event))

    @precondition(lambda self: len(self.orders) > len(self.model.cancelled))
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        order = f"SO{data.draw(st.sampled_from(self.orders))}"
        if order in self.model.cancelled:
            return
        self.model.cancel(order)
        event = order_events.OrderCancelled(order_number=order, state="cancelled")
        self.last = self.run(self.world.tell("order", f"orders/{order}", event))

    @precondition(lambda self: self.count > 0)
    @rule(data=st.data(), passed=few)
    def inspect(self, data: st.DataObject, passed: int) -> None:
        number = f"PO{data.draw(st.integers(1, self.count))}"
        job = self.model.jobs[number]
        if job.dead:
            return
        job.passed = min(job.planned, job.passed + passed)
        self.run(self.world.inspected(number, job.order, "A", str(job.passed)))

    @precondition(lambda self: self.count > 0)
    @rule(data=st.data(), quantity=few)
    def receive(self, data: st.DataObject, quantity: int) -> None:
        number = f"PO{data.draw(st.integers(1, self.count))}"
        assert self.outcome(self.world.receive(number, str(quantity))) == self.model.receive(number, quantity)

    @precondition(lambda self: self.count > 0)
    @rule(data=st.data(), line_no=st.integers(1, 2), quantity=few)
    def ship(self, data: st.DataObject, line_no: int, quantity: int) -> None:
        order = f"SO{data.draw(st.sampled_from(self.orders))}"
        refused = self.outcome(self.world.ship((order, line_no, str(quantity))))
        assert refused == self.model.ship(order, line_no, quantity)

    @precondition(lambda self: self.count > 0)
    @rule(data=st.data(), line_no=st.integers(1, 2), quantity=few)
    def take_back(self, data: st.DataObject, line_no: int, quantity: int) -> None:
        order = f"SO{data.draw(st.sampled_from(self.orders))}"
        refused = self.outcome(self.world.take_back((order, line_no, str(quantity))))
        assert refused == self.model.take_back(order, line_no, quantity)

    @precondition(lambda self: self.last is not None)
    @rule()
    def an_event_comes_again(self) -> None:
        self.run(self.world.service.inbox().take([self.last]))

    @invariant()
    def agrees(self) -> None:
        if hasattr(self, "model"):
            self.run(self._agrees())

    async def _agrees(self) -> None:
        await self.world.check()
        rows = await self.world.rows("SELECT item_code, on_hand, reserved FROM stock WHERE on_hand > 0 ORDER BY 1")
        assert {row["item_code"]: (int(row["on_hand"]), int(row["reserved"])) for row in rows} == {
            item: (amount, self.model.held(item)) for item, amount in self.model.on_hand.items() if amount
        }
        rows = await self.world.rows(
            "SELECT production_order_number, order_number, line_no, item_code, need, got, issued, is_open FROM reservation_line"
        )
        assert {tuple(row.values())[:4]: tuple(map(int, tuple(row.values())[4:])) for row in rows} == {
            key: (line.need, line.got, line.issued, line.is_open) for key, line in self.model.lines.items()
        }
        assert await self.world.rows("SELECT error FROM parked WHERE reason = 'failed'") == []


def histories(examples: int, steps: int, *, shrink: bool = False) -> settings:
    return settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, database=None, print_blob=True,
        suppress_health_check=list(HealthCheck), phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
    )  # fmt: skip


def machine(world: World, loop: asyncio.AbstractEventLoop) -> type[Warehouse]:
    url = (
        world.service.settings.database_url.get_secret_value().replace("+asyncpg", "").replace("test_app", "test_owner")
    )
    return type("Bound", (Warehouse,), {"world": world, "loop": loop, "owner": url})


@pytest.fixture(scope="module")
def loop_of_its_own() -> Any:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def make_on(databases: TestDatabases, loop: asyncio.AbstractEventLoop, **values: Any) -> Any:
    """Make a world on a loop of its own: hypothesis runs the steps, not pytest's loop."""
    worlds = Worlds(databases)
    current.set(Principal("cang.ku", "user", frozenset({"warehouse"})))
    return worlds, loop.run_until_complete(worlds.make(**values))


def test_random_histories_end_as_the_model_says(
    databases: TestDatabases, loop_of_its_own: asyncio.AbstractEventLoop
) -> None:
    worlds, world = make_on(databases, loop_of_its_own)
    try:
        run_state_machine_as_test(
            machine(world, loop_of_its_own), settings=histories(*((150, 40) if PROOF else (8, 25)), shrink=PROOF)
        )
    finally:
        loop_of_its_own.run_until_complete(worlds.close())


@pytest.mark.parametrize(
    "mutant",
    [
        REALLOCATE.replace("r.planner_rank, r.urgency", "r.urgency, r.planner_rank"),
        REALLOCATE.replace("r.due_date, r.seq", "r.seq"),
        REALLOCATE.replace("WHERE cum - short < a", "WHERE false"),
    ],
    ids=["urgency before the planner's rank", "due date forgotten", "no reallocation"],
)
def test_the_machine_notices_a_wrong_order(
    databases: TestDatabases, loop_of_its_own: asyncio.AbstractEventLoop, mutant: str
) -> None:
    if not PROOF:
        pytest.skip("the mutants of the state machine run in `make proof`")
    worlds, world = make_on(databases, loop_of_its_own, reallocate_sql=mutant)
    try:
        with pytest.raises(AssertionError):
            run_state_machine_as_test(machine(world, loop_of_its_own), settings=histories(300, 40))
    finally:
        loop_of_its_own.run_until_complete(worlds.close())
