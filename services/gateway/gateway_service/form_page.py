"""/f/{code} and /e/{token}: the public order form and an order's evidence, made on the server for any phone (S23, S84)."""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError
from starlette.requests import ClientDisconnect

from chassis import notes, principal
from chassis.errors import Remote
from gateway_service import callers, evidence, exchange, form_goods, form_orders, pages, problems, texts
from gateway_service.bodies.forms import FormOrderBody
from gateway_service.exchange import Exchange
from gateway_service.problems import Problem
from gateway_service.routes import gateway_of, papers
from gateway_service.wiring import Gateway

api = APIRouter(include_in_schema=False)
BODY_BYTES = 20_000
FIELDS = (("company", "text"), ("contact_name", "text"), ("phone", "tel"), ("due_date", "date"), ("quantity", "text"))
ROUTE = "POST /f/{code}"


def _begin(request: Request, key: str, fingerprint: str) -> tuple[Gateway, str]:
    running = Exchange(principal.Principal("", "public"), ROUTE, key=key, fingerprint=fingerprint)
    exchange.begin(running)
    principal.current.set(None)
    notes.after.set(())
    return gateway_of(request), callers.network(request)


@api.get("/e/{token}")
async def evidence_page(token: str, request: Request) -> Response:
    """One order's evidence, to read and to print (S84)."""
    gateway, address = _begin(request, "", "")
    try:
        if wait := gateway.track_limiter.wait(address):
            raise Problem(429, "TOO_MANY_REQUESTS", {"seconds": str(wait)}, headers={"Retry-After": str(wait)})
        number = gateway.evidence.number(token, gateway.clock.now())
        title, body = await evidence.body(gateway.clients.order, number)
        download = f'<p><a href="/e/{token}/evidence.pdf">{escape(texts.say("evidence", "download"))}</a></p>'
        return pages.page(title, body + download)
    except Exception as error:
        return _sorry(error)


@api.get("/e/{token}/evidence.pdf")
async def shared_evidence(token: str, request: Request) -> Response:
    """The same as a PDF; who did what stays in the house."""
    gateway, address = _begin(request, "", "")
    try:
        if wait := gateway.form_limiter.wait(f"evidence|{address}"):
            raise Problem(429, "TOO_MANY_REQUESTS", {"seconds": str(wait)}, headers={"Retry-After": str(wait)})
        number = gateway.evidence.number(token, gateway.clock.now())
        return await papers.evidence_pdf(request, number, with_people=False)
    except Exception as error:
        return _sorry(error)


def _sorry(error: Exception) -> Response:
    return pages.sorry(problems.of(error))


@api.get("/f/{code}")
async def form_page(code: str, request: Request) -> Response:
    """The empty form."""
    gateway, address = _begin(request, "", "")
    try:
        form = await form_orders.open_form(gateway, code, address)
        return await _form(gateway, form, {}, {})
    except Exception as error:
        return _sorry(error)


@api.post("/f/{code}")
async def send_form(code: str, request: Request) -> Response:
    """Enter what was filled in, or show the form again with what is wrong beside each field."""
    try:
        sent = _typed(await _bounded(request))
    except ClientDisconnect as error:
        return _sorry(error)
    fingerprint = str(sorted(sent.items()))
    gateway, address = _begin(request, sent.get("key", "")[:64] or str(uuid4()), fingerprint)
    try:
        form = await form_orders.open_form(gateway, code, address)
        taken = await form_orders.take(gateway, code, address, FormOrderBody.model_validate(_said(sent)))
    except (Problem, ValidationError, Remote) as error:
        problem = problems.of(error)
        await form_orders.refused(gateway, code, address, problem, _said(sent))
        if problem.status != 422:
            return _sorry(problem)
        wrong = {item["field"].split(".")[-1]: item["message"] for item in problem.document()["errors"]}
        return await _form(gateway, form, sent, wrong)
    except Exception as error:
        return _sorry(error)
    return _thanks(taken)


def _typed(body: bytes) -> dict[str, str]:
    """Return what was filled in, without letters no text holds."""
    read = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: value.replace("\x00", "") for name, value in read}


async def _bounded(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > BODY_BYTES:
            return b""
    return body


def _said(sent: dict[str, str]) -> dict[str, Any]:
    names = ("company", "contact_name", "phone", "due_date", "note")
    line = {"item_code": sent.get("item_code", ""), "quantity": sent.get("quantity", "")}
    return {name: sent.get(name, "") for name in names} | {"lines": [line]}


async def _form(gateway: Gateway, form: Any, sent: dict[str, str], wrong: dict[str, str]) -> Response:
    words = texts.book()["form"]
    options = "".join(
        f'<option value="{escape(item["code"])}"{" selected" if item["code"] == sent.get("item_code") else ""}>'
        f"{escape(item['name'])}</option>"
        for item in await form_goods.offered(gateway.clients, form)
    )
    inputs = "".join(_input(name, kind, words[name], sent.get(name, ""), wrong.get(name, "")) for name, kind in FIELDS)
    key = escape(sent.get("key") or str(uuid4()))
    body = (
        f"<h1>{escape(words['title'])}</h1><section><form method=post><input type=hidden name=key value='{key}'>"
        f"<p class=faint>{escape(form.label)}</p><label>{escape(words['item_code'])}<select name=item_code>{options}</select>"
        f"{_wrong(wrong.get('item_code', ''))}</label>{inputs}<label>{escape(words['note'])}"
        f"<textarea name=note maxlength=500>{escape(sent.get('note', ''))}</textarea></label>"
        f"<button>{escape(words['send'])}</button></form></section>"
    )
    living = None if sent else pages.brought_to_life(gateway.settings.web_dist, words["title"], body)
    return living or pages.page(words["title"], body, 422 if wrong else 200)


def _input(name: str, kind: str, label: str, value: str, wrong: str) -> str:
    return (
        f"<label>{escape(label)}<input name={name} type={kind} required maxlength=200 value='{escape(value)}'>"
        f"{_wrong(wrong)}</label>"
    )


def _wrong(words: str) -> str:
    return f"<em>{escape(words)}</em>" if words else ""


def _thanks(taken: dict[str, Any]) -> Response:
    words = texts.book()["form"]
    told = "".join(f"<p>{escape(warning)}</p>" for warning in taken["warnings"])
    body = (
        f"<h1>{escape(words['thanks'])}</h1><section><div class=state>{escape(taken['number'])}</div>{told}"
        f"<p><a href='{escape(taken['tracking_url'] or '')}'>{escape(words['follow'])}</a></p></section>"
    )
    return pages.page(words["thanks"], body, 201)
