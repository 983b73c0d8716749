"""Move an order: confirm, confirm capacity, hold, resume, cancel, release a suspected duplicate, revoke its link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from order_service.app.open_invoice_task import open_invoice_tasks
from order_service.app.ports import Invoices, Orders
from order_service.domain.errors import Invalid
from order_service.domain.order import MOVES, Order
from order_service.domain.texts import checked_texts, word_problems


@dataclass(frozen=True, slots=True)
class Move:
    """A wish to move an order; `note` is the note or reason given."""

    order: str
    move: str
    note: str
    expected_version: int | None


async def move_order(wish: Move, orders: Orders, invoices: Invoices, now: datetime) -> Order:
    """Return the moved order; raise Invalid, NotFound, Stale or IllegalMove."""
    check_move(wish)
    order = await orders.get(wish.order)
    order.check_version(wish.expected_version)
    _apply(order, wish, now)
    if wish.move == "cancel":
        await open_invoice_tasks(order, invoices, now, ended=True)
    await orders.save(order)
    return order


def check_move(wish: Move) -> None:
    """Raise Invalid when the wish can't be read."""
    problems = checked_texts({"note": (wish.note, 2000)})
    problems += word_problems("move", wish.move, MOVES, "MOVE_UNKNOWN", required=True)
    if problems:
        raise Invalid(problems)


def _apply(order: Order, wish: Move, now: datetime) -> None:
    match wish.move:
        case "confirm":
            order.confirm(now)
        case "confirm_capacity":
            order.confirm_capacity(wish.note, now)
        case "cancel":
            order.cancel(wish.note, now)
        case "hold":
            order.hold(wish.note, now)
        case "resume":
            order.resume()
        case "revoke_tracking":
            order.revoke_tracking()
        case _:
            order.release_duplicate(now)
