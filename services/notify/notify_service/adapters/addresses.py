"""Where people are reached, for example the WeChat identity of a customer."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from chassis.sql import text
from notify_service.adapters.repositories import Runs

_OF = text("""
SELECT recipient, address FROM recipient_address WHERE kind = :kind AND recipient = ANY(CAST(:recipients AS text[]))
""")
_BIND = text("""
INSERT INTO recipient_address (kind, recipient, address) VALUES (:kind, :recipient, :address)
ON CONFLICT (kind, recipient) DO UPDATE SET address = EXCLUDED.address
""")
_LISTED = text("SELECT kind, recipient, address FROM recipient_address WHERE recipient = :recipient ORDER BY kind")
_UNBIND = text("DELETE FROM recipient_address WHERE kind = :kind AND recipient = :recipient")


class SqlAddresses:
    """Bound addresses."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs

    async def of(self, kind: str, recipients: Collection[str]) -> Mapping[str, str]:
        """Return the addresses there are, by recipient."""
        rows = await self._runs.execute(_OF, {"kind": kind, "recipients": list(recipients)})
        return {row.recipient: row.address for row in rows}

    async def listed(self, recipient: str) -> list[tuple[str, str]]:
        """Return the kinds and addresses bound for one recipient."""
        rows = await self._runs.execute(_LISTED, {"recipient": recipient})
        return [(row.kind, row.address) for row in rows]

    async def bind(self, kind: str, recipient: str, address: str) -> None:
        """Store an address; an empty one takes it away."""
        values = {"kind": kind, "recipient": recipient}
        await (
            self._runs.execute(_BIND, {**values, "address": address})
            if address
            else self._runs.execute(_UNBIND, values)
        )
