"""Safety stock is what automatic reservations leave alone (X28)."""

from __future__ import annotations

from decimal import Decimal

from inventory_service.app.ports import Warehouse
from inventory_service.app.reallocate import reallocate


async def hold_back_safety_stock(house: Warehouse, item: str, safety_stock: Decimal, movement_id: str) -> None:
    """Set an item's safety stock; what a lower one frees goes to who waits."""
    balance = (await house.stock.lock([item]))[item]
    if balance.safety_stock != safety_stock:
        await house.stock.hold_back(item, safety_stock)
        await reallocate(house, {item}, movement_id)
