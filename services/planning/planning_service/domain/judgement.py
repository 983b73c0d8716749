"""What an inspection may say: whole pieces where pieces are counted, and no more than waits (S50)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from planning_service.domain.errors import FieldError, Invalid
from planning_service.domain.exact import is_whole
from planning_service.domain.item import check_quantity
from planning_service.domain.operation import Operation


def check_judgement(waiting: Decimal, whole_units: bool, **quantities: Decimal) -> None:
    """Raise Invalid with every quantity that can't be."""
    errors: list[FieldError] = []
    for name, quantity in quantities.items():
        errors += check_quantity(name, quantity)
        if whole_units and quantity.is_finite() and not is_whole(quantity):
            errors.append(FieldError(name, "QUANTITY_NOT_WHOLE", {"quantity": str(quantity)}))
    if not errors:
        judged = sum(quantities.values(), Decimal(0))
        if judged <= 0:
            errors.append(FieldError("passed", "REQUIRED"))
        elif judged > waiting:
            figures = {"judged": str(judged), "waiting": str(waiting)}
            errors.append(FieldError("passed", "INSPECTION_EXCEEDS_MADE", figures))
    if errors:
        raise Invalid(errors)


def operation_to_go_back_to(operations: Sequence[Operation], sequence: int | None) -> int:
    """Return the index of the operation rework starts again at: the last one unless named; raises Invalid."""
    if not sequence:
        return len(operations) - 1
    known = [operation.sequence for operation in operations]
    if sequence not in known:
        allowed = ",".join(map(str, known))
        raise Invalid([FieldError("rework_operation", "OPERATION_UNKNOWN", {"sequence": sequence, "allowed": allowed})])
    return known.index(sequence)
