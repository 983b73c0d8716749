"""/forms: public order forms behind QR codes"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, File, Query, Request, Response, UploadFile

from chassis import page_token
from chassis.database import Transaction
from gateway_service import answers, callers, form_goods, form_orders, forms
from gateway_service.bodies.base import Nothing, Page
from gateway_service.bodies.forms import FormBody, FormOrderBody, FormPatch
from gateway_service.front import PREFIX, GuardedRoute
from gateway_service.problems import Problem
from gateway_service.rendering import answer
from gateway_service.routes import NeededVersion, gateway_of, router
from gateway_service.routes.files import keep
from gateway_service.routes.scanners import once

api = router("public forms")


class KeptRoute(GuardedRoute):
    """The route by which orders come in: what it refuses is kept for people."""

    async def refused(self, request: Request, problem: Problem) -> None:
        """Keep what was sent, where it could be read at all."""
        sent = getattr(request, "_json", None)
        if isinstance(sent, dict):
            await form_orders.refused(
                gateway_of(request), request.path_params["code"], callers.network(request), problem, sent
            )


orders = APIRouter(prefix=PREFIX, route_class=KeptRoute, tags=["public forms"])
FORM = {
    "code": "string", "label": "string", "sales_owner": "string", "url": "string", "revoked_at": "string",
    "item_codes": "array", "version": "integer",
}  # fmt: skip


@api.post("/forms", status_code=201, responses=answers.free(FORM, 201))
async def add_form(body: FormBody, request: Request) -> Response:
    """Make a form for a salesperson or a group; print its QR from /forms/{code}/qr."""
    url = gateway_of(request).settings.public_url

    async def work(unit: Transaction) -> dict[str, Any]:
        return forms.shown(await forms.add(unit, body.label, body.sales_owner, body.item_codes), url)

    return answer(await once(request, work), 201)


@api.get("/forms", responses=answers.free({"items": "array", "next_page_token": "string"}))
async def list_forms(filters: Annotated[Page, Query()], request: Request) -> Response:
    """Forms, newest first."""
    gateway = gateway_of(request)
    place = page_token.read("forms", filters.page_token, _moment, page_token.text, first=forms.FIRST)
    rows = await forms.listed(gateway.database, place, filters.page_size)
    items = [forms.shown(row, gateway.settings.public_url) for row in rows]
    full = len(items) == filters.page_size
    following = page_token.write("forms", items[-1]["created_at"], items[-1]["code"]) if full else None
    return answer({"items": items, "next_page_token": following})


def _moment(said: str) -> datetime:
    moment = datetime.fromisoformat(said)
    if moment.tzinfo is None:
        raise ValueError(said)
    return moment


@api.patch("/forms/{code}", responses=answers.free(FORM))
async def change_form(code: str, body: FormPatch, version: NeededVersion, request: Request) -> Response:
    """Change the name, the owner or the goods of a form; its printed QR stays good."""
    gateway = gateway_of(request)
    async with gateway.database.transaction() as unit:
        row = await forms.change(unit, code, version, body.given())
    if row is None:
        form = await forms.find(gateway.database, code)
        raise _not_changed(form)
    return answer(forms.shown(row, gateway.settings.public_url), headers={"ETag": f'"{row.version}"'})


def _not_changed(form: Any) -> Problem:
    if form is None:
        return Problem(404, "FORM_UNKNOWN")
    if form.revoked_at is not None:
        return Problem(410, "FORM_CLOSED")
    return Problem(412, "STALE_VERSION", {"current": str(form.version)})


@api.post("/forms/{code}:revoke", responses=answers.free(FORM))
async def revoke_form(code: str, request: Request, _: Nothing | None = None) -> Response:
    """Close a form for good; its address answers 410."""

    async def work(unit: Transaction) -> dict[str, Any]:
        row = await forms.revoke(unit, code)
        if row is None:
            raise Problem(404, "FORM_UNKNOWN")
        return forms.shown(row, gateway_of(request).settings.public_url)

    return answer(await once(request, work))


@api.get("/forms/{code}", responses=answers.free({"code": "string", "label": "string", "items": "array"}))
async def get_form(code: str, request: Request) -> Response:
    """What a customer may know of a form."""
    form = await form_orders.open_form(gateway_of(request), code, callers.network(request))
    items = await form_goods.offered(gateway_of(request).clients, form)
    return answer({"code": form.code, "label": form.label, "items": items})


@api.get(
    "/forms/{code}/qr",
    responses={200: {"description": "The QR code", "content": {"image/png": {}}}},
    response_class=Response,
)
async def form_qr(code: str, request: Request) -> Response:
    """The QR code of a form as PNG."""
    gateway = gateway_of(request)
    form = await form_orders.open_form(gateway, code, callers.network(request))
    content = forms.qr_png(forms.shown(form, gateway.settings.public_url)["url"])
    return Response(content, headers={"Cache-Control": "public, max-age=3600"}, media_type="image/png")


@orders.post(
    "/forms/{code}/orders", status_code=201, responses=answers.free({"number": "string", "tracking_url": "string"}, 201)
)
async def order_by_form(code: str, body: FormOrderBody, request: Request) -> Response:
    """Enter an order without signing in; few an hour from one address."""
    return answer(await form_orders.take(gateway_of(request), code, callers.network(request), body), 201)


@api.post(
    "/forms/{code}/attachments", status_code=201, responses=answers.free({"id": "string", "file_name": "string"}, 201)
)
async def attach_to_form(code: str, request: Request, file: Annotated[UploadFile, File()]) -> Response:
    """Keep a picture or PDF for an order about to be entered (S22); counts against the same limit as orders."""
    await form_orders.admit(gateway_of(request), code, callers.network(request))
    form_orders.act_as(code)
    kept = await keep(request, file)
    return answer({"id": kept["id"], "file_name": kept["file_name"]}, 201)
