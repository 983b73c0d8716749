"""Queries over the item master."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chassis.sql import text
from planning_service.adapters.catalogue_cache import Reader
from planning_service.adapters.master_rows import ITEM_COLUMNS, item_of, line_of, version_of
from planning_service.domain.bom import BomVersion
from planning_service.domain.item import Item

_ITEM_PAGE = text(f"""
SELECT {ITEM_COLUMNS} FROM item
WHERE (:q = '' OR code ILIKE :pattern OR name ILIKE :pattern OR initials LIKE lower(:prefix)
       OR EXISTS (SELECT 1 FROM unnest(aliases) AS a WHERE a ILIKE :pattern))
  AND (:after = '' OR code > :after) AND (:supply = '' OR supply = :supply) AND (active OR NOT :active_only)
ORDER BY code LIMIT :size
""")  # noqa: S608  constants
_BOM_HEADS = text("""
SELECT version, effective_from, effective_to, content_hash FROM bom WHERE item_code = :code ORDER BY version DESC
""")

_VERSIONS = text("""
SELECT version, effective_from, effective_to, base_quantity, routing_code, content_hash FROM bom
WHERE item_code = :code AND version = ANY(:versions)
""")
_LINES = text("""
SELECT version, position, component, quantity_per, unit, scrap_rate, setup_quantity, rounding_multiple, alternates,
       effective_from, effective_to, supply
FROM bom_line WHERE item_code = :code AND version = ANY(:versions) ORDER BY version, row_no
""")


async def item_page(
    reader: Reader, q: str, after: str, size: int, *, supply: str = "", active_only: bool = False
) -> list[tuple[Item, int]]:
    """Return items after a code, by code; `q` finds code, alias, name or pinyin initials."""
    escaped = q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    values = {"q": q, "pattern": f"%{escaped}%", "prefix": f"{escaped}%", "after": after, "size": size,
              "supply": supply, "active_only": active_only}  # fmt: skip
    return [(item_of(row), row.version) for row in await reader.execute(_ITEM_PAGE, values)]


async def bom_heads(reader: Reader, code: str) -> Sequence[Any]:
    """Return every version of a bill ever kept, newest first."""
    return list(await reader.execute(_BOM_HEADS, {"code": code}))


async def versions(reader: Reader, code: str, numbers: Sequence[int]) -> dict[int, BomVersion]:
    """Return versions of a bill by number, superseded ones included."""
    wanted = {"code": code, "versions": list(numbers)}
    lines = [(row.version, line_of(row)) for row in await reader.execute(_LINES, wanted)]
    heads = await reader.execute(_VERSIONS, wanted)
    return {row.version: version_of(row, [line for n, line in lines if n == row.version]) for row in heads}
