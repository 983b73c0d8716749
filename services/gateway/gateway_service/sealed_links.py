"""Sealed links to one order's evidence (S84).

The link carries the order number and its last day under a keyed hash, so nothing is stored and nothing else is
reachable by altering it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any

from gateway_service.problems import Problem

LASTS = timedelta(days=30)
SEAL_BYTES = 16


class EvidenceLinks:
    """Seals and opens links with a key derived from the gateway's own."""

    def __init__(self, key: str) -> None:
        self._key = hashlib.sha256(b"evidence:" + key.encode()).digest()

    def token(self, number: str, now: datetime) -> tuple[str, datetime]:
        """Return the link's token and the instant it ends."""
        until = (now + LASTS).replace(microsecond=0)
        said = f"{number}|{int(until.timestamp())}".encode()
        return base64.urlsafe_b64encode(self._seal(said) + said).decode().rstrip("="), until

    def number(self, token: str, now: datetime) -> str:
        """Return the order a token names; raise a 404 problem for an altered or ended one."""
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
            said = raw[SEAL_BYTES:]
            number, _, until = said.decode().partition("|")
            good = hmac.compare_digest(raw[:SEAL_BYTES], self._seal(said)) and int(until) > now.timestamp()
        except ValueError as error:
            raise Problem(404, "TRACKING_LINK_UNKNOWN") from error
        if not good:
            raise Problem(404, "TRACKING_LINK_UNKNOWN")
        return number

    def _seal(self, said: bytes) -> bytes:
        return hmac.new(self._key, said, hashlib.sha256).digest()[:SEAL_BYTES]


def link(public_url: str, token: str, until: datetime) -> dict[str, Any]:
    """Return the link as REST shows it."""
    return {"url": f"{public_url.rstrip('/')}/e/{token}", "expires_at": until.isoformat()}
