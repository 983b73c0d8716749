"""One order through the warehouse: reserve, receive, ship in two parts."""

from __future__ import annotations

from tests.service.inventory.conftest import World, made


async def test_the_order_walks_through_the_warehouse(world: World) -> None:
    # A is made of 5 W, C comes from stock; there are 5 m of wire too few
    await world.move("receipt", ("W", "5"), ("C", "8"))
    await world.confirmed("SO1", ("A", "2"), ("C", "5"))
    await world.planned("SO1", made("PO1", "A", "2", ("W", "10")), stocked=[(2, "C", "5")])
    assert await world.holdings(order="SO1") == {
        ("PO1", "W"): ("10", "5", "0", "5"),
        ("SO1/2", "C"): ("5", "5", "0", "0"),
    }
    short = await world.last("production-orders/PO1")
    assert (short["lines"][0]["required"], short["lines"][0]["reserved"], short["lines"][0]["short"]) == (
        "10",
        "5",
        "5",
    )
    assert await world.names("orders/SO1") == ["ComponentsReserved"]

    # a covering receipt clears the shortage
    await world.move("receipt", ("W", "0.06", "卷"))
    assert await world.names("production-orders/PO1") == ["ComponentsShort", "ComponentsReserved"]
    assert await world.balance("W") == ("11", "10", "1")

    # nothing passed yet
    code, reason, _ = await world.refused(world.receive("PO1", "2"))
    assert (code, reason) == ("FAILED_PRECONDITION", "NOT_INSPECTED")
    await world.inspected("PO1", "SO1", "A", "2")

    # received: components consumed, goods held for the order line, nothing shipped
    receipt = await world.receive("PO1", "2")
    assert receipt.number == "GR20261122-0001"
    assert (receipt.received_total, receipt.unit, receipt.actor) == ("2", "件", "cang.ku")
    assert await world.balance("W") == ("1", "0", "1")
    assert await world.balance("A") == ("2", "2", "0")
    issued, received = (await world.told())[-2:]
    assert issued.data["settled"] is True
    assert (received.data["finished_good"], received.data["shipped"]) == (True, False)
    assert received.data["received_total"] == "2"

    # two part shipments
    first = await world.ship(("SO1", 1, "2"), carrier="顺丰", tracking_numbers=["SF1"])
    second = await world.ship(("id-SO1", 2, "5"), tracking_numbers=["SF2"])
    assert (first.number, second.number) == ("SH20261122-0001", "SH20261122-0002")
    told = [event for event in await world.told() if event.type.endswith("GoodsShipped")]
    assert [(event.subject, event.data["order_number"], event.data["tracking_numbers"]) for event in told] == [
        ("shipments/SH20261122-0001", "SO1", ["SF1"]), ("shipments/SH20261122-0002", "SO1", ["SF2"]),
    ]  # fmt: skip
    assert await world.balance("A") == ("0", "0", "0")
    assert await world.balance("C") == ("3", "0", "3")
    await world.check()


async def test_every_event_of_the_order_carries_its_trace(world: World) -> None:
    await world.move("receipt", ("W", "10"))
    await world.confirmed("SO1", ("A", "2"))
    await world.planned("SO1", made("PO1", "A", "2", ("W", "10")))
    await world.inspected("PO1", "SO1", "A", "2")
    await world.receive("PO1", "2")
    await world.ship(("SO1", 1, "2"))

    traces = {
        e.type.rsplit(".", 1)[1]: e.traceparent[3:35] for e in await world.told() if "StockAdjusted" not in e.type
    }

    assert set(traces) == {"ComponentsReserved", "GoodsReceived", "ComponentsIssued", "GoodsShipped"}
    assert set(traces.values()) == {"0af7651916cd43dd8448eb211c80319c"}
