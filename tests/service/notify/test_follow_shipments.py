"""Tracking numbers entered after the goods left free the customer message that waits for them."""

from __future__ import annotations

import itertools

from orderhub.inventory.v1 import events_pb2 as inventory

from tests.service.notify.conftest import World
from tests.service.notify.messages import NUMBER, fully_shipped


def changed(*numbers: str, shipment: str = "SH1", version: int = 2, order: str = NUMBER) -> inventory.ShipmentChanged:
    return inventory.ShipmentChanged(
        order_number=order, shipment_number=shipment, tracking_numbers=numbers, version=version
    )


def said(*numbers: str) -> str:
    return f"贵司订单{NUMBER}已全部发出，物流单号{'、'.join(numbers)}"


async def test_the_held_message_goes_with_every_number_once(world: World) -> None:
    await world.tell(fully_shipped(NUMBER))
    await world.deliver()
    assert [one.state for one in await world.log(order=NUMBER)] == ["held"]

    [told] = await world.tell(changed("SF1", "SF2"))
    await world.inbox().take([told])
    await world.tell(
        changed("SF1", "SF2", "SF3", version=3)
    )  # before it was delivered: the text stands as it was freed
    await world.deliver()

    assert world.sink.texts("customer") == [said("SF1", "SF2")]
    [sent] = await world.log(order=NUMBER)
    assert (sent.state, sent.reason, sent.last_error) == ("sent", "", "")


async def test_numbers_that_come_first_or_with_it_are_in_the_message_at_once(world: World) -> None:
    for sequence in itertools.permutations(range(3)):
        order = f"{NUMBER}{''.join(map(str, sequence))}"
        events = [
            world.event(message, subject=f"{order}/{n}")
            for n, message in enumerate(
                (fully_shipped(order), changed("SF1", order=order), changed("SF2", order=order, shipment="SH2"))
            )
        ]
        await world.inbox().take([events[n] for n in sequence])

        await world.deliver()

        assert world.sink.texts("customer")[-1] == said("SF1", "SF2").replace(NUMBER, order), sequence
    assert len(world.sink.texts("customer")) == 6


async def test_an_older_version_does_not_undo_a_newer_one(world: World) -> None:
    await world.tell(changed("NEW", version=3))
    await world.tell(changed("OLD", version=2))

    await world.tell(fully_shipped(NUMBER))
    await world.deliver()

    assert world.sink.texts("customer") == [said("NEW")]


async def test_another_order_s_numbers_or_none_free_nothing(world: World) -> None:
    await world.tell(fully_shipped(NUMBER))

    await world.tell(changed("SF1", order="SO-other"), changed())
    await world.deliver()

    assert world.sink.got == []
    assert [one.state for one in await world.log(order=NUMBER)] == ["held"]
