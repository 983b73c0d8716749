"""What comes from upstream after the dispatch: told, shown until acknowledged, escalated when nobody does (S45)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from orderhub.order.v1 import events_pb2 as order
from orderhub.planning.v1 import production_pb2 as p

from planning_service.domain.errors import Invalid, NotFound, Stale
from tests.service.planning.conftest import World, line
from tests.service.planning.test_floor import dispatched, job


def changed(**more: object) -> order.OrderChanged:
    lines = [order.EventLine(line_no=1, item_code="A", quantity=str(more.pop("quantity", "2")), unit="台",
                               due_date=str(more.pop("due", "2026-11-30")))]  # fmt: skip
    return order.OrderChanged(order_number="SO1", urgency="green", state="planned", lines=lines, **more)


async def acknowledge(world: World, number: str, *ids: str, key: str | None = None) -> p.ProductionOrder:
    request = p.AcknowledgeChangesRequest(context=world.context(key), production_order=number, change_ids=ids)
    return (await world.planning.AcknowledgeChanges(request, None)).production_order


async def kinds(world: World, number: str) -> list[tuple[str, str, str]]:
    return [(c.kind, c.before, c.after) for c in (await world.production_order(number)).pending_changes]


async def changed_list(world: World) -> list[str]:
    request = p.ListProductionOrdersRequest(changed=True)
    return [one.number for one in (await world.planning.ListProductionOrders(request, None)).production_orders]


async def test_a_new_due_date_waits_for_the_team_until_it_is_acknowledged(world: World) -> None:
    number = await dispatched(world)
    await world.hear("order", "orders/SO1", changed(due="2026-11-25"))

    assert await kinds(world, number) == [("due_date", "2026-11-30", "2026-11-25")]
    assert await changed_list(world) == [number]
    assert [c.data["kind"] for c in await world.told("ProductionOrderChanged")] == ["due_date"]

    seen = await acknowledge(world, number)

    assert list(seen.pending_changes) == []
    assert await changed_list(world) == []
    (told,) = await world.told("ChangeAcknowledged")
    assert told.data["acknowledged_by"] == "planner"


async def test_acknowledging_again_or_at_once_tells_it_once(world: World) -> None:
    number = await dispatched(world)
    await world.hear("order", "orders/SO1", changed(due="2026-11-25"))

    await asyncio.gather(*(acknowledge(world, number) for _ in range(4)))
    await acknowledge(world, number, key="again")
    await acknowledge(world, number, key="again")

    assert len(await world.told("ChangeAcknowledged")) == 1


async def test_nobody_acknowledges_what_he_has_not_seen(world: World) -> None:
    number = await dispatched(world)
    await world.hear("order", "orders/SO1", changed(due="2026-11-25"))
    first = (await world.production_order(number)).pending_changes[0].id
    await world.hear("order", "orders/SO1", changed(due="2026-11-26"))

    await acknowledge(world, number, first)

    assert await kinds(world, number) == [("due_date", "2026-11-30", "2026-11-26")]


async def test_nothing_waits_before_the_dispatch(world: World) -> None:
    number = await job(world)
    await world.hear("order", "orders/SO1", changed(due="2026-11-25"))

    assert await kinds(world, number) == []
    assert await world.told("ProductionOrderChanged") == []


async def test_a_cancelled_job_stays_on_the_list_until_somebody_has_seen_it(world: World) -> None:
    number = await dispatched(world)
    told = order.OrderCancelled(order_number="SO1", reason="客户取消")
    event = await world.hear("order", "orders/SO1", told)
    await world.inbox.take([event])

    assert await kinds(world, number) == [("cancelled", "dispatched", "客户取消")]
    assert await changed_list(world) == [number]


async def test_less_wanted_than_is_being_made_is_told_with_both_figures(world: World) -> None:
    number = await dispatched(world, 5)
    await world.scan(number, 1, quantity="1")
    await world.hear("order", "orders/SO1", changed(quantity="3"))

    assert await kinds(world, number) == [("quantity", "5", "3")]


async def test_a_new_bill_is_told_to_those_who_make_by_the_old_one(world: World) -> None:
    number = await dispatched(world)
    await world.bom("A", line("WIRE", "9"))
    await world.bom("A", line("WIRE", "9"))

    assert await kinds(world, number) == [("bom", "1", "2")]
    assert len(await world.told("ProductionOrderChanged")) == 1


async def test_what_nobody_acknowledges_is_escalated_once(world: World) -> None:
    number = await dispatched(world)
    await world.hear("order", "orders/SO1", changed(due="2026-11-25"))

    world.clock.advance(timedelta(minutes=14))
    early = await world.planning.escalate()
    world.clock.advance(timedelta(minutes=2))
    late = [await world.planning.escalate() for _ in range(2)]

    assert (early, late) == (0, [1, 0])
    (told,) = await world.told("ChangeUnacknowledged")
    assert (told.data["waited_minutes"], told.data["team"]) == (16, "一班")
    assert (await world.production_order(number)).pending_changes[0].escalated


async def test_garbage_in_an_acknowledgement_is_refused(world: World) -> None:
    number = await dispatched(world)

    with pytest.raises(Invalid):
        await acknowledge(world, number, "no-id")
    with pytest.raises(NotFound):
        await acknowledge(world, "PO-NOBODY")


async def put_settings(world: World, **wanted: object) -> p.FloorSettings:
    return (await world.planning.PutFloorSettings(p.PutFloorSettingsRequest(**wanted), None)).settings


async def test_settings_are_versioned_and_checked(world: World) -> None:
    before = (await world.planning.GetFloorSettings(p.GetFloorSettingsRequest(), None)).settings
    first = await put_settings(world, scan_policy="strict", acknowledge_minutes=5)
    second = await put_settings(world, scan_policy="previous", acknowledge_minutes=5, expected_version=1)

    assert (before.scan_policy, before.acknowledge_minutes, before.version) == ("record", 15, 0)
    assert (first.version, second.version, second.scan_policy) == (1, 2, "previous")
    with pytest.raises(Stale):
        await put_settings(world, scan_policy="strict", expected_version=1)
    with pytest.raises(Invalid) as refused:
        await put_settings(world, scan_policy="strict", bounce_seconds=61, acknowledge_minutes=-1)
    assert len(refused.value.fields) == 2
    with pytest.raises(Invalid):
        await put_settings(world, scan_policy="lenient")
