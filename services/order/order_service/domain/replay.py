"""An order's state read off its history alone: what the words of the timeline say, line facts given (S97)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from order_service.domain.lifecycle import Facts, LineFacts, state_of

_SAYS: dict[str, tuple[str, bool]] = {
    "DuplicateSuspected": ("suspected", True),
    "DuplicateReleased": ("suspected", False),
    "CapacityConfirmed": ("capacity_confirmed", True),
    "OrderConfirmed": ("confirmed", True),
    "OrderHeld": ("held", True),
    "OrderResumed": ("held", False),
    "OrderCancelled": ("cancelled", True),
    "OperationStarted": ("started", True),
}


@dataclass(frozen=True, slots=True)
class Known:
    """What the words alone do not tell: a plan of nothing has the same word, and a due date may move both ways."""

    planned: bool
    capacity_required: bool
    lines: Sequence[LineFacts]


def replayed_state(words: Iterable[str], known: Known) -> str:
    """Return the state a history ends in, oldest word first."""
    said = {fact: False for fact, _ in _SAYS.values()}
    for word in words:
        if word in _SAYS:
            fact, value = _SAYS[word]
            said[fact] = value
    confirmed = said.pop("capacity_confirmed")
    needs_capacity = known.capacity_required and not confirmed
    return state_of(Facts(**said, needs_capacity=needs_capacity, planned=known.planned, lines=known.lines))
