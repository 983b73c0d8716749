"""`make demo`: one order from a WeChat message to signed delivery, over REST, with every room it visits."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from deploy.local.demo import making, rooms
from deploy.local.demo.ears import Ears
from deploy.local.demo.load import factory
from deploy.local.demo.rest import Json, Refused, Rest, stack
from deploy.local.demo.rooms import Visit
from deploy.local.demo.stock import prepare
from deploy.local.layout import LocalError

EXPECTED = (
    "OrderSubmitted", "CapacityConfirmationRequested", "CapacityConfirmed", "OrderConfirmed", "OrderPlanned",
    "ProductionOrderCreated", "ComponentsShort", "ShortageRaised", "ShortageCleared", "ProductionOrderDispatched",
    "OperationStarted", "OperationFinished", "InspectionRequested", "InspectionRecorded", "GoodsReceived",
    "ProductionOrderCompleted", "GoodsShipped", "OrderPartlyShipped", "OrderFullyShipped", "InvoiceTaskOpened", "OrderSigned",
)  # fmt: skip
TAIL = 8
ROOMS: tuple[tuple[str, Callable[[Visit], str]], ...] = (
    ("Reception: the order comes in by WeChat", rooms.comes_in),
    ("Order group: robot summary, copy to the supervisor", rooms.told),
    ("Planning office: capacity confirmed, order confirmed", rooms.confirmed),
    ("Planning office: exploded, netted, reserved", rooms.planned),
    ("Warehouse: the missing wire arrives, the banner clears", rooms.covered),
    ("Shop floor: dispatched, scanned, inspected, received", making.made),
    ("Shipping: two part shipments", rooms.shipped),
    ("Finance: exactly one invoice task", rooms.invoice_task),
    ("Customer: every tracking number, the status page", rooms.customer_told),
    ("Customer: signed", rooms.signed),
)


def walk(facts: Json) -> str:
    """Walk the house; return the order's number. Raises Refused where an expectation fails."""
    plant = factory()
    api = Rest.signed_in(facts)
    made = [item["code"] for item in plant["items"] if item["supply"] == "make"]
    prepare(api, plant["story"], made)
    with Ears(facts["amqp_url"], facts["events_exchange"]) as ears:
        visit = Visit(api=api, facts=facts, story=plant["story"], ears=ears)
        began = time.monotonic()
        for name, room in ROOMS:
            enter(name, room, visit)
        trace(visit)
    print(f"\n{visit.number} walked the house in {time.monotonic() - began:.1f} s.")
    return visit.number


def enter(name: str, room: Callable[[Visit], str], visit: Visit) -> None:
    """Visit one room and print what it said, how long it took and which events it caused."""
    began, heard = time.monotonic(), len(visit.ears.of(visit.number))
    said = room(visit)
    events = " ".join(dict.fromkeys(visit.ears.names(visit.number)[heard:]))
    print(f"\n● {name}   {(time.monotonic() - began) * 1000:.0f} ms")
    for line in said.splitlines():
        print(f"    {line}")
    print(f"    events: {events or '-'}")


def trace(visit: Visit) -> None:
    """Every expected event was heard, and one trace joins them."""
    missing = visit.ears.wait(lambda: [name for name in EXPECTED if name not in visit.ears.names(visit.number)])
    if missing:
        raise Refused(f"these events were never heard: {', '.join(missing)}")
    traces = {event.get("traceparent", "").split("-")[1:2][0] for event in visit.ears.of(visit.number)}
    if len(traces) != 1:
        raise Refused(f"the events of {visit.number} carry {len(traces)} traces instead of one")
    print(f"\n{len(visit.ears.of(visit.number))} events, one trace: {traces.pop()}; its tail:")
    for event in visit.ears.of(visit.number)[-TAIL:]:
        print(f"    {tail_line(event)}")


def tail_line(event: Json) -> str:
    """Return when, who, what and the span of one event of the trace."""
    sender, what = event["source"].rsplit("/", 1)[-1], event["type"].rsplit(".", 1)[-1]
    return f"{event['time'][11:23]}  {sender:<9}  {what:<26}  span {event['traceparent'].split('-')[2]}"


def main() -> None:
    """Walk on the running stack."""
    walk(stack())


if __name__ == "__main__":
    try:
        main()
    except LocalError as error:
        sys.exit(f"\norderhub: the walk stopped. {error}")
