"""Looking customers up by phone: so many a minute for each user, and every one is on record (reliability.md 5, row 13)."""

from __future__ import annotations

import hashlib
import re

from chassis.sql import text
from gateway_service import exchange, permissions
from gateway_service.problems import Problem
from gateway_service.wiring import Gateway

BY_PHONE = "GET /customers phone"
PHONE = re.compile(r"\+?[\d\s-]{7,20}")
_RECORD = text("""
INSERT INTO phone_lookups (at, subject, phone_tail, phone_digest, found)
VALUES (:at, :subject, :tail, :digest, :found)
""")


def admit(gateway: Gateway) -> None:
    """Take one look-up of the caller's; raise Problem when they may make none, or this minute's are spent."""
    who = exchange.current().principal
    if not permissions.allowed(who.roles, BY_PHONE):
        raise Problem(403, "FORBIDDEN")
    spend(gateway)


def spend(gateway: Gateway) -> None:
    """Take one look-up of the caller's; raise Problem when this minute's are spent."""
    who = exchange.current().principal
    if wait := gateway.phone_limiter.wait(who.subject):
        raise Problem(429, "TOO_MANY_REQUESTS", {"seconds": str(wait)}, headers={"Retry-After": str(wait)})


async def record(gateway: Gateway, phone: str, found: int) -> None:
    """Keep who looked which number up, by its last four digits and its digest, and how many customers (or orders) it gave."""
    digits = re.sub(r"\D", "", phone)[-11:]
    async with gateway.database.transaction() as unit:
        await unit.execute(
            _RECORD,
            {
                "at": unit.now, "subject": exchange.current().principal.subject, "tail": digits[-4:],
                "digest": hashlib.sha256(digits.encode()).digest(), "found": found,
            },
        )  # fmt: skip
