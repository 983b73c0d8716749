"""A sub-assembly is finished: inventory tells it under three subjects, and no order among them raises a false banner (S40)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

import pytest
from google.protobuf.message import Message
from orderhub.inventory.v1 import events_pb2 as inventory
from orderhub.planning.v1 import production_pb2 as p

from chassis.sql import text
from tests.service.planning.conftest import World, line

Told = tuple[str, Message]


@dataclass(frozen=True)
class Family:
    """A production order and the one that makes its sub-assembly, two pieces of it."""

    order: str
    parent: str
    child: str

    def first_word(self) -> Told:
        """What inventory says when it hears of the plan: nothing is there yet."""
        return self._parents_word("0", "2", 1)

    def received(self, total: str, reserved: str, short: str) -> Told:
        holding = inventory.OrderHolding(production_order_number=self.parent, line=_held(reserved, short, 2))
        message = inventory.GoodsReceived(
            order_number=self.order, production_order_number=self.child, received_total=total, holdings=[holding]
        )
        return f"receipts/GR-{self.order}", message

    def parents_word(self, reserved: str, short: str) -> Told:
        return self._parents_word(reserved, short, 2)

    def _parents_word(self, reserved: str, short: str, revision: int) -> Told:
        kind = inventory.ComponentsReserved if short == "0" else inventory.ComponentsShort
        lines = [_held(reserved, short, revision)]
        message = kind(order_number=self.order, production_order_number=self.parent, lines=lines)
        return f"production-orders/{self.parent}", message

    def settled(self) -> Told:
        message = inventory.ComponentsIssued(order_number=self.order, production_order_number=self.child, settled=True)
        return f"production-orders/{self.child}", message


def _held(reserved: str, short: str, revision: int) -> inventory.HeldLine:
    return inventory.HeldLine(
        line_no=1, item_code="S", required="2", reserved=reserved, short=short, issued="0", unit="个", revision=revision
    )


async def factory(world: World) -> None:
    await world.motor_factory()
    await world.item("S", "make", "个")
    await world.bom("S", line("WIRE", 1))
    await world.bom("A", line("S", 2))
    world.stock.set(WIRE=1000)


async def family(world: World, order: str, **judged: str) -> Family:
    """Plan, make and inspect the sub-assembly."""
    world.orders.add(order, ("A", 1))
    parent, child = [made.number for made in (await world.plan(order)).production_orders]
    request = p.DispatchProductionOrderRequest(context=world.context(), production_order=child, team="一班")
    await world.planning.DispatchProductionOrder(request, None)
    for minute in (1, 2):
        await world.scan(child, minute, scan_id=f"{child}-{minute}")
    inspected = p.InspectProductionOrderRequest(context=world.context(), production_order=child, **judged)
    await world.planning.InspectProductionOrder(inspected, None)
    return Family(order, parent, child)


def ways(told: Sequence[Told]) -> Iterator[tuple[Told, ...]]:
    """Yield every order of arrival that keeps each subject's own order."""
    for way in permutations(told):
        if all([t for t in way if t[0] == s] == [t for t in told if t[0] == s] for s, _ in told):
            yield way


async def banners(world: World, of: Family) -> list[tuple[str, str]]:
    """Return what was told of the parent's shortages."""
    told = [e for e in await world.told() if e.subject == f"production-orders/{of.parent}" and "Shortage" in e.type]
    return [(e.type.rsplit(".", 1)[1], e.data.get("short", "")) for e in told]


def end_of(of: Family, total: str, reserved: str, short: str) -> list[Told]:
    """Return all that inventory tells of one family, first word included."""
    return [of.first_word(), of.settled(), of.received(total, reserved, short), of.parents_word(reserved, short)]


ALL_WAYS = len(list(ways(end_of(Family("", "p", "c"), "2", "2", "0"))))


@pytest.mark.parametrize("twice", [False, True])
async def test_a_finished_sub_assembly_raises_no_shortage_in_any_order(world: World, twice: bool) -> None:
    await factory(world)
    assert ALL_WAYS == 12
    for way in range(ALL_WAYS):
        of = await family(world, f"SO{way}", passed="2")
        for subject, message in list(ways(end_of(of, "2", "2", "0")))[way]:
            event = await world.hear("inventory", subject, message)
            if twice:
                await world.inbox.take([event])

        parent, child = await world.production_order(of.parent), await world.production_order(of.child)
        assert await banners(world, of) == []
        assert (child.state, [(c.reserved, c.short) for c in parent.components]) == ("completed", [("2", "0")])


@pytest.mark.parametrize(("reserved", "short"), [("1", "1"), ("0", "2")])
async def test_what_a_finished_sub_assembly_did_not_bring_is_told_once_and_right(
    world: World, reserved: str, short: str
) -> None:
    """One piece was scrapped, and in the second case a more pressing order took the other one."""
    await factory(world)
    for way in range(ALL_WAYS):
        of = await family(world, f"SO{way}", passed="1", scrapped="1", reason="断线")
        for subject, message in list(ways(end_of(of, "1", reserved, short)))[way]:
            await world.hear("inventory", subject, message)

        assert await banners(world, of) == [("ShortageRaised", short)]


async def test_an_older_word_never_undoes_a_newer_one(world: World) -> None:
    await factory(world)
    of = await family(world, "SO1", passed="2")
    subject, newer = of._parents_word("2", "0", 5)
    for message in (newer, of._parents_word("0", "2", 4)[1]):
        await world.hear("inventory", subject, message)
    kept = (await world.production_order(of.parent)).components[0].reserved
    await world.hear("inventory", subject, of._parents_word("1", "1", 6)[1])

    assert kept == "2"
    assert (await world.production_order(of.parent)).components[0].reserved == "1"


async def test_a_word_that_says_what_the_plan_assumed_writes_nothing(world: World) -> None:
    """The usual case of every plan: hundreds of components, all there."""
    await factory(world)
    of = await family(world, "SO1", passed="2")
    before = await versions_of_rows(world)
    await world.hear("inventory", *of.first_word())

    assert await versions_of_rows(world) == before
    assert of.parent not in {row.production_order_number for row in await waiting(world)}


async def versions_of_rows(world: World) -> list[tuple[str, ...]]:
    async with world.database.read() as reader:
        rows = await reader.execute(
            text("SELECT xmin::text, item_code, production_order_number FROM component ORDER BY 2, 3")
        )
        return [tuple(row) for row in rows]


async def waiting(world: World) -> list:
    async with world.database.read() as reader:
        return list(await reader.execute(text("SELECT production_order_number FROM unheard_demand")))
