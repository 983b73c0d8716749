"""What stands before every route: sign-in, permission, limits, body, idempotency key; and the one way out for errors."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any, NoReturn

import structlog
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from chassis import notes, principal
from chassis.errors import FieldProblem
from gateway_service import completions, exchange, permissions, problems, sight
from gateway_service.exchange import Exchange
from gateway_service.problems import Problem

PREFIX = "/api/v1"
BODY_BYTES = 1024 * 1024
UPLOAD_BYTES = 11 * 1024 * 1024
KEY_LENGTH = 255
DEPTH = 20
LIST_LENGTH = 5000
PATH_PARAM_LENGTH = 200
KEYED_BY_SCAN = frozenset({"POST /scans", "POST /scans:batch"})  # the scan_id minted on the device is the key
UNKEYED = frozenset(
    {
        "POST /stream/ticket",
        "POST /devices:enrol",
        "POST /devices:renew",
        "POST /orders/{order}:preview_change",
        "POST /subscriptions/{code}:preview",
        "POST /customers/{customer}:export_contact",
    }
)
UPLOADS = frozenset({"POST /attachments", "POST /boms:import", "POST /forms/{code}/attachments", "PUT /me/avatar"})
log = structlog.get_logger()
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class GuardedRoute(APIRoute):
    """A route behind the front."""

    async def refused(self, request: Request, problem: Problem) -> None:
        """Called with each refusal; a route that keeps them says how."""

    def get_route_handler(self) -> Handler:
        inner = super().get_route_handler()
        template = self.path.removeprefix(PREFIX)

        async def handle(request: Request) -> Response:
            started, route = time.perf_counter(), f"{request.method} {template}"
            try:
                running = await admit(request, route)
                await sight.check_order(request, running, request.app.state.gateway.clients)
                response = await inner(request)
            except Exception as error:
                problem = problems.of(error)
                _note(route, started, problem.status, problem.reason)
                await self.refused(request, problem)
                return problem.response()
            response.headers.setdefault("Cache-Control", "no-store")
            response.headers["X-Content-Type-Options"] = "nosniff"
            if running.replayed:
                response.headers["Idempotent-Replayed"] = "true"
            _note(route, started, response.status_code)
            return response

        return handle


def _note(route: str, started: float, status: int, reason: str | None = None) -> None:
    took = round((time.perf_counter() - started) * 1000, 1)
    log.info("http", route=route, status=status, ms=took, actor=principal.actor(), reason=reason)


async def admit(request: Request, route: str) -> Exchange:
    """Check everything that needs no service; the running exchange is set when it returns."""
    gateway = request.app.state.gateway
    granted = permissions.TABLE.get(route)
    identity = await gateway.gate.identify(request, open_route=granted is permissions.PUBLIC)
    if not permissions.allowed(identity.principal.roles, route):
        raise Problem(403, "FORBIDDEN")
    _check_path(request)
    limiter = gateway.scanner_limiter if identity.principal.kind == "device" else gateway.limiter
    if granted is not permissions.PUBLIC and (wait := limiter.wait(identity.principal.subject)):
        raise Problem(429, "TOO_MANY_REQUESTS", {"seconds": str(wait)}, headers={"Retry-After": str(wait)})
    running = Exchange(identity.principal, route, identity.session)
    exchange.begin(running)
    completions.set_public_url(gateway.settings.public_url)
    principal.current.set(identity.principal if identity.principal.subject else None)
    notes.after.set(gateway.clients.marks.of(identity.session))
    await _read(request, running)
    running.start_clock()
    return running


def _check_path(request: Request) -> None:
    for name, value in request.path_params.items():
        if len(value) > PATH_PARAM_LENGTH or not value.isprintable():
            raise Problem(404, "NOT_FOUND", {"name": name})
    for name, value in request.query_params.multi_items():
        if "\x00" in value:
            raise Problem(422, "INVALID_REQUEST", {"fields": name}, fields=[FieldProblem(name, "UNREADABLE_TEXT")])


async def _read(request: Request, running: Exchange) -> None:
    body = b""
    if request.method not in ("GET", "HEAD"):
        body = await _bounded(request, UPLOAD_BYTES if running.route in UPLOADS else BODY_BYTES)
    request._body = body
    canonical = hashlib.sha256(body).hexdigest() if running.route in UPLOADS else _json(request, body, running.route)
    running.object, running.reason = ",".join(request.path_params.values()), _reason(request)
    if request.method == "POST":
        running.key = _key(request, running.route)
        path = json.dumps(request.path_params, sort_keys=True)
        running.fingerprint = hashlib.sha256(f"{path}\n{canonical}".encode()).hexdigest()


def _reason(request: Request) -> str:
    """Return why the caller does it, where the body says so."""
    body = getattr(request, "_json", None)
    said = (body.get("reason") or body.get("override_reason") or "") if isinstance(body, dict) else ""
    return str(said)[:500]


async def _bounded(request: Request, limit: int) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise Problem(413, "BODY_TOO_LARGE", {"limit": str(limit)})
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise Problem(413, "BODY_TOO_LARGE", {"limit": str(limit)})
        parts.append(part)
    return b"".join(parts)


def _json(request: Request, body: bytes, route: str) -> str:
    """Parse the body exactly and return its canonical text; numbers never pass through float."""
    if not body:
        return ""
    media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type != "application/json" and not (
        media_type.startswith("application/") and media_type.endswith("+json")
    ):
        raise Problem(415, "UNSUPPORTED_MEDIA_TYPE", {"expected": "application/json"})
    try:
        parsed = _EXACT.decode(_readable(body, route))
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise Problem(400, "UNREADABLE") from error
    _check(parsed, "", DEPTH)
    request._json = parsed
    return json.dumps(parsed, sort_keys=True, default=str, ensure_ascii=True, separators=(",", ":"))


def _readable(body: bytes, route: str) -> str:
    """Return the body as text; NUL in a scan becomes a letter no code has: one scan never blocks the others."""
    return body.decode("utf-8").replace("\\u0000", "\\ufffd" if route in KEYED_BY_SCAN else "\\u0000")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that says a name twice: two readers could believe different values (RFC 8259, 4)."""
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ValueError("a name stands twice")
    return read


