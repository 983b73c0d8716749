"""The FastAPI application: routes, errors outside routes, the published contract."""

from __future__ import annotations

from collections.abc import MutableMapping
from importlib.resources import files as resources
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from gateway_service import form_page, health, openapi, pages, problems
from gateway_service.front import PREFIX
from gateway_service.rendering import to_json
from gateway_service.routes import (
    access,
    calendar,
    complaints,
    customers,
    demo,
    desk,
    events,
    files,
    finance,
    floor,
    goods,
    inbox,
    live,
    master,
    messages,
    notify,
    orders,
    papers,
    personal_data,
    production,
    profiles,
    public_forms,
    quiet,
    refusals,
    reports,
    rush,
    scanners,
    scans,
    self_check,
    stock,
    supply,
    track,
)
from gateway_service.wiring import Gateway

VERSION = "0.1.0"
RESOURCES = (  # matched in this order
    scans, access, orders, papers, production, floor, rush, goods, customers, personal_data, master, stock, supply, finance, notify, quiet,
    inbox, desk, track, live, files, scanners, profiles, public_forms, refusals, self_check, events, messages,
    reports, complaints, calendar, demo,
)  # fmt: skip
SWAGGER = Path(str(resources("fastapi_standalone_docs"))) / "static" / "swagger"
# The page of /docs begins with a script of its own.
INLINE_POLICY = pages.POLICY.replace("script-src 'self'", "script-src 'self' 'unsafe-inline'")
QUIET_PATHS = ("/healthz", "/readyz")


def make(gateway: Gateway) -> FastAPI:
    """Return the application over a gateway."""
    app = FastAPI(
        title="OrderHub",
        version=VERSION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        telemetry={"operation_spans": False, "logs": False, "exclude": _unwatched},
    )
    app.state.gateway = gateway
    for resource in RESOURCES:
        app.include_router(resource.api)
    app.include_router(public_forms.orders)
    app.include_router(health.api)
    _publish(app)
    app.include_router(form_page.api)
    app.include_router(pages.api)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(Exception, _failed)
    return app


def _unwatched(scope: MutableMapping[str, Any]) -> bool:
    return scope.get("path") in QUIET_PATHS


async def _refused(_: Request, error: Exception) -> Response:
    return problems.of(error).response()


async def _failed(_: Request, __: Exception) -> Response:
    return problems.Problem(500, "INTERNAL_ERROR").response()


def _publish(app: FastAPI) -> None:
    app.mount("/docs/assets", StaticFiles(directory=SWAGGER))

    @app.get(f"{PREFIX}/openapi.json", include_in_schema=False)
    async def document() -> Response:
        return Response(_document(app), media_type="application/json")

    @app.get(f"{PREFIX}/asyncapi.json", include_in_schema=False)
    async def events() -> Response:
        return Response(
            resources("gateway_service").joinpath("asyncapi.json").read_bytes(), media_type="application/json"
        )

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        page = get_swagger_ui_html(
            openapi_url=f"{PREFIX}/openapi.json", title="OrderHub API", swagger_favicon_url="data:,",
            swagger_js_url="/docs/assets/swagger-ui-bundle.js", swagger_css_url="/docs/assets/swagger-ui.css",
        )  # fmt: skip
        page.headers.update(pages.SAFE_HEADERS | {"Content-Security-Policy": INLINE_POLICY})
        return page


def _document(app: FastAPI) -> bytes:
    return to_json(openapi.describe(app))
