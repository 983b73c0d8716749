"""Users: who may sign in, with which roles."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chassis.database import Database, Transaction
from chassis.sql import text

USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}")
_COLUMNS = "username, display_name, password_hash, roles, active, version"
_FIND = text(f"SELECT {_COLUMNS} FROM users WHERE username = :username")  # noqa: S608  constants
_LIST = text(f"""
SELECT {_COLUMNS} FROM users WHERE username > :after ORDER BY username LIMIT :limit
""")  # noqa: S608  constants
_EVERYBODY = text(f"SELECT {_COLUMNS} FROM users ORDER BY username")  # noqa: S608  constants
_PUT = text(f"""
INSERT INTO users (username, display_name, password_hash, roles, active)
VALUES (:username, :display_name, coalesce(CAST(:password_hash AS text), ''), :roles, :active)
ON CONFLICT (username) DO UPDATE SET display_name = EXCLUDED.display_name, roles = EXCLUDED.roles,
  active = EXCLUDED.active, password_hash = coalesce(CAST(:password_hash AS text), users.password_hash),
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

    def public(self) -> dict[str, object]:
        """Return what others may read of the account."""
        return {
            "username": self.username, "display_name": self.display_name, "roles": sorted(self.roles),
            "active": self.active, "version": self.version,
        }  # fmt: skip


def _account(row: Any) -> Account:
    return Account(row.username, row.display_name, row.password_hash, frozenset(row.roles), row.active, row.version)


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


async def put(
    unit: Transaction,
    username: str,
    *,
    display_name: str,
    password_hash: str | None,
    roles: Sequence[str],
    active: bool,
) -> Account:
    """Create or change an account; without a hash the password stays."""
    row = await unit.execute(
        _PUT,
        {
            "username": username, "display_name": display_name, "password_hash": password_hash,
            "roles": sorted(set(roles)), "active": active,
        },
    )  # fmt: skip
    return _account(row.one())
