"""States of a production order and the moves each allows (S46, X40)."""

from __future__ import annotations

from enum import StrEnum


class ProductionState(StrEnum):
    """Derived from facts on the production order, never set."""

    CREATED = "created"
    DISPATCHED = "dispatched"
    IN_PROGRESS = "in_progress"
    AWAITING_INSPECTION = "awaiting_inspection"
    RECEIVED = "received"
    COMPLETED = "completed"
    ON_HOLD = "on_hold"
    REWORK = "rework"
    CANCELLED = "cancelled"
    CLOSED_SHORT = "closed_short"


class Move(StrEnum):
    """What a person may do to a production order."""

    DISPATCH = "dispatch"
    INSPECT = "inspect"
    HOLD = "hold"
    RESUME = "resume"
    CANCEL = "cancel"


ALLOWED: dict[ProductionState, tuple[Move, ...]] = {
    ProductionState.CREATED: (Move.DISPATCH, Move.HOLD, Move.CANCEL),
    ProductionState.DISPATCHED: (Move.HOLD, Move.CANCEL),
    ProductionState.IN_PROGRESS: (Move.HOLD, Move.CANCEL),
    ProductionState.REWORK: (Move.HOLD, Move.CANCEL),
    ProductionState.AWAITING_INSPECTION: (Move.INSPECT, Move.HOLD, Move.CANCEL),
    ProductionState.ON_HOLD: (Move.RESUME, Move.CANCEL),
    ProductionState.RECEIVED: (Move.CANCEL,),
    ProductionState.COMPLETED: (),
    ProductionState.CANCELLED: (),
    ProductionState.CLOSED_SHORT: (),
}

DEAD = frozenset({ProductionState.CANCELLED, ProductionState.CLOSED_SHORT, ProductionState.COMPLETED})
"""Nothing more is made on these: a scan of one is refused."""

LIVE = frozenset(ProductionState) - DEAD
