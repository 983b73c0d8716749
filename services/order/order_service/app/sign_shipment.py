"""Note that the customer signed for a shipment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from order_service.app.facts import Shipment
from order_service.app.ports import Goods, Orders
from order_service.domain.errors import Invalid, NotFound
from order_service.domain.texts import checked_texts, moment_problems


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed for which shipment, and when; without a moment it is now."""

    shipment: str
    signed_by: str
    signed_at: datetime | None


def check_signature(signature: Signature, now: datetime) -> None:
    """Raise Invalid when the signature can't be accepted."""
    problems = checked_texts({"signed_by": (signature.signed_by, 100)})
    problems += moment_problems("signed_at", signature.signed_at, now, "SIGNED_IN_FUTURE")
    if problems:
        raise Invalid(problems)


async def sign_shipment(
    signature: Signature, asked: Shipment | None, *, orders: Orders, goods: Goods, now: datetime
) -> Shipment:
    """Sign once; each order whose last goods this were is told signed. `asked` is inventory's answer on a miss."""
    if asked is not None:
        await goods.add_shipment(asked)
    shipment = await goods.shipment(asked.number if asked else signature.shipment)
    if shipment is None:
        raise NotFound("SHIPMENT_NOT_FOUND", shipment=signature.shipment[:64])
    if shipment.signed_at is None:
        at = signature.signed_at or now
        await goods.sign(shipment.number, signature.signed_by, at)
        for number in sorted({line.order_number for line in shipment.lines}):
            await _note_signed(number, shipment.number, signature.signed_by, at, orders, goods)
        shipment = await goods.shipment(shipment.number) or shipment
    return shipment


async def _note_signed(number: str, shipment: str, by: str, at: datetime, orders: Orders, goods: Goods) -> None:
    order = await orders.get(number)
    order.weigh(await goods.totals(order.id))
    order.notes.append(("ShipmentSigned", {"shipment_number": shipment, "signed_by": by}))
    order.note_signed(by, at)
    await orders.save(order)
