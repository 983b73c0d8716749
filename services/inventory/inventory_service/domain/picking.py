"""What may still be issued of a component: what the plan takes, and the tolerance more."""

from __future__ import annotations

from decimal import Decimal

from inventory_service.domain.errors import FieldProblem
from inventory_service.domain.quantity import ZERO, plain
from inventory_service.domain.reservation import Line

FIELD = "lines.quantity"


def over_issue(line: Line, quantity: Decimal, planned: Decimal, tolerance: Decimal) -> FieldProblem | None:
    """Return why `quantity` more is too much, in the item's unit; `planned` is planning's word, 0 when it said none.

    The tolerance counts on the plan alone: what was let through before raises no limit but its own.
    """
    needed = planned or line.need
    if line.issued + quantity <= max(line.need, planned * (1 + tolerance)):
        return None
    params = {
        "item": line.key.item, "needed": plain(needed), "issued": plain(line.issued), "asked": plain(quantity),
        "remaining": plain(max(ZERO, needed - line.issued)), "unit": line.unit,
    }  # fmt: skip
    return FieldProblem(FIELD, "OVER_ISSUE" if needed else "NOT_ON_PICK_LIST", params)
