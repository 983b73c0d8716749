"""The state of an order is derived from facts by one function; nothing else says it (contract 4, order states)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

STATES = (
    "draft", "submitted", "needs_capacity_confirmation", "suspected_duplicate", "confirmed", "planned",
    "in_production", "part_shipped", "shipped", "signed", "closed", "on_hold", "cancelled", "closed_short",
)  # fmt: skip
SENT = frozenset({"shipped", "signed", "closed", "cancelled", "closed_short"})  # no goods are owed any more
OPEN_MOVES = ("cancel", "hold", "revise")
ALLOWED: dict[str, tuple[str, ...]] = {
    "draft": ("cancel",),
    "submitted": ("confirm", *OPEN_MOVES),
    "needs_capacity_confirmation": ("confirm_capacity", *OPEN_MOVES),
    "suspected_duplicate": ("release_duplicate", *OPEN_MOVES),
    "confirmed": ("plan", *OPEN_MOVES),
    "planned": OPEN_MOVES,
    "in_production": OPEN_MOVES,
    "part_shipped": OPEN_MOVES,
    "on_hold": ("resume", "cancel"),
    "shipped": (),
    "signed": (),
    "closed": (),
    "cancelled": (),
    "closed_short": (),
}


@dataclass(frozen=True, slots=True)
class LineFacts:
    """The quantities of one line that decide."""

    ordered: Decimal  # less what was cancelled
    shipped: Decimal
    returned: Decimal
    signed: Decimal
    invoiced: Decimal

    @property
    def net(self) -> Decimal:
        return self.shipped - self.returned


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an order."""

    suspected: bool
    needs_capacity: bool
    confirmed: bool
    planned: bool
    started: bool
    held: bool
    cancelled: bool
    lines: Sequence[LineFacts]


def is_complete(lines: Sequence[LineFacts]) -> bool:
    """True when every live line's net shipped reaches what is ordered; quantities, never percentages (X52)."""
    live = [line for line in lines if line.ordered > 0]
    return bool(live) and all(line.net >= line.ordered for line in live)


def is_signed(lines: Sequence[LineFacts]) -> bool:
    """True when everything shipped was signed for."""
    return any(line.shipped > 0 for line in lines) and all(line.signed >= line.shipped for line in lines)


def is_invoiced(lines: Sequence[LineFacts]) -> bool:
    """True when what stays with the customer is invoiced, no more and no less."""
    return all(line.invoiced == line.net for line in lines)


def state_of(facts: Facts) -> str:
    """Return the order's state; the first word that is true from the side inwards."""
    if facts.cancelled:
        return "closed_short" if any(line.shipped > 0 for line in facts.lines) else "cancelled"
    if facts.held:
        return "on_hold"
    if facts.suspected:
        return "suspected_duplicate"
    if not facts.confirmed:
        return "needs_capacity_confirmation" if facts.needs_capacity else "submitted"
    return _progress(facts)


def _progress(facts: Facts) -> str:
    if is_complete(facts.lines):
        if not is_signed(facts.lines):
            return "shipped"
        return "closed" if is_invoiced(facts.lines) else "signed"
    if any(line.net > 0 for line in facts.lines):
        return "part_shipped"
    if facts.started:
        return "in_production"
    return "planned" if facts.planned else "confirmed"
