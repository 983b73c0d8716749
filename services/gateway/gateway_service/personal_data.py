"""What the gateway itself keeps of a customer's people: what forms turned away, and who looked their number up."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from google.protobuf.wrappers_pb2 import BytesValue

from chassis.database import Database, Transaction
from chassis.sql import text

CLOSING = "POST /refusals/{refusal}:close"
PLACE_REFUSAL, PLACE_LOOKUP = "refusal", "phone_lookup"
DIGITS = 11  # of a number without its country: how typed numbers and stored ones are compared
_TYPED = "right(regexp_replace(sent->>'phone', '\\D', '', 'g'), 11) = ANY(CAST(:phones AS text[]))"
_REFUSALS = text(f"""
SELECT id, t.key AS field, t.value FROM refusals CROSS JOIN LATERAL jsonb_each_text(sent) AS t
WHERE {_TYPED} ORDER BY id, t.key LIMIT 2000
""")  # noqa: S608  constants
_LOOKUPS = text("""
SELECT at, subject FROM phone_lookups WHERE phone_digest = ANY(CAST(:digests AS bytea[])) ORDER BY id LIMIT 2000
""")
_ERASE = text(f"DELETE FROM refusals WHERE {_TYPED} RETURNING id")  # noqa: S608  constants
# The answer to closing a refusal shows what was sent; a repeated request gets an empty one from now on.
_ERASE_ANSWERS = text("""
UPDATE idempotency SET answer = :empty WHERE route = :route
  AND EXISTS (SELECT FROM unnest(CAST(:ids AS text[])) AS id WHERE position(convert_to(id, 'UTF8') IN answer) > 0)
""")


def national(phones: Sequence[str]) -> list[str]:
    """Return the last digits of numbers, without those too short to tell anybody apart."""
    digits = ("".join(sign for sign in phone if sign.isdigit())[-DIGITS:] for phone in phones)
    return sorted({one for one in digits if len(one) == DIGITS})


async def kept(database: Database, phones: Sequence[str]) -> list[dict[str, str]]:
    """Return every value kept under these numbers, with its place."""
    numbers = national(phones)
    digests = [hashlib.sha256(number.encode()).digest() for number in numbers]
    async with database.read() as connection:
        refused = await connection.execute(_REFUSALS, {"phones": numbers})
        looked = await connection.execute(_LOOKUPS, {"digests": digests})
    return [
        *(_datum(PLACE_REFUSAL, str(row.id), row.field, row.value) for row in refused),
        *(_datum(PLACE_LOOKUP, row.at.isoformat(), "looked_up_by", row.subject) for row in looked),
    ]


def _datum(place: str, ref: str, field: str, value: Any) -> dict[str, str]:
    return {"place": place, "ref": ref, "field": field, "value": value or ""}


async def erase(unit: Transaction, phones: Sequence[str]) -> int:
    """Forget what forms turned away from these numbers; return how many."""
    gone = [str(one) for one in (await unit.execute(_ERASE, {"phones": national(phones)})).scalars()]
    if gone:
        empty = BytesValue(value=b"{}").SerializeToString()
        await unit.execute(_ERASE_ANSWERS, {"ids": gone, "empty": empty, "route": CLOSING})
    return len(gone)
