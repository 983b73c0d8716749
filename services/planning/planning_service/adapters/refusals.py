"""What customers do not take in place of something else (X25)."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.database import Transaction
from chassis.sql import text
from planning_service.adapters.catalogue_cache import Reader

_OF = text("SELECT item_code FROM refused_item WHERE customer_id = :customer ORDER BY item_code")
_DROP = text("DELETE FROM refused_item WHERE customer_id = :customer AND NOT item_code = ANY (CAST(:items AS text[]))")
_KEEP = text("""
INSERT INTO refused_item (customer_id, item_code) SELECT :customer, item FROM unnest(CAST(:items AS text[])) AS t (item)
ORDER BY item ON CONFLICT DO NOTHING
""")

_FOLLOW = text("""
INSERT INTO refused_item (customer_id, item_code) SELECT :kept, item_code FROM refused_item WHERE customer_id = :absorbed
ORDER BY item_code ON CONFLICT DO NOTHING
""")


async def refusals_of(reader: Reader, customer: str) -> list[str]:
    """Return what one customer refuses, by item code."""
    return list((await reader.execute(_OF, {"customer": customer})).scalars())


async def keep_refusals(unit: Transaction, customer: str, items: Sequence[str]) -> None:
    """Let a customer refuse exactly these items."""
    values = {"customer": customer, "items": sorted(set(items))}
    await unit.execute(_DROP, values)
    await unit.execute(_KEEP, values)


async def merge_refusals(unit: Transaction, absorbed: str, kept: str) -> None:
    """Let the customer that absorbed another refuse what that one refused."""
    await unit.execute(_FOLLOW, {"absorbed": absorbed, "kept": kept})
