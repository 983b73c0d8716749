"""What a history was told was done: the acknowledged facts, and nothing the house keeps for itself."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from tests.e2e.client import Json


def zero() -> dict[int, Decimal]:
    return defaultdict(Decimal)


@dataclass
class Order:
    """One acknowledged order: how it was asked for, and what was done to it since."""

    number: str
    id: str
    key: str
    body: Json
    answer: bytes
    lines: dict[int, tuple[str, Decimal]]
    hurried: bool  # due before today + 3
    cancelled: bool = False
    ended: bool = False  # cancelled, or closed short
    shipped: dict[int, Decimal] = field(default_factory=zero)
    returned: dict[int, Decimal] = field(default_factory=zero)
    received: dict[int, Decimal] = field(default_factory=zero)
    invoiced: dict[int, Decimal] = field(default_factory=zero)
    completed: int = 0  # how often an acknowledged shipment made it complete
    states: list[str] = field(default_factory=list)
    shipments: list[str] = field(default_factory=list)

    def net(self, line_no: int) -> Decimal:
        return self.shipped[line_no] - self.returned[line_no]

    @property
    def full(self) -> bool:
        return all(self.net(line_no) >= quantity for line_no, (_, quantity) in self.lines.items())


@dataclass
class Job:
    """One production order as reported to: good pieces by operation, what passed, what came in."""

    number: str
    order: str
    line_no: int
    item_code: str
    quantity: Decimal
    scan_code: str
    good: dict[int, Decimal] = field(default_factory=zero)
    passed: Decimal = Decimal(0)
    received: Decimal = Decimal(0)
    states: list[str] = field(default_factory=list)


@dataclass
class Ledger:
    """One history."""

    customer: str
    made: str
    sold: str
    part: str
    orders: dict[str, Order] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    moved: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    scans: list[tuple[Json, Json]] = field(default_factory=list)
    shipments: list[str] = field(default_factory=list)

    @property
    def items(self) -> tuple[str, str, str]:
        return self.made, self.sold, self.part
