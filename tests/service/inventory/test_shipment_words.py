"""What the carrier says after the goods left: entered, told to every order with goods in it, refused, repeated."""

from __future__ import annotations

import asyncio
from typing import Any

from orderhub.inventory.v1 import inventory_pb2 as pb

from tests.service.inventory.conftest import World


async def change(world: World, shipment: str, version: int = 0, key: str = "", **said: Any) -> pb.Shipment:
    request = pb.ChangeShipmentRequest(
        context=world.context(key) if key else None,
        shipment=shipment,
        expected_version=version,
        fields=list(said),
        **said,
    )
    return (await world.goods.ChangeShipment(request, None)).shipment


async def changes(world: World) -> list[Any]:
    return [event for event in await world.told() if event.type.endswith("ShipmentChanged")]


async def shipped(world: World) -> pb.Shipment:
    await world.move("receipt", ("C", "10"))
    await world.confirmed("SO1", ("C", "3"))
    await world.confirmed("SO2", ("C", "3"))
    return await world.ship(("SO1", 1, "3"), ("SO2", 1, "3"))


async def test_numbers_entered_later_are_kept_and_told_once_for_each_order(world: World) -> None:
    shipment = await shipped(world)
    assert (shipment.version, list(shipment.tracking_numbers)) == (1, [])

    now = await change(world, shipment.number, 1, carrier="顺丰", tracking_numbers=["SF1", "SF2", "SF1"])

    assert (now.version, now.carrier, list(now.tracking_numbers)) == (2, "顺丰", ["SF1", "SF2"])
    assert (await world.goods.GetShipment(pb.GetShipmentRequest(shipment=now.id), None)).shipment == now
    told = await changes(world)
    assert {event.subject for event in told} == {f"shipments/{shipment.number}"}
    assert [(e.data["order_number"], e.data["order_numbers"], e.data["tracking_numbers"]) for e in told] == [
        ("SO1", ["SO1", "SO2"], ["SF1", "SF2"]),
        ("SO2", ["SO1", "SO2"], ["SF1", "SF2"]),
    ]
    only_carrier = await change(world, shipment.id, 2, carrier="德邦")
    assert (only_carrier.carrier, list(only_carrier.tracking_numbers)) == ("德邦", ["SF1", "SF2"])
    emptied = await change(world, shipment.id, tracking_numbers=[])
    assert (emptied.version, list(emptied.tracking_numbers)) == (4, [])
    await world.check()


async def test_what_is_stale_unknown_or_wrong_is_refused(world: World) -> None:
    shipment = await shipped(world)
    await change(world, shipment.number, 1, carrier="顺丰")

    assert (await world.refused(change(world, shipment.number, 1, carrier="德邦")))[:2] == ("ABORTED", "VERSION_STALE")
    for name in ("SH-none", "", "x\0y"):
        assert (await world.refused(change(world, name, carrier="德邦")))[:2] == ("NOT_FOUND", "SHIPMENT_UNKNOWN")
    for said in ({"carrier": "x" * 101}, {"tracking_numbers": ["S"] * 101}, {"tracking_numbers": ["a\0b"]}):
        assert (await world.refused(change(world, shipment.number, **said)))[0] == "INVALID_ARGUMENT"
    assert len(await changes(world)) == 2


async def test_the_same_change_again_or_by_two_at_once_is_told_once(world: World) -> None:
    shipment = await shipped(world)

    first = await change(world, shipment.number, 1, key="k", tracking_numbers=["SF1"])
    assert await change(world, shipment.number, 1, key="k", tracking_numbers=["SF1"]) == first
    assert await change(world, shipment.number, 2, tracking_numbers=["SF1"]) == first  # nothing new
    assert len(await changes(world)) == 2

    both = await asyncio.gather(
        *(change(world, shipment.number, 2, tracking_numbers=[number]) for number in ("SF2", "SF3")),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, pb.Shipment) for answer in both) == 1
    assert len(await changes(world)) == 4
