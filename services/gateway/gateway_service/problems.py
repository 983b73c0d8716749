"""Refusals as RFC 9457 problem documents: one path from reason to Chinese title, tables only."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import grpc
import structlog
from fastapi.exceptions import RequestValidationError
from opentelemetry import trace
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from chassis.database import is_transient
from chassis.errors import ChassisRefusal, FieldProblem, Remote
from gateway_service import texts

MOST_FIELDS = 1000  # wrong fields told at once: an answer is not many times its question
FIELD_LENGTH = 200
MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = "2"
SEALED = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
STATUS = {
    grpc.StatusCode.INVALID_ARGUMENT: 422,
    grpc.StatusCode.OUT_OF_RANGE: 422,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.FAILED_PRECONDITION: 409,
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.ABORTED: 412,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 503,
    grpc.StatusCode.CANCELLED: 503,
    grpc.StatusCode.UNIMPLEMENTED: 503,
}
BY_HTTP = {
    400: "UNREADABLE",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "BODY_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
}
SHAPES = {
    "extra_forbidden": "UNKNOWN_FIELD",
    "missing": "REQUIRED",
    "string_too_long": "TOO_LONG",
    "string_too_short": "REQUIRED",
    "too_long": "TOO_MANY",
    "too_short": "REQUIRED",
    "literal_error": "NOT_ALLOWED",
    "string_pattern_mismatch": "MALFORMED",
    "string_type": "NOT_A_TEXT",
    "bool_type": "NOT_A_BOOLEAN",
    "bool_parsing": "NOT_A_BOOLEAN",
    "list_type": "NOT_A_LIST",
    "tuple_type": "NOT_A_LIST",
    "value_error": "MALFORMED",
    "model_attributes_type": "NOT_AN_OBJECT",
    "model_type": "NOT_AN_OBJECT",
    "dict_type": "NOT_AN_OBJECT",
    "int_type": "NOT_AN_INTEGER",
    "int_parsing": "NOT_AN_INTEGER",
    "int_from_float": "NOT_AN_INTEGER",
    "int_parsing_size": "OUT_OF_RANGE",
    "greater_than_equal": "OUT_OF_RANGE",
    "less_than_equal": "OUT_OF_RANGE",
}
_INDEX = re.compile(r"\[(\d+)\]")  # some services write lines[0], the contract lines.0
_CHOICES = re.compile(r"'([^']*)'")  # pydantic lists what is allowed as 'red', 'yellow' or 'green'
log = structlog.get_logger()


class Problem(Exception):
    """A refusal the gateway makes or passes on; `reason` finds the Chinese words."""

    def __init__(
        self,
        status: int,
        reason: str,
        params: Mapping[str, str] | None = None,
        *,
        fields: Sequence[FieldProblem] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, reason)
        self.status = status
        self.reason = reason
        self.params = dict(params or {})
        self.fields = tuple(fields)
        self.headers = dict(headers or {})

    def document(self) -> dict[str, Any]:
        """Return the RFC 9457 members; `allowed` only where the refusal names moves."""
        title = title_of(self.reason, self.status, self.params)
        document: dict[str, Any] = {
            "type": f"urn:orderhub:problem:{self.reason.lower()}",
            "title": title,
            "status": self.status,
            "detail": texts.say("details", self.reason, self._spoken(), title),
            "reason": self.reason,
            "trace_id": trace_id(),
            "errors": [worded(problem) for problem in self.fields],
        }
        if self.status == 409 and "allowed" in self.params:
            document["allowed"] = [move for move in self.params["allowed"].split(",") if move]
        if self.params:
            document["params"] = self.params
        return document

    def _spoken(self) -> dict[str, str]:
        """Return the params with moves in the words people use."""
        moves = [move for move in self.params.get("allowed", "").split(",") if move]
        words = [texts.say("moves", move) for move in moves] or [texts.say("moves", "none")]
        return self.params | {"moves": texts.say("moves", "comma").join(words)}

    def response(self) -> Response:
        """Return the problem as an HTTP answer."""
        body = json.dumps(self.document(), ensure_ascii=False).encode()
        return Response(body, self.status, {**SEALED, **self.headers}, MEDIA_TYPE)


def title_of(reason: str, status: int, params: Mapping[str, str]) -> str:
    """Return the Chinese title of a reason: its own, its field's words, or what the status means."""
    book = texts.book()
    section = next((name for name in ("titles", "fields") if reason in book[name]), None)
    return texts.say(section, reason, params) if section else str(book["status"].get(str(status), reason))


def worded(problem: FieldProblem) -> dict[str, str]:
    """Return one field error with its Chinese message."""
    words = texts.say("fields", problem.reason, problem.params, "") or texts.say(
        "titles", problem.reason, problem.params
    )
    return {"field": _INDEX.sub(r".\1", problem.field), "reason": problem.reason, "message": words}


def trace_id() -> str:
    """Return the running trace's id; a fresh one outside any trace, so that a caller always has a word to name."""
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else secrets.token_hex(16)


def of(error: Exception) -> Problem:
    """Return the problem an exception means; what nobody foresaw is logged and tells nothing."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, Remote):
        return _of_remote(error)
    if isinstance(error, RequestValidationError | ValidationError):
        return _of_validation(error.errors())
    if isinstance(error, HTTPException):
        return Problem(error.status_code, BY_HTTP.get(error.status_code, "REFUSED"), headers=error.headers)
    if isinstance(error, ChassisRefusal):
        return Problem(STATUS.get(error.code, 409), error.reason, error.params, fields=error.fields)
    if isinstance(error, ClientDisconnect):  # nobody reads the answer, and nothing of ours failed
        return Problem(400, "UNREADABLE")
    if is_transient(error):
        return Problem(503, "DATABASE_UNAVAILABLE", headers={"Retry-After": RETRY_SECONDS})
    log.error("request_failed", exc_info=error)
    return Problem(500, "INTERNAL_ERROR")


def _of_remote(error: Remote) -> Problem:
    status = STATUS.get(error.code, 500)
    if status == 500:
        log.error("service_failed", code=error.code.name, reason=error.reason)
        return Problem(500, "INTERNAL_ERROR")
    reason = "SERVICE_UNAVAILABLE" if status == 503 else error.reason
    headers = {"Retry-After": RETRY_SECONDS} if status in (429, 503) else {}
    return Problem(status, reason, {} if status == 503 else error.params, fields=error.fields, headers=headers)


def _of_validation(errors: Sequence[Any]) -> Problem:
    fields = [_field(error) for error in errors[:MOST_FIELDS]]
    return Problem(422, "INVALID_REQUEST", {"fields": "、".join(field.field for field in fields[:10])}, fields=fields)


def _field(error: Mapping[str, Any]) -> FieldProblem:
    location = [str(part) for part in error["loc"] if part not in ("body", "query", "path", "header")]
    context = {name: str(value) for name, value in (error.get("ctx") or {}).items() if name != "error"}
    if error["type"] == "literal_error":
        context["expected"] = texts.say("phrases", "list").join(
            _CHOICES.findall(context["expected"]) or [context["expected"]]
        )
    reason = SHAPES.get(error["type"], error["type"].upper())
    if error["type"] == "string_too_short" and str(error.get("input") or "").strip():  # an empty one is missing
        reason = "TOO_SHORT"
    return FieldProblem(".".join(location)[:FIELD_LENGTH] or "body", reason, context)
