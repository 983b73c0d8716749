"""/attachments"""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import File, Request, Response, UploadFile

from chassis.database import Transaction
from gateway_service import answers, exchange, sight
from gateway_service.attachments import Attachment
from gateway_service.problems import Problem
from gateway_service.rendering import answer
from gateway_service.routes import Services, gateway_of, router
from gateway_service.routes.scanners import once

api = router("attachments")
FILE: dict[str, Any] = {"description": "The file", "content": {"application/octet-stream": {}}}
SEALED = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}


@api.post(
    "/attachments",
    status_code=201,
    responses=answers.free({"id": "string", "file_name": "string", "size": "integer"}, 201),
)
async def add_attachment(request: Request, file: Annotated[UploadFile, File()]) -> Response:
    """Keep a picture or PDF (jpg, png, webp, pdf by content; at most 10 MB); name its id in `attachment_ids`."""
    return answer(await keep(request, file), 201)


async def keep(request: Request, file: UploadFile) -> dict[str, Any]:
    """Store an upload once per idempotency key and return what is shown of it."""
    attachments, running = gateway_of(request).attachments, exchange.current()
    kept = await attachments.keep(file.filename or "", file.content_type or "", await file.read())
    running.fingerprint = f"{kept.sha256} {kept.file_name}"  # multipart bodies differ in their boundary each time

    async def work(unit: Transaction) -> dict[str, Any]:
        await attachments.record(unit, kept)
        return kept.shown() | {"created_by": unit.actor}

    shown = await once(request, work)
    if running.replayed:
        await attachments.drop(kept)
    return shown


@api.get("/attachments/{attachment}", response_class=Response, responses={200: FILE})
async def get_attachment(attachment: str, request: Request, services: Services) -> Response:
    """The file itself, always as a download; for a salesperson alone their own and those of orders they may see."""
    known, content = await gateway_of(request).attachments.find(attachment)
    if known.created_by != exchange.current().principal.subject and not await sight.is_attached(services, known.id):
        raise Problem(404, "ATTACHMENT_NOT_FOUND")
    return download(known, content)


def download(known: Attachment, content: bytes) -> Response:
    """Return a file as nothing but a file."""
    disposition = f"attachment; filename*=UTF-8''{quote(known.file_name)}"
    return Response(content, headers={**SEALED, "Content-Disposition": disposition}, media_type=known.media_type)
