"""Shortages are told once when they begin and once when they end, per demand and item (S40)."""

from __future__ import annotations

from collections.abc import Sequence

from planning_service.app.ports import Components, Tell
from planning_service.domain.component import Component, Held
from planning_service.domain.production_order import ProductionOrder


async def take_held(
    order_number: str,
    production_order_number: str,
    lines: Sequence[Held],
    components: Components,
    tell: Tell,
    trace: str,
) -> None:
    """Take inventory's word for what is held; it is the authority."""
    changed = await components.hold(order_number, production_order_number, lines)
    await tell_changes(changed, components, tell, trace)


async def child_ended(order: ProductionOrder, components: Components, tell: Tell) -> None:
    """A production order ended: whoever waited for more of it is short from now on.

    What its last receipt brought reaches the parent under another subject, which keeps no order with this one. When
    that word comes second, a shortage is raised here and cleared by it an instant later: told too much for once, but
    never too little, since after a word that came first (some pieces were scrapped) nothing else would raise it.
    """
    if order.parent_number is None:
        return
    changed = await components.expect_no_more(order.order_number, order.line_no, order.item_code)
    await tell_changes(changed, components, tell, order.traceparent)


async def tell_changes(changed: Sequence[Component], components: Components, tell: Tell, trace: str) -> None:
    """Tell the shortages that began or ended among the changed components."""
    turned = [component for component in changed if component.wants_telling()]
    for component in turned:
        tell.shortage(component, trace)
    await components.mark_told(turned)
