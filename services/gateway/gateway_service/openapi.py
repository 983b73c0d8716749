"""The published contract: OpenAPI 3.1 with schemas, examples, problems, headers and the security scheme."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from gateway_service import answers, permissions
from gateway_service.front import KEYED_BY_SCAN, PREFIX, UNKEYED

DESCRIPTION = """
OrderHub: from a customer's call to signed delivery.

Decimals leave as strings and enter as string or number. Instants are RFC 3339; due dates are civil dates of the
factory's zone. Every POST that changes business data takes an `Idempotency-Key`. Errors are RFC 9457 problem
documents with a Chinese title and a stable `reason`.
"""
ALWAYS = {"400": "Unreadable", "422": "Invalid", "429": "Too many requests", "503": "A service is away"}
SIGNED_IN = {"401": "Sign-in needed", "403": "Not allowed"}
BODY = {"413": "Body too large", "415": "Not JSON"}


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the document, made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title="OrderHub", version=app.version, openapi_version="3.1.0", description=DESCRIPTION, routes=app.routes
        )
        components = document.setdefault("components", {})
        components.setdefault("schemas", {}).update(answers.schemas())
        components["schemas"].pop("HTTPValidationError", None)
        components["schemas"].pop("ValidationError", None)
        components["securitySchemes"] = {
            "bearer": {
                "type": "http",
                "scheme": "bearer",
                "description": "Access token of /auth/login, or a device token.",
            },
            "cookie": {"type": "apiKey", "in": "cookie", "name": "oh_access"},
        }
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                _complete(f"{method.upper()} {path.removeprefix(PREFIX)}", operation)
        app.openapi_schema = document
    return app.openapi_schema


def _complete(route: str, operation: dict[str, Any]) -> None:
    granted = permissions.TABLE.get(route, frozenset())
    public = granted is permissions.PUBLIC
    operation["security"] = [] if public else [{"bearer": []}, {"cookie": []}]
    if not public:
        operation["x-roles"] = sorted(granted | {permissions.ADMIN})
    if _keyed(route):
        operation.setdefault("parameters", []).append(_key_parameter(required=route not in KEYED_BY_SCAN))
    wanted = ALWAYS | ({} if public else SIGNED_IN) | (BODY if "requestBody" in operation else {})
    if "{" in route or route.startswith("POST"):
        wanted |= {"404": "Not found"}
    if not route.startswith("GET") and not public:
        wanted |= {"409": "Wrong state or duplicate", "412": "Stale version"}
    if route.startswith("PATCH"):
        wanted |= {"428": "If-Match needed"}
    for status, words in wanted.items():
        operation["responses"][status] = {
            "description": words,
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }


def _keyed(route: str) -> bool:
    return route.startswith("POST ") and not route.startswith("POST /auth/") and route not in UNKEYED


def _key_parameter(*, required: bool) -> dict[str, Any]:
    return {
        "name": "Idempotency-Key", "in": "header", "required": required,
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
        "description": "The same key and body give the first answer again.",
        "example": "0192f0c1-2b7e-7c11-9a55-7a1d3c5e00ff",
    }  # fmt: skip
