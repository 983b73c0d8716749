"""Complaints as requests say them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from gateway_service.bodies.base import Body, Instant, Page
from gateway_service.bodies.reports import Stage

ComplaintKind = Literal["late", "quality", "wrong_goods", "damaged", "service", "invoice", "other"]
Said = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class ComplaintBody(Body):
    """What a customer complained about; without a moment it is of now."""

    kind: Annotated[ComplaintKind, Field(examples=["late"])]
    text: Annotated[Said, Field(examples=["the motors came three days late"])]
    stage: Stage | None = None
    complained_at: Instant | None = None


class ComplaintAnswerBody(Body):
    """How a complaint ended, and the stage that was responsible."""

    resolution: Annotated[Said, Field(examples=["apologised, next order goes by express"])]
    stage: Stage | None = None


class ComplaintFilter(Page):
    """Filters of the list of complaints."""

    state: Literal["open", "closed", ""] = ""
    kind: Literal[ComplaintKind, ""] = ""
    order: Annotated[str, Field(max_length=64)] = ""
    customer_id: Annotated[str, Field(max_length=128)] = ""
