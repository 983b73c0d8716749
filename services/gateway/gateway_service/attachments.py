"""Attachments: pictures and PDFs recognised by their content, kept on disk under names nobody chooses (S22, 5 row 18)."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from chassis.database import Database, Transaction
from chassis.errors import FieldProblem
from chassis.ids import uuid7
from chassis.sql import text
from gateway_service.problems import Problem

MAX_BYTES = 10 * 1024 * 1024
NAME_LENGTH = 120
_UNSAFE = re.compile(r"[^\w.\-()（） ]+")
SUFFIXES = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/webp": (".webp",),
    "application/pdf": (".pdf",),
}
_INSERT = text("""
INSERT INTO attachments (id, file_name, media_type, size, sha256, created_by, created_at)
VALUES (:id, :file_name, :media_type, :size, :sha256, :who, :now)
""")
_FIND = text("SELECT id, file_name, media_type, size, sha256, created_by, created_at FROM attachments WHERE id = :id")

_NAMED = text("SELECT id, file_name, media_type, size FROM attachments WHERE id = ANY(:ids)")  # by primary key
_OWN = text("SELECT count(*) FROM attachments WHERE created_by = :who AND id = ANY(:ids)")  # by primary key


class Store(Protocol):
    """Keeps bytes under a key."""

    async def put(self, key: str, content: bytes) -> None:
        """Keep the content; what had the key before is gone."""
        ...

    async def get(self, key: str) -> bytes:
        """Return the content; raise FileNotFoundError."""
        ...

    async def drop(self, key: str) -> None:
        """Forget the content, if it is there."""
        ...


class DiskStore:
    """A folder outside any web root."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, key: str, content: bytes) -> None:
        """Write through a temporary name, so that a half file is never read."""
        await asyncio.to_thread(self._write, key, content)

    async def get(self, key: str) -> bytes:
        """Return the content; raise FileNotFoundError."""
        return await asyncio.to_thread((self._folder / key[-2:] / key).read_bytes)

    async def drop(self, key: str) -> None:
        """Forget the content, if it is there."""
        await asyncio.to_thread((self._folder / key[-2:] / key).unlink, True)

    def _write(self, key: str, content: bytes) -> None:
        folder = self._folder / key[-2:]
        folder.mkdir(parents=True, exist_ok=True)
        waiting = folder / f".{key}.part"
        with waiting.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        waiting.replace(folder / key)


class MemoryStore:
    """The twin of DiskStore."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    async def put(self, key: str, content: bytes) -> None:
        """Keep the content; what had the key before is gone."""
        self._kept[key] = content

    async def get(self, key: str) -> bytes:
        """Return the content; raise FileNotFoundError."""
        if key not in self._kept:
            raise FileNotFoundError(key)
        return self._kept[key]

    async def drop(self, key: str) -> None:
        """Forget the content, if it is there."""
        self._kept.pop(key, None)


@dataclass(frozen=True, slots=True)
class Attachment:
    """What is known of one file."""

    id: str
    file_name: str
    media_type: str
    size: int
    sha256: str
    created_by: str
    created_at: datetime

    def shown(self) -> dict[str, Any]:
        """Return what REST shows."""
        return {
            "id": self.id, "file_name": self.file_name, "media_type": self.media_type, "size": self.size,
            "sha256": self.sha256, "created_by": self.created_by,
            "created_at": self.created_at.isoformat(timespec="milliseconds"),
        }  # fmt: skip


def media_type_of(content: bytes) -> str | None:
    """Return the type the first bytes give away; None for anything not allowed."""
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return "application/pdf" if content.startswith(b"%PDF-") else None


def safe_name(name: str, media_type: str) -> str:
    """Return a file name without path, control characters or a misleading end."""
    stem = _UNSAFE.sub("_", name.replace("\\", "/").rsplit("/", 1)[-1]).strip(" .")[:NAME_LENGTH] or "file"
    return stem if stem.lower().endswith(SUFFIXES[media_type]) else stem + SUFFIXES[media_type][0]


def checked(name: str, declared: str, content: bytes) -> str:
    """Return the media type when name, declared type and content agree; raise a 413 or 415 problem."""
    if len(content) > MAX_BYTES:
        raise Problem(413, "BODY_TOO_LARGE", {"limit": str(MAX_BYTES)})
    found = media_type_of(content)
    wrong = FieldProblem("file", "FILE_TYPE_NOT_ALLOWED")
    if found is None or (declared not in ("", "application/octet-stream", found)):
        raise Problem(415, "FILE_TYPE_NOT_ALLOWED", fields=[wrong])
    suffix = Path(name).suffix.lower()
    if suffix and suffix not in SUFFIXES[found]:
        raise Problem(415, "FILE_TYPE_NOT_ALLOWED", fields=[wrong])
    return found


def _is_key(said: str) -> bool:
    try:
        UUID(said)
    except ValueError:
        return False
    return True


class Attachments:
    """Files and what is known of them: the content first, then its row, so that a row always has its content."""

    def __init__(self, database: Database, store: Store) -> None:
        self._database = database
        self._store = store

    async def keep(self, name: str, declared: str, content: bytes) -> Attachment:
        """Store the content of a file that is allowed; the row follows in the command's transaction."""
        media_type = checked(name, declared, content)
        key = str(uuid7())
        await self._store.put(key, content)
        now = self._database.clock.now()
        digest = hashlib.sha256(content).hexdigest()
        return Attachment(key, safe_name(name, media_type), media_type, len(content), digest, "", now)

    @staticmethod
    async def record(unit: Transaction, kept: Attachment) -> None:
        """Write the row of a stored file."""
        await unit.execute(
            _INSERT,
            {
                "id": UUID(kept.id), "file_name": kept.file_name, "media_type": kept.media_type, "size": kept.size,
                "sha256": kept.sha256, "who": unit.actor, "now": kept.created_at,
            },
        )  # fmt: skip

    async def of(self, who: str, wanted: list[str]) -> bool:
        """True when every one of `wanted` was kept by `who`."""
        try:
            keys = {UUID(one) for one in wanted}
        except ValueError:
            return False
        async with self._database.read() as connection:
            found = (await connection.execute(_OWN, {"who": who, "ids": list(keys)})).scalar_one()
        return bool(found == len(keys))

    async def named(self, wanted: list[str]) -> list[dict[str, Any]]:
        """Return name, type and size of each file that is known, in the order asked for."""
        if not wanted:
            return []
        async with self._database.read() as connection:
            rows = await connection.execute(_NAMED, {"ids": [UUID(one) for one in wanted if _is_key(one)]})
        known = {
            str(row.id): {"file_name": row.file_name, "media_type": row.media_type, "size": row.size} for row in rows
        }
        return [{"id": one, **known[one]} for one in wanted if one in known]

    async def drop(self, kept: Attachment) -> None:
        """Forget the content of a file whose command turned out to be a repetition."""
        await self._store.drop(kept.id)

    async def find(self, attachment: str) -> tuple[Attachment, bytes]:
        """Return one file; raise a 404 problem."""
        try:
            key = UUID(attachment)
        except ValueError as error:
            raise Problem(404, "ATTACHMENT_NOT_FOUND") from error
        async with self._database.read() as connection:
            row = (await connection.execute(_FIND, {"id": key})).one_or_none()
        if row is None:
            raise Problem(404, "ATTACHMENT_NOT_FOUND")
        known = Attachment(str(row.id), *row[1:])
        try:
            return known, await self._store.get(known.id)
        except FileNotFoundError as error:
            raise Problem(404, "ATTACHMENT_NOT_FOUND") from error
