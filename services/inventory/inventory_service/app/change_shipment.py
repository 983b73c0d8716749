"""Enter who carries a shipment and its tracking numbers after the goods left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from inventory_service.app.ports import ShipmentNote, Warehouse
from inventory_service.domain.entry import MAX_NAME, Entry, findable
from inventory_service.domain.errors import NotFound, Stale
from inventory_service.domain.shipping import MAX_PARCELS


@dataclass(frozen=True, slots=True)
class ShipmentWords:
    """What is told of a shipment; None leaves what is known."""

    carrier: str | None = None
    tracking_numbers: tuple[str, ...] | None = None


async def change_shipment(house: Warehouse, name: str, version: int, told: ShipmentWords) -> ShipmentNote:
    """Keep what is told; nothing is told on when it changes nothing. Raise NotFound, Stale or Invalid."""
    known = await house.documents.locked_shipment(name) if findable(name) else None
    if known is None:
        raise NotFound("SHIPMENT_UNKNOWN", shipment=name[:MAX_NAME])
    if version and version != known.version:
        raise Stale("VERSION_STALE", expected=version, current=known.version)
    changed = _changed(known, told)
    if changed == known:
        return known
    saved = await house.documents.save_shipment(changed)
    orders = await house.orders.find({line.order for line in saved.lines})
    house.tell.shipment_changed(saved, {order.number: order.traceparent for order in orders.values()})
    return saved


def parcels(entry: Entry, numbers: Sequence[str]) -> tuple[str, ...]:
    """Return tracking numbers, each once; note what is wrong with them."""
    if len(numbers) > MAX_PARCELS:
        entry.wrong("tracking_numbers", "TOO_MANY", limit=MAX_PARCELS)
    read = [entry.words(f"tracking_numbers[{n}]", number, 100) for n, number in enumerate(numbers[:MAX_PARCELS])]
    return tuple(dict.fromkeys(number for number in read if number))


def _changed(known: ShipmentNote, told: ShipmentWords) -> ShipmentNote:
    entry = Entry()
    carrier = known.carrier if told.carrier is None else entry.words("carrier", told.carrier, 100)
    numbers = known.tracking_numbers if told.tracking_numbers is None else parcels(entry, told.tracking_numbers)
    entry.done()
    return replace(known, carrier=carrier, tracking_numbers=numbers)
