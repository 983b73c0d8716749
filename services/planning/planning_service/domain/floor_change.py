"""What comes from upstream after the dispatch: the floor is told, and says that it has seen it (S45)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class ChangeKind(StrEnum):
    """What changed."""

    QUANTITY = "quantity"
    DUE_DATE = "due_date"
    URGENCY = "urgency"
    CANCELLED = "cancelled"
    BOM = "bom"


@dataclass(slots=True)
class FloorChange:
    """One change of a production order on the floor; `id` once it is kept."""

    kind: ChangeKind
    before: str
    after: str
    raised_at: datetime
    unit: str = ""
    id: UUID | None = None


def differences(now: datetime, values: Mapping[ChangeKind, tuple[str, str]]) -> list[FloorChange]:
    """Return a change for each value that is another one after than before."""
    return [FloorChange(kind, before, after, now) for kind, (before, after) in values.items() if before != after]
