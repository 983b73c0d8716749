"""/refusals: what forms and imports turned away, and why"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import ConfigDict

from chassis import page_token
from chassis.database import Transaction
from gateway_service import answers, exchange, refusals
from gateway_service.bodies.base import Body, Page, Short
from gateway_service.permissions import ADMIN, CLERK, MANAGER, PLANNER, PLANNING_SUPERVISOR, SALES, SALES_SUPERVISOR
from gateway_service.problems import Problem
from gateway_service.rendering import answer
from gateway_service.routes import gateway_of, router
from gateway_service.routes.scanners import once
from gateway_service.sight import is_narrow

api = router("refusals")
CONCERNS = {
    refusals.FORM: frozenset({ADMIN, CLERK, SALES, SALES_SUPERVISOR, MANAGER}),
    refusals.BOM_IMPORT: frozenset({ADMIN, PLANNER, PLANNING_SUPERVISOR, MANAGER}),
}
REFUSAL = {
    "id": "string",
    "source": "string",
    "label": "string",
    "title": "string",
    "errors": "array",
    "sent": "object",
}


class RefusalFilter(Page):
    """Filters of the list."""

    source: Literal["", "form", "bom_import"] = ""
    state: Literal["open", "closed", "all"] = "open"


class CloseBody(Body):
    """What was done about it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "Called back, ordered by phone"}]})

    note: Short = ""


def _sources(wanted: str = "") -> list[str]:
    roles = exchange.current().principal.roles
    mine = [source for source, concerned in CONCERNS.items() if not roles.isdisjoint(concerned)]
    return [source for source in mine if wanted in ("", source)]


def _owner() -> str:
    who = exchange.current().principal
    return who.subject if is_narrow(who.roles) else ""


@api.get("/refusals", responses=answers.free({"items": "array", "next_page_token": "string"}))
async def list_refusals(filters: Annotated[RefusalFilter, Query()], request: Request) -> Response:
    """What was refused, the latest first: forms for sales, import rows for planning."""
    database = gateway_of(request).database
    before = page_token.read("refusals", filters.page_token, _moment, UUID, first=refusals.LAST)
    rows = await refusals.listed(
        database, _sources(filters.source), _owner(), filters.state, before=before, limit=filters.page_size
    )
    items = [refusals.shown(row) for row in rows]
    full = len(items) == filters.page_size
    following = page_token.write("refusals", items[-1]["last_at"], items[-1]["id"]) if full else None
    return answer({"items": items, "next_page_token": following})


def _moment(said: str) -> datetime:
    moment = datetime.fromisoformat(said)
    if moment.tzinfo is None:
        raise ValueError(said)
    return moment


@api.post("/refusals/{refusal}:close", responses=answers.free(REFUSAL))
async def close_refusal(refusal: str, request: Request, body: CloseBody | None = None) -> Response:
    """Say that somebody dealt with it; the same attempt again opens it again."""
    try:
        wanted = UUID(refusal)
    except ValueError as error:
        raise Problem(404, "REFUSAL_NOT_FOUND") from error

    async def work(unit: Transaction) -> dict[str, object]:
        row = await refusals.close(unit, wanted, _sources(), _owner(), note=(body or CloseBody()).note)
        if row is None:
            raise Problem(404, "REFUSAL_NOT_FOUND")
        return refusals.shown(row)

    return answer(await once(request, work))
