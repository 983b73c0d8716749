"""Alternates cover what would be short: by priority, from stock, at their ratio; the rest stays short (X25)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from fractions import Fraction

from planning_service.domain.bom import Alternate
from planning_service.domain.exact import ceil_to_step
from planning_service.domain.item import Item
from planning_service.domain.needs import ComponentNeed, Draft
from planning_service.domain.stock_pool import StockPool, pick_step


def cover_with_alternates(
    drafts: Iterable[Draft], items: Mapping[str, Item], pool: StockPool, refused: Collection[str] = ()
) -> None:
    """Let each short component take its alternates' free stock; runs after every main need has had its turn.

    What the customer does not take in place of something else is `refused`.
    """
    for draft in drafts:
        for need in [n for n in draft.components.values() if n.short > 0 and n.alternates]:
            for alternate in need.alternates:
                item = items.get(alternate.item_code)
                if item is not None and item.active and item.code not in refused and need.short > 0:
                    _substitute(draft, need, alternate, item, pool)


def _substitute(draft: Draft, need: ComponentNeed, alternate: Alternate, item: Item, pool: StockPool) -> None:
    ratio, step = Fraction(alternate.ratio), pick_step(item, 0)
    free = pool.free(item.code) // step * step
    main_step = pick_step(need.item, 0)
    covered = min(need.short, free * ratio.denominator // (ratio.numerator * main_step) * main_step)
    if covered <= 0:
        return
    taken = pool.take(item, ceil_to_step(covered * ratio.numerator, ratio.denominator, step))
    need.required -= covered
    stand_in = draft.components.get(item.code)
    if stand_in is None:
        stand_in = ComponentNeed(item, draft.index, draft.line_no, substitutes=need.item.code)
        draft.components[item.code] = stand_in
    stand_in.required += taken
    stand_in.from_stock += taken
