"""Refusals of planning: each names its reason and carries the figures that led to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field


class PlanningRefusal(Exception):
    """Base of every refusal; `reason` is the wire word, `params` hold the figures."""

    reason: str = "PLANNING_REFUSED"

    def __init__(self, **params: object) -> None:
        self.params: dict[str, object] = params
        super().__init__(params)


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field of an input: its path, the reason, the figures."""

    field: str
    reason: str
    params: Mapping[str, object] = dataclass_field(default_factory=dict)


class Invalid(PlanningRefusal):
    """Carries every field error of one input at once; a single one gives the refusal its own reason."""

    def __init__(self, fields: Iterable[FieldError]) -> None:
        self.fields = tuple(fields)
        super().__init__(**(self.fields[0].params if len(self.fields) == 1 else {}))
        self.reason = self.fields[0].reason if len(self.fields) == 1 else "INVALID_FIELDS"


class NotFound(PlanningRefusal):
    """Nothing is known under the code or number asked for: `kind`, `key`."""

    reason = "NOT_FOUND"


class NotYourWorkCenter(PlanningRefusal):
    """A team leader is bound to other work centres: `number`, `work_centers` of the job."""

    reason = "NOT_YOUR_WORK_CENTER"


class UnknownCode(NotFound):
    """A code on paper leads nowhere; the reason tells what it is instead: `code`."""

    def __init__(self, reason: str, code: str) -> None:
        super().__init__(code=code)
        self.reason = reason


class UnknownItem(PlanningRefusal):
    """The item master has no such code: `item`."""

    reason = "ITEM_UNKNOWN"


class InactiveItem(PlanningRefusal):
    """The item is no longer in use: `item`."""

    reason = "INACTIVE_ITEM"


class UnitMismatch(PlanningRefusal):
    """No exact conversion leads from `unit` to `stock_unit` of `item` (X23)."""

    reason = "UNIT_MISMATCH"


class BomCycle(PlanningRefusal):
    """The bill would contain itself; `loop` names the codes in order, first = last (X18, X19)."""

    reason = "BOM_CYCLE"

    def __init__(self, loop: tuple[str, ...]) -> None:
        self.loop = loop
        super().__init__(loop=" > ".join(loop))


class NoBom(PlanningRefusal):
    """`item` has no bill of materials at all."""

    reason = "NO_BOM"


class NoEffectiveBom(PlanningRefusal):
    """`item` has bills, none of them effective on `date` (X26)."""

    reason = "NO_EFFECTIVE_BOM"


class NoRouting(PlanningRefusal):
    """`item` can be exploded but not made: its bill names no routing."""

    reason = "NO_ROUTING"


class QuantityNotWhole(PlanningRefusal):
    """`item` counts whole pieces; `quantity` is not whole."""

    reason = "QUANTITY_NOT_WHOLE"


class TooDeep(PlanningRefusal):
    """The structure of `item` is deeper than `limit` levels."""

    reason = "TOO_DEEP"


class TooLarge(PlanningRefusal):
    """The structure of `item` has more than `limit` nodes."""

    reason = "TOO_LARGE"


class QuantityNotRepresentable(PlanningRefusal):
    """A quantity has more digits than NUMERIC(18,6) holds: `quantity`."""

    reason = "QUANTITY_NOT_REPRESENTABLE"


class IllegalMove(PlanningRefusal):
    """`number` in `state` can't make `move`; `allowed` says what may be done now (S46)."""

    reason = "ILLEGAL_MOVE"

    def __init__(self, number: str, state: str, move: str, *, allowed: tuple[str, ...]) -> None:
        self.allowed = allowed
        super().__init__(number=number, state=state, move=move, allowed=list(allowed))


class Stale(PlanningRefusal):
    """Somebody changed `key` meanwhile: `expected`, `actual`."""

    reason = "VERSION_STALE"


class OrderNotPlannable(PlanningRefusal):
    """The order is not confirmed, or is held or cancelled: `number`, `state`, `allowed`."""

    reason = "ORDER_NOT_PLANNABLE"
