"""What customers see of the person behind their order: a picture and a signature (S30)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chassis.database import Database, Transaction
from chassis.errors import FieldProblem
from chassis.sql import text
from gateway_service.attachments import media_type_of
from gateway_service.problems import Problem

MAX_BYTES = 512 * 1024
PICTURES = frozenset({"image/jpeg", "image/png", "image/webp"})
_COLUMNS = "username, signature, avatar_type, version"
_FIND = text(f"SELECT {_COLUMNS} FROM profiles WHERE username = :username")  # noqa: S608  constants
_PICTURE = text("SELECT avatar, avatar_type, version FROM profiles WHERE username = :username AND avatar IS NOT NULL")
_SIGN = text(f"""
INSERT INTO profiles (username, signature, updated_at) VALUES (:username, :signature, :now)
ON CONFLICT (username) DO UPDATE SET signature = EXCLUDED.signature, version = profiles.version + 1,
  updated_at = EXCLUDED.updated_at
RETURNING {_COLUMNS}
""")  # noqa: S608  constants
_PORTRAY = text(f"""
INSERT INTO profiles (username, avatar, avatar_type, updated_at) VALUES (:username, :avatar, :type, :now)
ON CONFLICT (username) DO UPDATE SET avatar = EXCLUDED.avatar, avatar_type = EXCLUDED.avatar_type,
  version = profiles.version + 1, updated_at = EXCLUDED.updated_at
RETURNING {_COLUMNS}
""")  # noqa: S608  constants


@dataclass(frozen=True, slots=True)
class Profile:
    """One person as customers see them; `version` is 0 for somebody who never said anything."""

    username: str
    signature: str = ""
    has_avatar: bool = False
    version: int = 0

    def avatar_url(self, path: str) -> str | None:
        """Return the address of the picture, another one for each picture; None without one."""
        return f"{path}?v={self.version}" if self.has_avatar else None


@dataclass(frozen=True, slots=True)
class Picture:
    """A portrait as it was uploaded."""

    content: bytes
    media_type: str
    version: int


def _profile(row: Any) -> Profile:
    return Profile(row.username, row.signature, bool(row.avatar_type), row.version)


async def find(database: Database, username: str) -> Profile:
    """Return the profile of a user, an empty one when there is none."""
    async with database.read() as connection:
        row = (await connection.execute(_FIND, {"username": username})).one_or_none()
    return Profile(username) if row is None else _profile(row)


async def picture(database: Database, username: str) -> Picture:
    """Return somebody's picture; raise a 404 problem."""
    async with database.read() as connection:
        row = (await connection.execute(_PICTURE, {"username": username})).one_or_none()
    if row is None:
        raise Problem(404, "AVATAR_NOT_FOUND")
    return Picture(bytes(row.avatar), row.avatar_type, row.version)


async def sign(unit: Transaction, username: str, signature: str) -> Profile:
    """Set the words under the name."""
    values = {"username": username, "signature": signature, "now": unit.now}
    return _profile((await unit.execute(_SIGN, values)).one())


async def portray(unit: Transaction, username: str, content: bytes | None) -> Profile:
    """Set the picture, or take it away; raise a 413 or 415 problem."""
    kind = "" if content is None else _checked(content)
    values = {"username": username, "avatar": content, "type": kind, "now": unit.now}
    return _profile((await unit.execute(_PORTRAY, values)).one())


def _checked(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise Problem(413, "BODY_TOO_LARGE", {"limit": str(MAX_BYTES)})
    kind = media_type_of(content)
    if kind not in PICTURES:
        raise Problem(415, "PICTURE_NEEDED", fields=[FieldProblem("file", "PICTURE_NEEDED")])
    return str(kind)
