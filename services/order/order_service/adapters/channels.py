"""Channels as data: added by an administrator without a release (S16)."""

from __future__ import annotations

import re

from chassis.database import Database, Transaction
from chassis.sql import text
from order_service.domain.errors import FieldProblem, Invalid

_CODE = re.compile(r"[a-z][a-z0-9_]{0,38}[a-z0-9]", re.ASCII)
_PUT = text("""
INSERT INTO channel (code, active) VALUES (:code, :active) ON CONFLICT (code) DO UPDATE SET active = EXCLUDED.active
""")
_LIST = text("SELECT code, active FROM channel ORDER BY code")


async def put_channel(unit: Transaction, code: str, *, active: bool) -> None:
    """Store a channel; raise Invalid for a code that is none."""
    if not _CODE.fullmatch(code):
        raise Invalid([FieldProblem("code", "CODE_INVALID", {"code": code[:40].replace("\x00", "")})])
    await unit.execute(_PUT, {"code": code, "active": active})


class ChannelViews:
    """Answers about channels."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def channels(self) -> list[tuple[str, bool]]:
        """Return code and activity of every channel."""
        async with self._database.read() as connection:
            return [(row.code, row.active) for row in await connection.execute(_LIST)]
