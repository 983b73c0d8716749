"""Sessions: opaque refresh tokens that rotate, end after idling or a week, and can be revoked at once (5, row 9)."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import asyncpg

from chassis.database import Database
from chassis.ids import uuid7
from chassis.sql import text
from gateway_service.accounts import grants
from gateway_service.tokens import digest, new_secret

IDLE = timedelta(hours=12)
ABSOLUTE = timedelta(days=7)
GRACE = timedelta(seconds=30)  # two tabs may bring the same token at the same moment
FRESH_SECONDS = 10.0
CACHED = 10_000

_OPEN = text("INSERT INTO sessions (id, username, opened_at, used_at) VALUES (:id, :username, :now, :now)")
_ISSUE = text("INSERT INTO refresh_tokens (digest, session_id, issued_at) VALUES (:digest, :session, :now)")
_TAKE = text("""
SELECT s.id, s.username, s.opened_at, s.used_at, s.revoked_at, t.used_at AS token_used_at
FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id WHERE t.digest = :digest FOR UPDATE OF s, t
""")
_SPEND = text("UPDATE refresh_tokens SET used_at = coalesce(used_at, :now) WHERE digest = :digest")
_TOUCH = text("UPDATE sessions SET used_at = :now WHERE id = :id")
_REVOKE = text("UPDATE sessions SET revoked_at = coalesce(revoked_at, :now) WHERE id = :id")
_REVOKE_ALL = text("UPDATE sessions SET revoked_at = :now WHERE username = :username AND revoked_at IS NULL")
_SESSION_OF = text("SELECT session_id FROM refresh_tokens WHERE digest = :digest")
_STANDING = text("""
SELECT u.roles, u.work_centers FROM sessions s JOIN users u USING (username)
WHERE s.id = :id AND s.revoked_at IS NULL AND u.active AND s.opened_at > :opened_after AND s.used_at > :used_after
""")


@dataclass(frozen=True, slots=True)
class Opened:
    """A session with the refresh token that continues it."""

    session: str
    username: str
    refresh_token: str


class Sessions:
    """Opens, continues and ends sessions; remembers for ten seconds which ones stand."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._standing: OrderedDict[str, tuple[float, frozenset[str] | None]] = OrderedDict()

    async def open(self, username: str) -> Opened:
        """Begin a session for a user who has just proved who they are."""
        session, token = uuid7(), new_secret("ohr")
        async with self._database.transaction(who=username) as unit:
            await unit.execute(_OPEN, {"id": session, "username": username, "now": unit.now})
            await unit.execute(_ISSUE, {"digest": digest(token), "session": session, "now": unit.now})
        return Opened(str(session), username, token)

    async def renew(self, token: str) -> Opened | None:
        """Exchange a refresh token for the next one; a spent one brought back ends its session."""
        async with self._database.transaction(who="session") as unit:
            row = (await unit.execute(_TAKE, {"digest": digest(token)})).one_or_none()
            if row is None or row.revoked_at is not None:
                return None
            over = unit.now - row.used_at > IDLE or unit.now - row.opened_at > ABSOLUTE
            stolen = row.token_used_at is not None and unit.now - row.token_used_at > GRACE
            if over or stolen:
                await unit.execute(_REVOKE, {"id": row.id, "now": unit.now})
                self._standing.pop(str(row.id), None)
                return None
            following = new_secret("ohr")
            await unit.execute(_SPEND, {"digest": digest(token), "now": unit.now})
            await unit.execute(_TOUCH, {"id": row.id, "now": unit.now})
            await unit.execute(_ISSUE, {"digest": digest(following), "session": row.id, "now": unit.now})
        return Opened(str(row.id), row.username, following)

    async def end(self, session: str) -> None:
        """Revoke a session; its access tokens stop at once here and within ten seconds elsewhere."""
        async with self._database.transaction(who="session") as unit:
            await unit.execute(_REVOKE, {"id": UUID(session), "now": unit.now})
        self._standing.pop(session, None)

    async def end_all_of(self, username: str) -> None:
        """Revoke every session of a user."""
        async with self._database.transaction(who="session") as unit:
            await unit.execute(_REVOKE_ALL, {"username": username, "now": unit.now})
        self._standing.clear()

    async def session_of(self, token: str) -> str | None:
        """Return the session a refresh token belongs to."""
        async with self._database.read() as connection:
            found = (await connection.execute(_SESSION_OF, {"digest": digest(token)})).scalar()
        return None if found is None else str(found)

    def forget(self) -> None:
        """Ask the database again for every session; after a user was changed."""
        self._standing.clear()

    def _lasting(self, session: str) -> dict[str, object]:
        now = self._database.clock.now()
        return {"id": UUID(session), "opened_after": now - ABSOLUTE, "used_after": now - IDLE}

    async def roles(self, session: str, otherwise: frozenset[str]) -> frozenset[str] | None:
        """Return the roles a session stands for now; None when it was ended.

        While the database is away the token's own roles count: a sign-in survives it.
        """
        known = self._standing.get(session)
        if known is not None and time.monotonic() - known[0] < FRESH_SECONDS:
            return known[1]
        try:
            async with self._database.read() as connection:
                found = (await connection.execute(_STANDING, self._lasting(session))).one_or_none()
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
            return otherwise
        roles = None if found is None else grants(found.roles, found.work_centers)
        self._standing[session] = (time.monotonic(), roles)
        if len(self._standing) > CACHED:
            self._standing.popitem(last=False)
        return roles
