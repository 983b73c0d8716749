"""Values that travel between the use cases and the outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from planning_service.domain.arrivals import Arrival
from planning_service.domain.catalogue import Catalogue
from planning_service.domain.component import Component
from planning_service.domain.plan import DemandLine, OrderPlan
from planning_service.domain.priority import Urgency
from planning_service.domain.production_order import ProductionOrder


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What planning must know of a customer order."""

    number: str
    id: str
    state: str
    urgency: Urgency
    due_date: date
    asked_at: datetime
    traceparent: str
    customer_name: str
    allowed: tuple[str, ...]
    lines: tuple[DemandLine, ...]
    item_names: Mapping[int, str]
    customer_id: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan worked out ahead: nothing is kept yet."""

    order: OrderFacts
    plan: OrderPlan
    catalogue: Catalogue
    promised: Mapping[int, date | None]
    arrivals: Sequence[Arrival] = ()


@dataclass(frozen=True, slots=True)
class Claimed:
    """A plan somebody has locked: the lines it covers already, and numbers nobody has had yet.

    `ended` is the state of an order that ended meanwhile.
    """

    lines: frozenset[int]
    numbers: Sequence[str]
    ended: str = ""


@dataclass(frozen=True, slots=True)
class NewPlan:
    """A plan as it is to be written."""

    prepared: Prepared
    made: Sequence[ProductionOrder]
    components: Sequence[Component]


@dataclass(frozen=True, slots=True)
class Offer:
    """What is free of each item, and what single orders may take beyond it: they hold that softly themselves."""

    free: Mapping[str, Decimal]
    own: Mapping[str, Mapping[str, Decimal]]


@dataclass(frozen=True, slots=True)
class KeptLine:
    """How much of an order line a plan covers."""

    line_no: int
    quantity: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Told:
    """A whole plan as it is told."""

    lines: Sequence[KeptLine]
    made: Sequence[ProductionOrder]
    components: Sequence[Component]
    replaced: Sequence[str] = ()
    """Production orders cancelled for this plan: what they hold is the plan's first."""


@dataclass(frozen=True, slots=True)
class RevisedLine:
    """What a revision did to one line."""

    line_no: int
    item_code: str
    before: Decimal
    after: Decimal
    created: tuple[str, ...]
    cancelled: tuple[str, ...]
    surplus: Decimal
