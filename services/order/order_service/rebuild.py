"""python -m order_service.rebuild: make the kept lead times anew from the facts (S85)."""

from __future__ import annotations

import asyncio
import sys

from order_service.wiring import Settings, keeper_of


async def _rebuild() -> None:
    keeper, database = keeper_of(Settings())
    try:
        count = await keeper.rebuild()
    finally:
        await database.close()
    sys.stdout.write(f"order: lead times of {count} orders made anew\n")


if __name__ == "__main__":
    asyncio.run(_rebuild())
