"""Channels as data: added by an administrator without a release (S16)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from chassis.database import Database, Transaction
from chassis.sql import text
from order_service.domain.errors import FieldProblem, Invalid
from order_service.domain.texts import checked_texts

_CODE = re.compile(r"[a-z][a-z0-9_]{0,38}[a-z0-9]", re.ASCII)
_LONGEST_NAME = 40
_PUT = text("""
INSERT INTO channel (code, active, name) VALUES (:code, :active, coalesce(CAST(:name AS text), ''))
ON CONFLICT (code) DO UPDATE SET active = EXCLUDED.active, name = coalesce(CAST(:name AS text), channel.name)
RETURNING code, active, name
""")
_LIST = text("SELECT code, active, name FROM channel ORDER BY code")


@dataclass(frozen=True, slots=True)
class Channel:
    """A way orders come in; closed ones take no new orders. An empty name leaves the word to the client."""

    code: str
    active: bool
    name: str


async def put_channel(unit: Transaction, code: str, *, active: bool, name: str | None) -> Channel:
    """Store a channel, keep its name when none is given; raise Invalid for a code or name that is none."""
    problems = []
    if not _CODE.fullmatch(code):
        problems.append(FieldProblem("code", "CODE_INVALID", {"code": code[:40].replace("\x00", "")}))
    problems += checked_texts({"name": (name or "", _LONGEST_NAME)})
    if problems:
        raise Invalid(problems)
    kept = (await unit.execute(_PUT, {"code": code, "active": active, "name": name})).one()
    return Channel(kept.code, kept.active, kept.name)


class ChannelViews:
    """Answers about channels."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def channels(self) -> list[Channel]:
        """Return every channel, closed ones too."""
        async with self._database.read() as connection:
            return [Channel(row.code, row.active, row.name) for row in await connection.execute(_LIST)]
