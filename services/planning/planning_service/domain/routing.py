"""Routings: the ordered operations of making an item; a production order keeps a frozen copy (S38)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from planning_service.domain.errors import FieldError, Invalid
from planning_service.domain.item import check_code, check_quantity

MAX_OPERATIONS = 200
MAX_SEQUENCE = 100_000
MINUTES_PER_DAY = 480
"""One shift; a day of a work centre when nothing finer is known."""


@dataclass(frozen=True, slots=True)
class RoutingOperation:
    """One step: where it runs and how long it takes."""

    sequence: int
    code: str
    name: str
    work_center: str
    minutes_per_unit: Decimal = Decimal(0)
    setup_minutes: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Routing:
    """Operations in the order of their sequence numbers."""

    code: str
    operations: tuple[RoutingOperation, ...]
    version: int = 1

    def days_for(self, quantity: Decimal) -> int:
        """Return the whole shifts the quantity takes, operations one after another, one order at a time."""
        minutes = sum(
            (Fraction(op.setup_minutes) + Fraction(op.minutes_per_unit) * Fraction(quantity) for op in self.operations),
            Fraction(0),
        )
        return math.ceil(minutes / MINUTES_PER_DAY)


def check_routing(routing: Routing) -> None:
    """Raise Invalid with everything that is wrong with the routing."""
    errors = check_code("code", routing.code)
    if not routing.operations:
        errors.append(FieldError("operations", "REQUIRED"))
    if len(routing.operations) > MAX_OPERATIONS:
        errors.append(FieldError("operations", "TOO_MANY", {"max": MAX_OPERATIONS}))
    seen: set[int] = set()
    for index, operation in enumerate(routing.operations):
        errors += _check_operation(f"operations.{index}", operation, seen)
        seen.add(operation.sequence)
    if errors:
        raise Invalid(errors)


def _check_operation(field: str, operation: RoutingOperation, seen: set[int]) -> list[FieldError]:
    errors = check_code(f"{field}.code", operation.code)
    if not 0 < operation.sequence <= MAX_SEQUENCE:
        errors.append(FieldError(f"{field}.sequence", "OUT_OF_RANGE", {"max": MAX_SEQUENCE}))
    if operation.sequence in seen:
        errors.append(FieldError(f"{field}.sequence", "DUPLICATE", {"sequence": operation.sequence}))
    errors += [
        FieldError(f"{field}.{name}", "REQUIRED")
        for name, value in (("name", operation.name), ("work_center", operation.work_center))
        if not value.strip()
    ]
    errors += check_quantity(f"{field}.minutes_per_unit", operation.minutes_per_unit)
    return errors + check_quantity(f"{field}.setup_minutes", operation.setup_minutes)
