"""Intent orders hold stock softly: what is there, until it expires, behind every firm demand (S9, X9, X32b)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from inventory_service.app.ports import Warehouse
from inventory_service.app.reallocate import reallocate
from inventory_service.app.release_reservations import release_reservations
from inventory_service.domain.reservation import SOFT, Claim, Line, LineKey
from inventory_service.domain.shipping import ENDED_STATES, Shippable


async def hold_for_intent(
    house: Warehouse, order: str, lines: Sequence[Shippable], *, traceparent: str, movement_id: str
) -> None:
    """Hold what an intent order would ship, as far as it is free. Told to nobody: an intent is no demand."""
    states = await house.orders.states([order])
    if states.get(order) in ENDED_STATES:
        return
    until = house.now + timedelta(days=house.policy.intent_days)
    await house.stock.lock({line.item for line in lines})
    known = {line.key for line in await house.reservations.of_orders([order])}
    soft = [
        Line(
            LineKey("", order, line.line_no, line.item),
            line.unit,
            line.ordered,
            claim=Claim(SOFT),
            asked=False,
            traceparent=traceparent,
            expires_at=until,
        )
        for line in lines
    ]
    await house.reservations.save([line for line in soft if line.key not in known])
    await reallocate(house, {line.item for line in lines}, movement_id)


async def change_intent(
    house: Warehouse, order: str, lines: Sequence[Shippable], *, traceparent: str, movement_id: str
) -> None:
    """Hold what a changed intent would ship now, its days counted anew; what it names no more is freed (X9).

    A change that comes late leaves alone what a plan holds firmly by then.
    """
    states = await house.orders.states([order])
    if states.get(order) in ENDED_STATES:
        return
    until = house.now + timedelta(days=house.policy.intent_days)
    known = await house.reservations.of_orders([order])
    soft, firm = [line for line in known if line.expires_at], {line.key for line in known if not line.expires_at}
    await house.stock.lock({line.key.item for line in soft} | {line.item for line in lines})
    keys = {LineKey("", order, line.line_no, line.item): line for line in lines if line.ordered > 0}
    wanted = {key: line for key, line in keys.items() if key not in firm}
    held = {line.key: line for line in soft}
    after = [line.closed() for line in soft if line.key not in wanted and line.is_open]
    for key, line in wanted.items():
        fresh = Line(key, line.unit, line.ordered, claim=Claim(SOFT), asked=False, traceparent=traceparent)
        kept = replace(held.get(key, fresh), is_open=True, expires_at=until)
        after.append(kept.needing(line.ordered))
    await house.reservations.save(after)
    await reallocate(house, {line.key.item for line in after}, movement_id)


async def release_expired(house: Warehouse, order: str, movement_id: str) -> None:
    """Free what an intent order held too long."""
    lines = [line for line in await house.reservations.of_orders([order]) if line.expires_at]
    await house.stock.lock({line.key.item for line in lines})

    def is_over(line: Line) -> bool:
        return line.expires_at is not None and line.expires_at <= house.now

    await release_reservations(house, order, is_over, "expired", movement_id)
