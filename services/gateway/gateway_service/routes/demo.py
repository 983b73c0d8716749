"""The demo factory as on its first day"""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import Request, Response
from pydantic import ConfigDict, Field

from chassis.errors import FieldProblem
from gateway_service import answers, exchange
from gateway_service.bodies.base import Body
from gateway_service.demo_reset import WORD, DemoReset, Wish
from gateway_service.problems import Problem
from gateway_service.rendering import answer
from gateway_service.routes import gateway_of, router

api = router("settings")
RESET = {
    "available": "boolean", "word": "string", "state": "string", "by": "string", "reason": "string", "at": "string",
    "ended_at": "string",
}  # fmt: skip
log = structlog.get_logger()


class ResetBody(Body):
    """The word that makes sure of it, and why."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"confirmation": WORD, "reason": "after the training"}]})

    confirmation: Annotated[str, Field(max_length=64)]
    reason: Annotated[str, Field(min_length=1, max_length=200)]


def _reset(request: Request) -> DemoReset:
    settings = gateway_of(request).settings
    return DemoReset(settings.profile, settings.demo_reset_file)


@api.get("/settings/demo", responses=answers.free(RESET))
async def get_demo(request: Request) -> Response:
    """Whether these are a demo's data, and how far the last reset is."""
    return answer(_reset(request).last())


@api.post("/settings/demo:reset", responses=answers.free(RESET, 202))
async def reset_demo(request: Request, body: ResetBody) -> Response:
    """Wipe every business record of the demo factory and load it anew; people and devices stay. Demo profile only."""
    if body.confirmation != WORD:
        mismatch = FieldProblem("confirmation", "CONFIRMATION_MISMATCH", {"word": WORD})
        raise Problem(422, "INVALID_FIELDS", fields=[mismatch])
    running = exchange.current()
    wish = Wish(running.principal.subject, body.reason, running.key, running.fingerprint)
    asked = _reset(request).ask(wish, gateway_of(request).clock.now())
    log.warning("demo_reset_asked", by=wish.by, reason=wish.reason)
    return answer(asked, 202)
