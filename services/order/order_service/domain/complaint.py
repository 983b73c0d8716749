"""A customer's complaint about an order: what about, who is held responsible, how it ended (S88)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from order_service.domain.errors import FieldProblem, IllegalMove, Invalid
from order_service.domain.stages import REPORTED
from order_service.domain.texts import checked_texts

KINDS = ("late", "quality", "wrong_goods", "damaged", "service", "invoice", "other")
STATES = ("open", "closed")
CLOCK_TOLERANCE = timedelta(minutes=10)
TEXT_LENGTH = 2000


@dataclass(frozen=True, slots=True)
class ComplaintEntry:
    """A complaint as typed; without a moment it is of now, without a stage nobody is held responsible yet."""

    order: str
    kind: str
    text: str
    stage: str
    complained_at: datetime | None

    def check(self, now: datetime) -> None:
        """Raise Invalid with everything that can't be accepted."""
        problems = checked_texts({"text": (self.text, TEXT_LENGTH)})
        if not self.text.strip():
            problems.append(FieldProblem("text", "REQUIRED"))
        if self.kind not in KINDS:
            known = {"kind": self.kind[:40], "known": ",".join(KINDS)}
            problems.append(FieldProblem("kind", "COMPLAINT_KIND_UNKNOWN", known))
        problems += stage_problems(self.stage)
        if self.complained_at is not None and self.complained_at > now + CLOCK_TOLERANCE:
            problems.append(FieldProblem("complained_at", "COMPLAINED_IN_FUTURE", {"now": now.isoformat()}))
        if problems:
            raise Invalid(problems)


@dataclass(frozen=True, slots=True)
class ComplaintAnswer:
    """How a complaint ended; without a stage the one recorded stays."""

    resolution: str
    stage: str

    def check(self) -> None:
        """Raise Invalid with everything that can't be accepted."""
        problems = checked_texts({"resolution": (self.resolution, TEXT_LENGTH)})
        if not self.resolution.strip():
            problems.append(FieldProblem("resolution", "REQUIRED"))
        problems += stage_problems(self.stage)
        if problems:
            raise Invalid(problems)


def stage_problems(stage: str) -> list[FieldProblem]:
    """Return what is wrong with the stage held responsible; empty is nobody yet."""
    if not stage or stage in REPORTED:
        return []
    return [FieldProblem("stage", "STAGE_UNKNOWN", {"stage": stage[:40], "known": ",".join(REPORTED)})]


@dataclass(slots=True)
class Complaint:
    """One complaint about one order."""

    id: UUID
    order_id: UUID
    order_number: str
    kind: str
    text: str
    stage: str
    complained_at: datetime
    recorded_at: datetime
    recorded_by: str
    closed_at: datetime | None = None
    closed_by: str = ""
    resolution: str = ""

    @property
    def state(self) -> str:
        return "open" if self.closed_at is None else "closed"

    def close(self, answer: ComplaintAnswer, by: str, now: datetime) -> None:
        """Say how it ended, once; raise IllegalMove."""
        if self.closed_at is not None:
            raise IllegalMove("close", self.order_number, self.state, (), reason="COMPLAINT_CLOSED")
        self.closed_at, self.closed_by = now, by
        self.resolution, self.stage = answer.resolution.strip(), answer.stage or self.stage
