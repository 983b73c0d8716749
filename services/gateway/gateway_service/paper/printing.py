"""Asks the press for a document: one at a time, with a deadline, and a clear word when it can't be had."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import datetime
from typing import Any

import structlog
from starlette.responses import Response

from gateway_service.paper import NO_FONT
from gateway_service.problems import Problem

PRESS = (sys.executable, "-I", "-m", "gateway_service.paper.press")
PLAIN_SURROUNDINGS = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "RAYON_NUM_THREADS": "2"}
DEADLINE_SECONDS = 20.0
log = structlog.get_logger()
_turn = asyncio.Semaphore(1)


async def printed(template: str, content: dict[str, Any], made_at: datetime) -> bytes:
    """Return the PDF; raise a 503 problem when no Chinese font is installed or the press takes too long."""
    asked = json.dumps({"template": template, "content": content, "made_at": int(made_at.timestamp())}).encode()
    try:
        async with asyncio.timeout(DEADLINE_SECONDS), _turn:
            return await _pressed(asked)
    except TimeoutError as error:
        raise Problem(503, "PRINTING_TOO_SLOW", headers={"Retry-After": "10"}) from error


async def _pressed(asked: bytes) -> bytes:
    pipe = asyncio.subprocess.PIPE
    press = await asyncio.create_subprocess_exec(
        *PRESS, stdin=pipe, stdout=pipe, stderr=pipe, env=PLAIN_SURROUNDINGS, cwd="/"
    )
    try:
        made, complaint = await press.communicate(asked)
    finally:
        if press.returncode is None:
            press.kill()
            await press.wait()
    if press.returncode == NO_FONT:
        raise Problem(503, "CHINESE_FONT_MISSING")
    if press.returncode:
        log.error("printing_failed", code=press.returncode, complaint=complaint.decode("utf-8", "replace")[-2000:])
        raise Problem(503, "PRINTING_FAILED", headers={"Retry-After": "10"})
    return made


def paper(made: bytes, name: str) -> Response:
    """Return a PDF as an answer a browser shows, and saves under `name`."""
    return Response(
        made,
        200,
        {"Content-Disposition": f'inline; filename="{name}.pdf"', "Content-Security-Policy": "sandbox"},
        "application/pdf",
    )
