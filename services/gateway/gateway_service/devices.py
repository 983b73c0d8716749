"""Scanners: enrolled once by a ten-minute code, named by a token of their own, revoked within seconds (5, row 10)."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.database import Database, Transaction, is_transient
from chassis.ids import uuid7
from chassis.sql import text
from gateway_service.tokens import digest, new_secret

ENROL_WITHIN = timedelta(minutes=10)
TOKEN_LASTS = timedelta(days=90)
RENEW_AFTER = timedelta(days=60)  # a device that is used at all renews in time
FORMER_LASTS = timedelta(days=7)  # the answer with the new token may be lost
FRESH_SECONDS = 10.0
CACHED = 10_000

_COLUMNS = "id, name, station, created_at, enrolled_at, revoked_at, last_seen_at, token_until"
_ADD = text("""
INSERT INTO devices (id, name, station, code_digest, code_expires_at, created_by, created_at)
VALUES (:id, :name, :station, :digest, :until, :who, :now)
""")
_ENROL = text("""
UPDATE devices SET token_digest = :token, token_until = :until, code_digest = NULL, enrolled_at = :now
WHERE code_digest = :code AND code_expires_at > :now AND revoked_at IS NULL
RETURNING id, name, station
""")
_RENEW = text("""
UPDATE devices SET token_digest = :token, token_until = :until, former_digest = :presented, former_until = :former_until
WHERE revoked_at IS NULL
  AND ((token_digest = :presented AND token_until > :now) OR (former_digest = :presented AND former_until > :now))
RETURNING id, name, station
""")
_REVOKE = text(f"""
UPDATE devices SET revoked_at = coalesce(revoked_at, :now), code_digest = NULL WHERE id = :id RETURNING {_COLUMNS}
""")  # noqa: S608  constants
_FIND = text("""
SELECT id FROM devices WHERE revoked_at IS NULL
  AND ((token_digest = :digest AND token_until > :now) OR (former_digest = :digest AND former_until > :now))
""")
_STANDS = text("SELECT count(*) FROM devices WHERE id = :id AND revoked_at IS NULL AND token_until > :now")
_LIST = text(f"SELECT {_COLUMNS} FROM devices WHERE id < :before ORDER BY id DESC LIMIT :limit")  # noqa: S608  constants


def shown(row: Any) -> dict[str, Any]:
    """Return a device as people see it: never its token."""
    return {
        "id": str(row.id), "name": row.name, "station": row.station or None,
        "created_at": row.created_at.isoformat(timespec="milliseconds"),
        "enrolled_at": row.enrolled_at and row.enrolled_at.isoformat(timespec="milliseconds"),
        "revoked_at": row.revoked_at and row.revoked_at.isoformat(timespec="milliseconds"),
        "token_until": row.token_until and row.token_until.isoformat(timespec="milliseconds"),
        "state": "revoked" if row.revoked_at else "enrolled" if row.enrolled_at else "waiting",
    }  # fmt: skip


async def add(unit: Transaction, name: str, station: str) -> Mapping[str, str]:
    """Make a device that waits for enrolment; return its id, one-time code and the code's end."""
    device, code = uuid7(), new_secret("ohe")
    until = unit.now + ENROL_WITHIN
    await unit.execute(
        _ADD,
        {
            "id": device, "name": name, "station": station, "digest": digest(code), "until": until,
            "who": unit.actor, "now": unit.now,
        },
    )  # fmt: skip
    return {"id": str(device), "name": name, "code": code, "code_expires_at": until.isoformat(timespec="seconds")}


async def enrol(unit: Transaction, code: str) -> Mapping[str, Any] | None:
    """Exchange a one-time code for the device's token; None when the code is unknown, spent or over."""
    token = new_secret("ohd")
    values = {"code": digest(code), "token": digest(token), "until": unit.now + TOKEN_LASTS, "now": unit.now}
    row = (await unit.execute(_ENROL, values)).one_or_none()
    return None if row is None else _enrolled(row, token, unit.now)


async def renew(unit: Transaction, presented: str) -> Mapping[str, Any] | None:
    """Exchange a token for the next one; the one presented stays good for a week. None when it is good no more."""
    token = new_secret("ohd")
    values = {
        "presented": digest(presented), "token": digest(token), "until": unit.now + TOKEN_LASTS,
        "former_until": unit.now + FORMER_LASTS, "now": unit.now,
    }  # fmt: skip
    row = (await unit.execute(_RENEW, values)).one_or_none()
    return None if row is None else _enrolled(row, token, unit.now)


def _enrolled(row: Any, token: str, now: datetime) -> Mapping[str, Any]:
    """Return what a device keeps, and from when on it should renew its token."""
    return {
        "device_id": str(row.id), "name": row.name, "station": row.station or None, "token": token,
        "renew_at": (now + RENEW_AFTER).isoformat(timespec="seconds"),
        "expires_at": (now + TOKEN_LASTS).isoformat(timespec="seconds"),
    }  # fmt: skip


async def revoke(unit: Transaction, device: str) -> dict[str, Any] | None:
    """End a device's token for good."""
    row = (await unit.execute(_REVOKE, {"id": UUID(device), "now": unit.now})).one_or_none()
    return None if row is None else shown(row)


async def listed(database: Database, before: UUID, limit: int) -> list[dict[str, Any]]:
    """Return devices, newest first."""
    async with database.read() as connection:
        return [shown(row) for row in await connection.execute(_LIST, {"before": before, "limit": limit})]


class DeviceTokens:
    """Knows for ten seconds whose a device token is."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: OrderedDict[bytes, tuple[float, str | None]] = OrderedDict()

    async def device_of(self, token: str) -> str | None:
        """Return the id of the device that holds this token; None when there is none or it was revoked."""
        key = digest(token)
        known = self._known.get(key)
        if known is not None and time.monotonic() - known[0] < FRESH_SECONDS:
            return known[1]
        async with self._database.read() as connection:
            values = {"digest": key, "now": self._database.clock.now()}
            found = (await connection.execute(_FIND, values)).scalar()
        device = None if found is None else str(found)
        self._known[key] = (time.monotonic(), device)
        if len(self._known) > CACHED:
            self._known.popitem(last=False)
        return device

    async def stands(self, device: str) -> bool:
        """True while a device is enrolled and not revoked; also while the database is away."""
        try:
            async with self._database.read() as connection:
                values = {"id": UUID(device), "now": self._database.clock.now()}
                return bool((await connection.execute(_STANDS, values)).scalar_one())
        except Exception as error:
            if not is_transient(error):
                raise
            return True

    def forget(self) -> None:
        """Ask the database again for every token; after a revocation."""
        self._known.clear()
