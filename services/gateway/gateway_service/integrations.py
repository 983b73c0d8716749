"""Other systems: each holds a revocable token that opens what its scopes name and nothing else."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from chassis.database import Database, Transaction
from chassis.ids import uuid7
from chassis.sql import text
from gateway_service.problems import Problem
from gateway_service.tokens import digest

PREFIX = "ohi"
USED_WITHIN = timedelta(hours=1)  # how exactly the last use is kept: a row written an hour, not a request
_COLUMNS = "id, name, scopes, addresses, expires_at, last_used_at, created_at, created_by, revoked_at"
_ADD = text("""
INSERT INTO integrations (id, name, scopes, addresses, expires_at, token_digest, created_by, created_at)
VALUES (:id, :name, CAST(:scopes AS text[]), CAST(:addresses AS text[]), :expires_at, :digest, :who, :now)
""")
_REVOKE = text(f"""
UPDATE integrations SET revoked_at = coalesce(revoked_at, :now) WHERE id = :id RETURNING {_COLUMNS}
""")  # noqa: S608  constants
_FIND = text("""
SELECT id, scopes, addresses, last_used_at FROM integrations
WHERE token_digest = :digest AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :now)
""")
_USED = text("UPDATE integrations SET last_used_at = :now WHERE id = :id")
_LIST = text(f"SELECT {_COLUMNS} FROM integrations WHERE id < :before ORDER BY id DESC LIMIT :limit")  # noqa: S608


def shown(row: Any) -> dict[str, Any]:
    """Return an integration as people see it: never its token."""
    return {
        "id": str(row.id), "name": row.name, "scopes": sorted(row.scopes), "created_by": row.created_by,
        "addresses": list(row.addresses), "created_at": _instant(row.created_at), "revoked_at": _instant(row.revoked_at),
        "expires_at": _instant(row.expires_at), "last_used_at": _instant(row.last_used_at),
    }  # fmt: skip


def _instant(at: Any) -> str | None:
    return None if at is None else str(at.isoformat(timespec="milliseconds"))


def token_of(key: str, integration: UUID) -> str:
    """Return an integration's token: made from our key, so that a repeated request shows it again and nothing keeps it."""
    made = hmac.new(key.encode(), f"integration {integration}".encode(), hashlib.sha256).digest()
    return f"{PREFIX}_{base64.urlsafe_b64encode(made).decode().rstrip('=')}"


async def add(
    unit: Transaction, name: str, scopes: Sequence[str], key: str, *, addresses: Sequence[str], lasts: timedelta
) -> dict[str, Any]:
    """Make an integration; only a digest of its token is stored."""
    made, ends = uuid7(), unit.now + lasts
    shown_scopes, networks = sorted(set(scopes)), sorted({str(ipaddress.ip_network(one)) for one in addresses})
    values = {"id": made, "name": name, "scopes": shown_scopes, "addresses": networks, "expires_at": ends}
    await unit.execute(_ADD, {**values, "digest": digest(token_of(key, made)), "who": unit.actor, "now": unit.now})
    return {
        "id": str(made), "name": name, "scopes": shown_scopes, "addresses": networks, "expires_at": _instant(ends),
    }  # fmt: skip


async def revoke(unit: Transaction, integration: UUID) -> dict[str, Any] | None:
    """End an integration's token for good."""
    row = (await unit.execute(_REVOKE, {"id": integration, "now": unit.now})).one_or_none()
    return None if row is None else shown(row)


async def listed(database: Database, before: UUID, limit: int) -> list[dict[str, Any]]:
    """Return integrations, newest first."""
    async with database.read() as connection:
        return [shown(row) for row in await connection.execute(_LIST, {"before": before, "limit": limit})]


async def named_by(database: Database, token: str, address: str) -> tuple[str, frozenset[str]] | None:
    """Return the id and scopes of the integration that holds this token; None when none does, or no longer.

    Raises a problem 403 when it calls from somewhere else than its networks.
    """
    now = database.clock.now()
    async with database.read() as connection:
        row = (await connection.execute(_FIND, {"digest": digest(token), "now": now})).one_or_none()
    if row is None:
        return None
    if row.addresses and not within(address, row.addresses):
        raise Problem(403, "ADDRESS_NOT_ALLOWED", {"address": address})
    if row.last_used_at is None or now - row.last_used_at > USED_WITHIN:
        async with database.transaction(who="gateway") as unit:
            await unit.execute(_USED, {"id": row.id, "now": now})
    return str(row.id), frozenset(row.scopes)


def within(address: str, networks: Sequence[str]) -> bool:
    """True when the address lies in one of the networks; what is no address lies nowhere."""
    try:
        caller = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = caller.ipv4_mapped if isinstance(caller, ipaddress.IPv6Address) else None
    return any((mapped or caller) in ipaddress.ip_network(network) for network in networks)
