"""What was refused at the doors where nobody of ours stands: public forms and imported rows, kept for people to mend.

A customer turned away is a customer to call back: the same attempt again counts up, an order that follows closes it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from chassis.database import Database, Transaction
from chassis.errors import FieldProblem
from chassis.ids import uuid7
from chassis.sql import text
from gateway_service import texts
from gateway_service.problems import Problem

FORM, BOM_IMPORT = "form", "bom_import"
KEPT_DAYS = 90
MOST_FIELDS = 500
log = structlog.get_logger()
LAST = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))
_COLUMNS = (
    "id, source, ref, label, owner, who, status, reason, params, fields, sent, times, first_at, last_at, closed_at,"
    " closed_by, note"
)
_NOTE = text("""
INSERT INTO refusals (id, source, ref, label, owner, who, fingerprint, status, reason, params, fields, sent, first_at, last_at)
VALUES (:id, :source, :ref, :label, :owner, :who, :fingerprint, :status, :reason, CAST(:params AS jsonb),
  CAST(:fields AS jsonb), CAST(:sent AS jsonb), :now, :now)
ON CONFLICT (source, ref, fingerprint) DO UPDATE SET times = refusals.times + 1, last_at = EXCLUDED.last_at,
  closed_at = NULL, closed_by = ''
""")
_LIST = text(f"""
SELECT {_COLUMNS} FROM refusals
WHERE source = ANY(:sources) AND (:owner = '' OR owner IN ('', :owner))
  AND (:state = 'all' OR (closed_at IS NULL) = (:state = 'open')) AND (last_at, id) < (:at, :id)
ORDER BY last_at DESC, id DESC LIMIT :limit
""")  # noqa: S608  constants
_CLOSE = text(f"""
UPDATE refusals SET closed_at = coalesce(closed_at, :now), note = :note,
  closed_by = CASE WHEN closed_at IS NULL THEN :who ELSE closed_by END
WHERE id = :id AND source = ANY(:sources) AND (:owner = '' OR owner IN ('', :owner)) RETURNING {_COLUMNS}
""")  # noqa: S608  constants
_MENDED = text("""
UPDATE refusals SET closed_at = :now, closed_by = :who
WHERE source = 'form' AND ref = :ref AND sent->>'phone' = :phone AND closed_at IS NULL RETURNING 1
""")
_FORGET = text("DELETE FROM refusals WHERE last_at < :before RETURNING 1")


@contextmanager
def quietly(event: str) -> Iterator[None]:
    """Whatever was done stands by themselves: what is only noted beside them must not break them."""
    try:
        yield
    except Exception as error:
        log.warning(event, error=repr(error))


async def note(
    unit: Transaction, source: str, ref: str, problem: Problem, sent: dict[str, Any], *, label: str, owner: str = ""
) -> None:
    """Keep one refusal; the same one again only counts up."""
    fields = [[one.field, one.reason, dict(one.params)] for one in problem.fields[:MOST_FIELDS]]
    said = json.dumps([problem.reason, fields, sent], sort_keys=True, ensure_ascii=False, default=str)
    await unit.execute(
        _NOTE,
        {
            "id": uuid7(), "source": source, "ref": ref, "label": label, "owner": owner, "who": unit.actor,
            "fingerprint": hashlib.sha256(said.encode()).hexdigest(), "status": problem.status,
            "reason": problem.reason, "params": json.dumps(problem.params), "now": unit.now,
            "fields": json.dumps(fields, ensure_ascii=False), "sent": json.dumps(sent, ensure_ascii=False, default=str),
        },
    )  # fmt: skip


async def mended(unit: Transaction, form: str, phone: str) -> None:
    """Close what a form refused this phone: the order is here now."""
    await unit.execute(_MENDED, {"ref": form, "phone": phone, "who": unit.actor, "now": unit.now})


async def listed(
    database: Database, sources: Sequence[str], owner: str, state: str, *, before: tuple[datetime, UUID], limit: int
) -> list[Any]:
    """Return refusals, the latest first; with an owner only theirs and nobody's."""
    values = {"sources": list(sources), "owner": owner, "state": state, "at": before[0], "id": before[1]}
    async with database.read() as connection:
        return list(await connection.execute(_LIST, values | {"limit": limit}))


async def close(unit: Transaction, refusal: UUID, sources: Sequence[str], owner: str, *, note: str) -> Any:
    """Say that it is dealt with; None when there is no such refusal for the caller."""
    values = {"id": refusal, "sources": list(sources), "owner": owner, "note": note, "who": unit.actor, "now": unit.now}
    return (await unit.execute(_CLOSE, values)).one_or_none()


async def forget(database: Database) -> int:
    """Forget what is older than ninety days: it holds phone numbers; return how many."""
    async with database.transaction(who="housekeeping") as unit:
        gone = await unit.execute(_FORGET, {"before": unit.now - timedelta(days=KEPT_DAYS)})
        return len(list(gone))


def shown(row: Any) -> dict[str, Any]:
    """Return a refusal with the Chinese words of its reasons, as they read today."""
    fields = [FieldProblem(*one) for one in row.fields]
    document = Problem(row.status, row.reason, row.params, fields=fields).document()
    return {
        "id": str(row.id), "source": row.source, "ref": row.ref, "label": row.label, "owner": row.owner or None,
        "who": row.who, "reason": row.reason, "title": document["title"], "errors": [_worded(one) for one in fields],
        "sent": row.sent, "times": row.times, "first_at": _instant(row.first_at), "last_at": _instant(row.last_at),
        "closed_at": row.closed_at and _instant(row.closed_at), "closed_by": row.closed_by or None,
        "note": row.note or None,
    }  # fmt: skip


def _worded(one: FieldProblem) -> dict[str, str]:
    said = texts.say("imports", one.reason, one.params, "") or texts.say("fields", one.reason, one.params, "")
    message = said or texts.say("titles", one.reason, one.params)
    return {"field": one.field, "reason": one.reason, "message": message}


def _instant(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")
