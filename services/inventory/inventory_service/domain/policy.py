"""What the house decides about stock."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

SUPERVISORS = ("planning_supervisor", "manager")
"""Who may let more be received or issued than the rules allow, with a reason."""


@dataclass(frozen=True)
class Policy:
    """Settings the rules depend on. `tolerance` is a share of what passed, or is needed; `backflush` consumes at receipt.

    `intent_days` is how long goods are held for an intent order.
    """

    tolerance: Decimal = Decimal(0)
    backflush: bool = True
    intent_days: int = 7
