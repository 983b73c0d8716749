"""Pages for people: the built web client when it is there, plain pages that say the same when it is not."""

from __future__ import annotations

import re
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from chassis import notes, principal
from gateway_service import callers, exchange, problems, texts
from gateway_service.exchange import Exchange
from gateway_service.lead_time import FACTORY
from gateway_service.routes import gateway_of
from gateway_service.routes.track import QUIET, tracked

api = APIRouter(include_in_schema=False)
POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SAFE_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
EMPTY_APP = '<div id="app"></div>'
STYLE = """
body{font:16px/1.6 system-ui,"PingFang SC","Microsoft YaHei",sans-serif;margin:0;background:#f3f5f4;color:#18222b}
main{max-width:40rem;margin:0 auto;padding:1.5rem}h1{font-size:1.3rem}section{background:#fff;border-radius:.6rem;
padding:1rem 1.2rem;margin:0 0 1rem;box-shadow:0 1px 3px #0002}table{width:100%;border-collapse:collapse}
th,td{text-align:left;padding:.4rem .3rem;border-bottom:1px solid #dbe1df}th{color:#52606c;font-weight:500}
form{display:grid;gap:.8rem}label{display:grid;gap:.2rem;color:#52606c}input,select,textarea,button{font:inherit;
padding:.6rem;border:1px solid #c3ccc9;border-radius:.4rem;width:100%;box-sizing:border-box}button{background:#0a5c66;
color:#fff;border:0}em{color:#b3261e;font-style:normal}.state{font-size:1.5rem;font-weight:600;color:#0a5c66}a{color:#0a5c66}.faint{color:#52606c;font-size:.9rem}
"""


def page(title: str, body: str, status: int = 200) -> HTMLResponse:
    """Return a plain page in the house's style; `body` is HTML already escaped."""
    document = (
        f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,">'
        f"<style>{STYLE}</style></head><body><main>{body}</main></body></html>"
    )
    return HTMLResponse(document, status, {**SAFE_HEADERS, **QUIET})


def sorry(problem: problems.Problem) -> HTMLResponse:
    """Return the page that says why there is nothing to see, and whom to ask."""
    title = str(problem.document()["title"])
    hint = texts.book()["front"]["ask_sales"]
    return page(title, f"<section><h1>{escape(title)}</h1><p class=faint>{escape(hint)}</p></section>", problem.status)


def rows(heads: list[str], cells: list[list[str]]) -> str:
    """Return an HTML table; every cell is escaped here."""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in cells)
    return f"<table><tr>{head}</tr>{body}</table>"


def _local(instant: str | None, form: str) -> str:
    return datetime.fromisoformat(instant).astimezone(FACTORY).strftime(form) if instant else ""


def brought_to_life(dist: Path, title: str, body: str) -> HTMLResponse | None:
    """Return the web client's page holding `body` until its script takes over; None without the built client."""
    index = dist / "index.html"
    if not index.is_file():
        return None
    document = index.read_text().replace(EMPTY_APP, f'<div id="app"><main>{body}</main></div>', 1)
    document = re.sub(r"<title>[^<]*</title>", lambda _: f"<title>{escape(title)}</title>", document, count=1)
    return HTMLResponse(document, 200, {**SAFE_HEADERS, **QUIET})


def tracking_page(shown: dict[str, Any], dist: Path) -> HTMLResponse:
    """Return the customer's page of one order: readable without a script, following the order with one."""
    words = texts.book()["tracking"]
    lines = [
        [line["item_name"] or "", f"{line['quantity']}{line['unit'] or ''}", line["received_quantity"] or "0",
         line["shipped_quantity"] or "0"]
        for line in shown["lines"]
    ]  # fmt: skip
    parcels = [
        [
            parcel["carrier"] or words["no_carrier"],
            parcel["tracking_number"] or "",
            _local(parcel["shipped_at"], "%Y-%m-%d"),
        ]
        for parcel in shown["parcels"]
    ]
    body = f"<h1>{escape(shown['heading'])}</h1><section><div class=state>{escape(shown['state_text'])}</div>"
    body += f"<p>{escape(words['due'])}{escape(shown['expected_date'] or shown['due_date'] or '—')}</p></section>"
    body += f"<section>{rows([words['item'], words['quantity'], words['made'], words['shipped']], lines)}</section>"
    if parcels:
        body += f"<section>{rows([words['carrier'], words['tracking_number'], words['date']], parcels)}</section>"
    changed = _local(shown["updated_at"], "%Y-%m-%d %H:%M")
    body += f"<p class=faint>{escape(words['updated'])}{escape(changed)}</p>"
    return brought_to_life(dist, shown["heading"], body) or page(shown["heading"], body)


@api.api_route("/t/{token}", methods=["GET", "HEAD"])
async def track_page(token: str, request: Request) -> Response:
    """The customer's status page, made on the server so that any phone shows it."""
    exchange.begin(Exchange(principal.Principal("", "public"), "GET /t/{token}"))
    principal.current.set(None)
    notes.after.set(())
    try:
        gateway = gateway_of(request)
        return tracking_page(await tracked(gateway, token, callers.network(request)), gateway.settings.web_dist)
    except Exception as error:
        return sorry(problems.of(error))


@api.api_route("/{path:path}", methods=["GET", "HEAD"])
async def web(path: str, request: Request) -> Response:
    """The web client; unknown paths are its own to route."""
    return _missing() if path.startswith("api/") else served(gateway_of(request).settings.web_dist, path)


def _missing() -> Response:
    return problems.Problem(404, "NOT_FOUND").response()


def served(dist: Path, path: str) -> Response:
    """Return a file of the built client, its index for a path of its own, or the plain front page."""
    index = dist / "index.html"
    if not index.is_file():
        return front_page() if path == "" else _missing()
    try:
        wanted = (dist / path).resolve()
        is_file = bool(path) and wanted.is_relative_to(dist.resolve()) and wanted.is_file()
    except (ValueError, OSError):  # NUL, or a name no disk could hold
        return _missing()
    if is_file:
        lasting = "public, max-age=31536000, immutable" if path.startswith("assets/") else "no-cache"
        return FileResponse(wanted, headers={**SAFE_HEADERS, "Cache-Control": lasting})
    if "." in path.rsplit("/", 1)[-1]:
        return _missing()
    return FileResponse(index, headers={**SAFE_HEADERS, "Cache-Control": "no-cache"})


def front_page() -> HTMLResponse:
    """Return the page that says what runs here while the web client is not built."""
    words = texts.book()["front"]
    links = "".join(
        f'<li><a href="{link}">{escape(words[name])}</a></li>'
        for name, link in (("docs", "/docs"), ("openapi", "/api/v1/openapi.json"), ("ready", "/readyz"))
    )
    body = f"<h1>{escape(words['title'])}</h1><section><p>{escape(words['what'])}</p><ul>{links}</ul></section>"
    return page(words["title"], body)
