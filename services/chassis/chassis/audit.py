"""The audit log: who did what, in the transaction that did it; sealed every minute, so that rewriting history shows.

No chain inside a business transaction: it would put all writers in one row. A job chains what has committed: rows in (xid,
id) order below the oldest running transaction (reliability.md section 5, row 37).
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any, Protocol

import structlog
from opentelemetry import trace

from chassis import principal
from chassis.database import Database, Transaction
from chassis.events import Draft
from chassis.settings import Settings
from chassis.sql import text

LOCK_KEY = 4712
EVERY_SECONDS = 60.0
ROWS = 2000
log = structlog.get_logger()

COLUMNS = (
    "id, xid::text AS xid, at, actor, kind, roles, action, object, subjects, events, reason, key, fingerprint, trace_id"
)
INSERT = """
INSERT INTO audit_log (at, actor, kind, roles, action, object, subjects, events, reason, key, fingerprint, trace_id)
VALUES (:at, :actor, :kind, CAST(:roles AS text[]), :action, :object, CAST(:subjects AS text[]), CAST(:events AS uuid[]),
        :reason, :key, :fingerprint, :trace_id)
"""
_NOTE = text(INSERT)
_LOCK = text("SELECT pg_advisory_xact_lock(:key)")
_LAST = text("SELECT number, last_xid::text AS last_xid, last_id, chain FROM audit_seal ORDER BY number DESC LIMIT 1")
_FRESH = text(f"""
SELECT {COLUMNS} FROM audit_log
WHERE (xid, id) > (CAST(CAST(:xid AS text) AS xid8), :id) AND xid < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY xid, id LIMIT :rows
""")  # noqa: S608  constants
_RANGE = text(f"""
SELECT {COLUMNS} FROM audit_log
WHERE (xid, id) > (CAST(CAST(:xid AS text) AS xid8), :id) AND (xid, id) <= (CAST(CAST(:last_xid AS text) AS xid8), :last_id)
ORDER BY xid, id
""")  # noqa: S608  constants
_SEAL = text("""
INSERT INTO audit_seal (number, last_xid, last_id, ids, digests, chain, mac)
VALUES (:number, CAST(CAST(:last_xid AS text) AS xid8), :last_id, CAST(:ids AS bigint[]), CAST(:digests AS bytea[]), :chain, :mac)
""")
_SEALS = text("""
SELECT number, last_xid::text AS last_xid, last_id, ids, digests, chain, mac FROM audit_seal
WHERE number > :after ORDER BY number LIMIT 50
""")


class Command(Protocol):
    """What a command says of itself."""

    idempotency_key: str
    route: str
    fingerprint: str
    object: str
    reason: str


def values(unit: Transaction, command: Command, drafts: Sequence[Draft]) -> dict[str, Any]:
    """Return the row that says what `unit` does on `command`; the events it tells are the before and after."""
    who = principal.current.get()
    span = trace.get_current_span().get_span_context()
    return {
        "at": unit.now, "actor": unit.actor, "kind": who.kind if who else "", "roles": sorted(who.roles) if who else [],
        "action": command.route, "object": command.object, "reason": command.reason, "key": command.idempotency_key,
        "fingerprint": command.fingerprint, "trace_id": f"{span.trace_id:032x}" if span.is_valid else "",
        "subjects": sorted({draft.subject for draft in drafts}), "events": [draft.event_id for draft in drafts],
    }  # fmt: skip


async def note(unit: Transaction, command: Command) -> None:
    """Write the row of a command that keeps no key; what no route asked for is no command."""
    if command.route:
        await unit.execute(_NOTE, values(unit, command, unit.drafts))


def seal_key(settings: Settings) -> bytes:
    """Return the key of the seals: one the database's host does not have."""
    own = settings.audit_key or settings.signing_key
    return hashlib.sha256(b"orderhub audit seal\n" + own.get_secret_value().encode()).digest()


def digest(row: Any) -> bytes:
    """Return the SHA-256 of one row, every column in a form of its own."""
    return hashlib.sha256(json.dumps(list(row), default=str, ensure_ascii=True).encode()).digest()


def chained(before: bytes, ids: Sequence[int], digests: Sequence[bytes]) -> bytes:
    """Return the next link."""
    whole = hashlib.sha256(before)
    for identifier, one in zip(ids, digests, strict=True):
        whole.update(identifier.to_bytes(8, "big") + one)
    return whole.digest()


async def seal_once(database: Database, key: bytes) -> int:
    """Seal what has committed since the last seal; return how many rows. Replicas take turns."""
    async with database.transaction(who="audit") as unit:
        await unit.execute(_LOCK, {"key": LOCK_KEY})
        last = (await unit.execute(_LAST)).one_or_none()
        number, xid, last_id, chain = (
            (last.number, last.last_xid, last.last_id, last.chain) if last else (0, "0", 0, b"")
        )
        rows = (await unit.execute(_FRESH, {"xid": xid, "id": last_id, "rows": ROWS})).all()
        if not rows:
            return 0
        ids, digests = [row.id for row in rows], [digest(row) for row in rows]
        link = chained(chain, ids, digests)
        await unit.execute(
            _SEAL,
            {
                "number": number + 1, "last_xid": rows[-1].xid, "last_id": rows[-1].id, "ids": ids, "digests": digests,
                "chain": link, "mac": hmac.digest(key, link, "sha256"),
            },
        )  # fmt: skip
        return len(rows)


async def seal(database: Database, key: bytes, stop: asyncio.Event) -> None:
    """Seal every minute until `stop`, and once more then."""
    while True:
        try:
            while await seal_once(database, key) == ROWS:
                pass
        except Exception as error:
            log.warning("seal_failed", error=repr(error))
        if stop.is_set():
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), EVERY_SECONDS)


async def verify(database: Database, key: bytes) -> list[str]:
    """Return one sentence per row or seal that is not what was sealed; empty when all is true."""
    found: list[str] = []
    number, xid, last_id, chain = 0, "0", 0, b""
    async with database.read() as connection:
        while seals := (await connection.execute(_SEALS, {"after": number})).all():
            for one in seals:
                span = {"xid": xid, "id": last_id, "last_xid": one.last_xid, "last_id": one.last_id}
                rows = {row.id: digest(row) for row in await connection.execute(_RANGE, span)}
                found += _differences(one, rows)
                chain = chained(chain, one.ids, one.digests)
                if one.number != number + 1 or chain != one.chain or not _true(key, one):
                    found.append(f"seal {one.number} was changed, or one before it is missing")
                number, xid, last_id, chain = one.number, one.last_xid, one.last_id, one.chain
    return found


def _true(key: bytes, one: Any) -> bool:
    return hmac.compare_digest(hmac.digest(key, one.chain, "sha256"), one.mac)


def _differences(one: Any, rows: dict[int, bytes]) -> list[str]:
    sealed = dict(zip(one.ids, one.digests, strict=True))
    gone = [f"row {n} was deleted" for n in sealed.keys() - rows.keys()]
    changed = [f"row {n} was changed" for n in sealed.keys() & rows.keys() if sealed[n] != rows[n]]
    return sorted(gone + changed + [f"row {n} was inserted" for n in rows.keys() - sealed.keys()])
