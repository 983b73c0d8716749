"""The last seal of the audit log, one line a day in a folder outside the database: a log whose tail was cut off shows.

The chain alone cannot tell: seals taken from its end leave a shorter chain that is whole (issue 6, security, row 37).
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hmac
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

import structlog

from chassis import audit
from chassis.database import Database
from chassis.settings import Settings
from chassis.sql import text

EVERY_SECONDS = 60.0
log = structlog.get_logger()
_END = text("SELECT number, chain FROM audit_seal ORDER BY number DESC LIMIT 1")
_NAMED = text("SELECT number, chain FROM audit_seal WHERE number = ANY(CAST(:numbers AS bigint[]))")


def file_of(folder: Path, service: str) -> Path:
    """Return the file of one service's exported seals."""
    return folder / f"audit-{service}.jsonl"


def line_of(key: bytes, day: date, number: int, chain: bytes) -> str:
    """Return the line of a day, sealed so that none can be made without the key."""
    said = {"day": day.isoformat(), "seal": number, "chain": chain.hex()}
    return json.dumps({**said, "mac": _mac(key, said)})


async def export_once(database: Database, key: bytes, file: Path) -> bool:
    """Write today's line unless it is there; return whether it is there now. Raises OSError where the folder refuses."""
    async with database.read(patient=True) as connection:
        end = (await connection.execute(_END)).one_or_none()
    if end is None:
        return False
    day = database.clock.today()
    await asyncio.to_thread(_append, file, day, line_of(key, day, end.number, end.chain))
    return True


def _append(file: Path, day: date, line: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+", encoding="utf-8") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX)  # replicas take turns
        opened.seek(0)
        before = opened.read()
        if f'"day": "{day.isoformat()}"' not in before:
            opened.write(("\n" if before and not before.endswith("\n") else "") + line + "\n")


async def keep(database: Database, key: bytes, folder: Path | None, service: str, stop: asyncio.Event) -> None:
    """Export each day's last seal until `stop`; without a folder there is nothing to do."""
    written: date | None = None
    while folder is not None and not stop.is_set():
        try:
            today = database.clock.today()
            if written != today:
                written = today if await export_once(database, key, file_of(folder, service)) else None
        except Exception as error:
            log.warning("audit_export_failed", error=repr(error))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), EVERY_SECONDS)


async def compare(database: Database, key: bytes, file: Path) -> list[str]:
    """Return one sentence per exported seal that the log no longer has as it was; a file that is gone is one, too."""
    try:
        lines = (await asyncio.to_thread(file.read_text, encoding="utf-8")).splitlines()
    except FileNotFoundError:
        return [f"{file.name} is not there"]
    read = [_read(key, line) for line in lines]
    said = [one for one in read if one is not None]
    async with database.read() as connection:
        end = (await connection.execute(_END)).one_or_none()
        rows = await connection.execute(_NAMED, {"numbers": [one["seal"] for one in said]})
        chains = {row.number: row.chain.hex() for row in rows}
    forged = [f"line {n} of {file.name} was changed" for n, one in enumerate(read, 1) if one is None]
    return forged + [found for one in said if (found := _difference(one, chains, end.number if end else 0))]


def _difference(one: dict[str, Any], chains: dict[int, str], last: int) -> str | None:
    number, day = one["seal"], one["day"]
    if number > last:
        return f"seal {number}, exported on {day}, is gone: the log was cut off after seal {last}"
    if chains.get(number) != one["chain"]:
        return f"seal {number} is not the one exported on {day}"
    return None


def _read(key: bytes, line: str) -> dict[str, Any] | None:
    """Return what a line says, or None where it is not what was written."""
    try:
        said: dict[str, Any] = json.loads(line)
        mac = str(said.pop("mac"))
    except (ValueError, KeyError, AttributeError, TypeError):
        return None
    return said if hmac.compare_digest(mac.encode(), _mac(key, said).encode()) else None


def _mac(key: bytes, said: dict[str, Any]) -> str:
    return hmac.digest(key, b"exported seal\n" + json.dumps(said, sort_keys=True).encode(), "sha256").hex()


async def report(service: str, settings: Settings) -> int:
    """Print what is not what was sealed or exported; return 1 when something is (the command `audit-verify`)."""
    database, key = Database(settings.database_url.get_secret_value(), service), audit.seal_key(settings)
    found = await audit.verify(database, key)
    if settings.audit_export_dir is not None:
        found += await compare(database, key, file_of(settings.audit_export_dir, service))
    await database.close()
    sys.stdout.write("\n".join([f"{service}: audit log: {len(found) or 'no'} differences", *found]) + "\n")
    return 1 if found else 0
