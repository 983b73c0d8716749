"""Shortages are told once when they begin and once when they end, per demand and item (S40).

Inventory tells what a demand holds under the demand's subject, and a receipt under its own; nothing keeps an order between
the two. So every word carries the revision of its reservation line, and an older one never undoes a newer one
(domain/component.py). And the receipt of a sub-assembly carries what its parents hold after it: when that receipt is the
last, "nothing more comes" and "this came" are taken in one step, and no shortage appears that never was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from planning_service.app.ports import Components, Tell
from planning_service.domain.component import Component, Held
from planning_service.domain.production_order import ProductionOrder

Words = Mapping[str, Sequence[Held]]
"""What inventory holds, by production order ("": the order's own lines)."""


async def take_held(order_number: str, words: Words, components: Components, tell: Tell, trace: str) -> None:
    """Take inventory's word for what is held; it is the authority."""
    await tell_changes(await components.hold(order_number, words), components, tell, trace)


async def child_ended(
    order: ProductionOrder, components: Components, tell: Tell, *, heard: Sequence[Component] = ()
) -> None:
    """A production order ended: whoever waited for more of it is short from now on.

    `heard` changed by the same word that ended it; what is told is how everything stands after both.
    """
    ended: list[Component] = []
    if order.parent_number is not None:
        ended = await components.expect_no_more(order.order_number, order.line_no, order.item_code)
    await tell_changes([*heard, *ended], components, tell, order.traceparent)


async def tell_changes(changed: Iterable[Component], components: Components, tell: Tell, trace: str) -> None:
    """Tell the shortages that began or ended among the changed components; of one that changed twice the later counts."""
    latest = {(c.production_order_number, c.line_no, c.item_code): c for c in changed}
    turned = [component for component in latest.values() if component.wants_telling()]
    for component in turned:
        tell.shortage(component, trace)
    await components.mark_told(turned)