_EXACT = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse, object_pairs_hook=_unambiguous)


def _check(value: Any, where: str, depth: int) -> None:
    """Refuse what no service should have to survive: absurd depth or length, text that is not Unicode or holds NUL."""
    if isinstance(value, str):
        _check_text(value, where)
    elif isinstance(value, dict):
        if depth == 0:
            raise Problem(400, "UNREADABLE")
        for key, inner in value.items():
            _check_text(key, where)
            _check(inner, f"{where}.{key}" if where else key, depth - 1)
    elif isinstance(value, list):
        if depth == 0:
            raise Problem(400, "UNREADABLE")
        if len(value) > LIST_LENGTH:
            problem = FieldProblem(where, "TOO_MANY", {"max_length": str(LIST_LENGTH)})
            raise Problem(422, "INVALID_REQUEST", {"fields": where}, fields=[problem])
        for position, inner in enumerate(value):
            _check(inner, f"{where}.{position}", depth - 1)


def _check_text(value: str, where: str) -> None:
    if value.isascii() and "\x00" not in value:
        return
    if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise Problem(
            422, "INVALID_REQUEST", {"fields": where[:100]}, fields=[FieldProblem(where[:100], "UNREADABLE_TEXT")]
        )


def _key(request: Request, route: str) -> str:
    key = request.headers.get("idempotency-key", "").strip()
    if route.startswith("POST /auth/") or route in UNKEYED:
        return ""
    if not key and route not in KEYED_BY_SCAN:
        raise Problem(400, "IDEMPOTENCY_KEY_REQUIRED")
    if len(key) > KEY_LENGTH or not key.isascii() or not key.isprintable():
        raise Problem(400, "IDEMPOTENCY_KEY_INVALID", {"max_length": str(KEY_LENGTH)})
    return key
