"""Users: who may sign in, with which roles."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from chassis.database import Database, Transaction
from chassis.sql import text
from gateway_service.permissions import TEAM_LEADER

PLACE = "at:"
USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}")
_COLUMNS = "username, display_name, password_hash, roles, active, version, work_centers"
_FIND = text(f"SELECT {_COLUMNS} FROM users WHERE username = :username")  # noqa: S608  constants
_LIST = text(f"""
SELECT {_COLUMNS} FROM users WHERE username > :after ORDER BY username LIMIT :limit
""")  # noqa: S608  constants
_EVERYBODY = text(f"SELECT {_COLUMNS} FROM users ORDER BY username")  # noqa: S608  constants
_REVISION = text("SELECT coalesce(sum(version), 0) FROM users")
_PUT = text(f"""
INSERT INTO users (username, display_name, password_hash, roles, active, work_centers)
VALUES (:username, :display_name, coalesce(CAST(:password_hash AS text), ''), :roles, :active,
  coalesce(CAST(:work_centers AS text[]), '{{}}'))
ON CONFLICT (username) DO UPDATE SET display_name = EXCLUDED.display_name, roles = EXCLUDED.roles,
  active = EXCLUDED.active, password_hash = coalesce(CAST(:password_hash AS text), users.password_hash),
  work_centers = coalesce(CAST(:work_centers AS text[]), users.work_centers),
  version = users.version + 1, updated_at = now()
RETURNING {_COLUMNS}
""")  # noqa: S608  constants


@dataclass(frozen=True, slots=True)
class Account:
    """One user."""

    username: str
    display_name: str
    password_hash: str
    roles: frozenset[str]
    active: bool
    version: int
    work_centers: tuple[str, ...] = ()  # a team leader is bound to these; none: to no place

    @property
    def grants(self) -> frozenset[str]:
        """Return the roles, and the places they are bound to, as tokens carry them."""
        return grants(self.roles, self.work_centers)

    def public(self) -> dict[str, object]:
        """Return what others may read of the account."""
        return {
            "username": self.username, "display_name": self.display_name, "roles": sorted(self.roles),
            "active": self.active, "version": self.version,
            "work_centers": list(self.work_centers),
        }  # fmt: skip


def _account(row: Any) -> Account:
    return Account(
        row.username,
        row.display_name,
        row.password_hash,
        frozenset(row.roles),
        row.active,
        row.version,
        tuple(row.work_centers),
    )


def grants(roles: Collection[str], work_centers: Collection[str]) -> frozenset[str]:
    """Return roles and, for a team leader, each work centre as a grant of its own (reliability.md 5, row 5)."""
    places = work_centers if TEAM_LEADER in roles else ()
    return frozenset(roles) | {f"{PLACE}{place}" for place in places}


async def find(database: Database, username: str) -> Account | None:
    """Return one account."""
    async with database.read() as connection:
        row = (await connection.execute(_FIND, {"username": username})).one_or_none()
    return None if row is None else _account(row)


async def listed(database: Database, after: str, limit: int) -> list[Account]:
    """Return accounts by name, from the one behind `after`."""
    async with database.read() as connection:
        rows = await connection.execute(_LIST, {"after": after, "limit": limit})
    return [_account(row) for row in rows]


async def everybody(database: Database) -> list[Account]:
    """Return every account, of people who left too."""
    async with database.read() as connection:
        return [_account(row) for row in await connection.execute(_EVERYBODY)]


async def revision(database: Database) -> int:
    """Return what grows with every change of the users: nobody is ever deleted."""
    async with database.read() as connection:
        return int((await connection.execute(_REVISION)).scalar_one())


def revision_of(everybody: Sequence[Account]) -> int:
    """Return the revision these accounts, all there are, were read at."""
    return sum(one.version for one in everybody)


async def put(
    unit: Transaction,
    username: str,
    *,
    display_name: str,
    password_hash: str | None,
    roles: Sequence[str],
    active: bool,
    work_centers: Sequence[str] | None = None,
) -> Account:
    """Create or change an account; without a hash the password stays, without work centres those there are."""
    row = await unit.execute(
        _PUT,
        {
            "username": username, "display_name": display_name, "password_hash": password_hash,
            "roles": sorted(set(roles)), "active": active,
            "work_centers": None if work_centers is None else sorted(set(work_centers)),
        },
    )  # fmt: skip
    return _account(row.one())
