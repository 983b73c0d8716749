"""Other systems: each holds a revocable token that opens what its scopes name and nothing else."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.database import Database, Transaction
from chassis.ids import uuid7
from chassis.sql import text
from gateway_service.tokens import digest

PREFIX = "ohi"
_COLUMNS = "id, name, scopes, created_at, created_by, revoked_at"
_ADD = text("""
INSERT INTO integrations (id, name, scopes, token_digest, created_by, created_at)
VALUES (:id, :name, CAST(:scopes AS text[]), :digest, :who, :now)
""")
_REVOKE = text(f"""
UPDATE integrations SET revoked_at = coalesce(revoked_at, :now) WHERE id = :id RETURNING {_COLUMNS}
""")  # noqa: S608  constants
_FIND = text("SELECT id, scopes FROM integrations WHERE token_digest = :digest AND revoked_at IS NULL")
_LIST = text(f"SELECT {_COLUMNS} FROM integrations WHERE id < :before ORDER BY id DESC LIMIT :limit")  # noqa: S608


def shown(row: Any) -> dict[str, Any]:
    """Return an integration as people see it: never its token."""
    return {
        "id": str(row.id), "name": row.name, "scopes": sorted(row.scopes), "created_by": row.created_by,
        "created_at": row.created_at.isoformat(timespec="milliseconds"),
        "revoked_at": row.revoked_at and row.revoked_at.isoformat(timespec="milliseconds"),
    }  # fmt: skip


def token_of(key: str, integration: UUID) -> str:
    """Return an integration's token: made from our key, so that a repeated request shows it again and nothing keeps it."""
    made = hmac.new(key.encode(), f"integration {integration}".encode(), hashlib.sha256).digest()
    return f"{PREFIX}_{base64.urlsafe_b64encode(made).decode().rstrip('=')}"


async def add(unit: Transaction, name: str, scopes: Sequence[str], key: str) -> dict[str, Any]:
    """Make an integration; only a digest of its token is stored."""
    made = uuid7()
    values = {"id": made, "name": name, "scopes": sorted(set(scopes)), "digest": digest(token_of(key, made))}
    await unit.execute(_ADD, {**values, "who": unit.actor, "now": unit.now})
    return {"id": str(made), "name": name, "scopes": sorted(set(scopes))}


async def revoke(unit: Transaction, integration: UUID) -> dict[str, Any] | None:
    """End an integration's token for good."""
    row = (await unit.execute(_REVOKE, {"id": integration, "now": unit.now})).one_or_none()
    return None if row is None else shown(row)


async def listed(database: Database, before: UUID, limit: int) -> list[dict[str, Any]]:
    """Return integrations, newest first."""
    async with database.read() as connection:
        return [shown(row) for row in await connection.execute(_LIST, {"before": before, "limit": limit})]


async def named_by(database: Database, token: str) -> tuple[str, frozenset[str]] | None:
    """Return the id and scopes of the integration that holds this token; None when none does or it was revoked."""
    async with database.read() as connection:
        row = (await connection.execute(_FIND, {"digest": digest(token)})).one_or_none()
    return None if row is None else (str(row.id), frozenset(row.scopes))
