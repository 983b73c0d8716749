"""Tracking numbers entered after the goods left: later messages carry them, and those held for want of them go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from notify_service.app.compose import Cause, Desk, quiet_spans
from notify_service.app.ports import Notifications, Rules, Shipments, ShipmentWords
from notify_service.domain.message import render
from notify_service.domain.quiet import loud_for_all

CHANGED = "orderhub.inventory.v1.ShipmentChanged"
LACKING = "tracking_numbers"
OF_GOODS = (
    "orderhub.order.v1.OrderFullyShipped", "orderhub.order.v1.OrderPartlyShipped", "orderhub.inventory.v1.GoodsShipped",
)  # fmt: skip


async def filled(causes: Sequence[Cause], shipments: Shipments) -> list[Cause]:
    """Learn what was entered of shipments; return the causes with the tracking numbers their events did not know yet."""
    if told := _told(causes):
        await shipments.learn(told)
    lacking = {_order(cause) for cause in causes if _lacks(cause)}
    known = await shipments.of(lacking) if lacking else ()
    return [_with_numbers(cause, known) if known and _lacks(cause) else cause for cause in causes]


async def release(
    causes: Sequence[Cause],
    shipments: Shipments,
    notifications: Notifications,
    rules: Rules,
    *,
    desk: Desk,
    now: datetime,
) -> bool:
    """Let held messages go that lack nothing but what is known now; True when any goes."""
    orders = {one.order_number for one in _told(causes)}
    held = await notifications.incomplete(orders) if orders else []
    held = [one for one in held if LACKING in one.last_error.split(",")]
    if not held:
        return False
    known = await shipments.of({one.order_number for one in held})
    subscriptions = {entry.code: entry for entries in rules.subscriptions.values() for entry in entries}
    texts, begins = {}, {}
    for one in held:
        subscription, channel = subscriptions.get(one.subscription), rules.channels.get(one.channel)
        if subscription is None or channel is None:
            continue
        data = {**(one.data or {}), LACKING: _numbers(one.order_number, one.data or {}, known)}
        template = desk.texts.template(subscription.template)
        rendered = render(template, data, desk.texts.words, group=channel.traits.group)
        if not rendered.missing:
            spans = quiet_spans(subscription, channel, rules.hours_of(one.recipient))
            texts[one.id], begins[one.id] = rendered.text, loud_for_all(now, spans, desk.zone)
    await notifications.release(texts, begins)
    return bool(texts)


def _told(causes: Iterable[Cause]) -> list[ShipmentWords]:
    """Return the newest of what was told of each shipment."""
    newest: dict[tuple[str, str], ShipmentWords] = {}
    for cause in causes:
        if cause.type == CHANGED:
            one = _words(cause)
            key = (one.order_number, one.shipment_number)
            if key not in newest or one.version > newest[key].version:
                newest[key] = one
    return list(newest.values())


def _words(cause: Cause) -> ShipmentWords:
    data, shipped = cause.data, cause.data.get("shipped_at")
    return ShipmentWords(
        _order(cause), str(data.get("shipment_number") or ""), int(data.get("version") or 0), tuple(data.get(LACKING) or ()),
        datetime.fromisoformat(shipped) if shipped else cause.occurred_at,
    )  # fmt: skip


def _lacks(cause: Cause) -> bool:
    return cause.type in OF_GOODS and not cause.data.get(LACKING)


def _with_numbers(cause: Cause, known: Sequence[ShipmentWords]) -> Cause:
    return replace(cause, data={**cause.data, LACKING: _numbers(_order(cause), cause.data, known)})


def _numbers(order: str, data: Mapping[str, Any], known: Sequence[ShipmentWords]) -> list[str]:
    """Return every tracking number of the order, or of the one shipment its event is about."""
    shipment = data.get("shipment_number")
    told = [one for one in known if one.order_number == order and shipment in (None, "", one.shipment_number)]
    return list(dict.fromkeys(number for one in told for number in one.tracking_numbers))


def _order(cause: Cause) -> str:
    return str(cause.data.get("order_number") or "")
