"""A customer's complaint about an order: what about, who is held responsible, how it ended (S88)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from order_service.domain.errors import FieldProblem, IllegalMove, Invalid
from order_service.domain.stages import REPORTED
from order_service.domain.texts import checked_texts, moment_problems, word_problems

KINDS = ("late", "quality", "wrong_goods", "damaged", "service", "invoice", "other")
STATES = ("open", "closed")
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
        problems += word_problems("kind", self.kind, KINDS, "COMPLAINT_KIND_UNKNOWN", required=True)
        problems += word_problems("stage", self.stage, REPORTED, "STAGE_UNKNOWN")
        problems += moment_problems("complained_at", self.complained_at, now, "COMPLAINED_IN_FUTURE")
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
        problems += word_problems("stage", self.stage, REPORTED, "STAGE_UNKNOWN")
        if problems:
            raise Invalid(problems)


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
