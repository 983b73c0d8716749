"""Throwaway databases: each service is migrated once into a template, each test gets a copy of it."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field

import asyncpg

from chassis.migrate import migrate

OWNER, APP, PASSWORD = "test_owner", "test_app", "test"
_ROLES = f"""
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{OWNER}') THEN CREATE ROLE {OWNER} LOGIN PASSWORD '{PASSWORD}'; END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP}') THEN CREATE ROLE {APP} LOGIN PASSWORD '{PASSWORD}'; END IF;
EXCEPTION WHEN unique_violation OR duplicate_object THEN NULL;
END $$
"""


def admin_url() -> str:
    """Return the superuser's URL of the throwaway server that `make test` started."""
    try:
        return os.environ["ORDERHUB_TEST_POSTGRES_URL"]
    except KeyError:
        raise RuntimeError(
            "no test server: run `make test`, or `python -m deploy.local.testbed run -- pytest ...`"
        ) from None


@dataclass
class TestDatabases:
    """Makes and drops databases; names carry the process id, so runs can meet on one server."""

    __test__ = False
    _templates: dict[str, str] = field(default_factory=dict)
    _made: list[str] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def url(self, name: str, role: str = APP) -> str:
        """Return the SQLAlchemy URL of a database for a role."""
        host = admin_url().rsplit("@", 1)[1].split("/", 1)[0]
        return f"postgresql+asyncpg://{role}:{PASSWORD}@{host}/{name}"

    async def create(self, service: str, append_only: tuple[str, ...] = ()) -> str:
        """Return the application role's URL of a fresh, migrated database of a service."""
        template = self._templates.get(service)
        if template is None:
            template = await self._create(f"t_{os.getpid()}_{service}")
            await migrate(self.url(template, OWNER), f"{service}_service", APP, append_only)
            self._templates[service] = template
        return self.url(await self._create(f"{template}_{next(self._numbers)}", template))

    async def bare(self, statements: str) -> str:
        """Return the owner's URL of a fresh database with only these statements run."""
        name = await self._create(f"b_{os.getpid()}_{next(self._numbers)}")
        connection = await asyncpg.connect(self.url(name, OWNER).replace("+asyncpg", ""))
        await connection.execute(statements)
        await connection.close()
        return self.url(name, OWNER)

    async def _create(self, name: str, template: str = "template1") -> str:
        connection = await asyncpg.connect(admin_url())
        try:
            await connection.execute(_ROLES)
            await connection.execute(
                f'CREATE DATABASE "{name}" OWNER {OWNER} TEMPLATE "{template}" STRATEGY = file_copy'
            )
            self._made.append(name)
        finally:
            await connection.close()
        return name

    async def close(self) -> None:
        """Drop everything made, unless the server itself goes with it."""
        if os.environ.get("ORDERHUB_TEST_THROWAWAY"):
            return
        connection = await asyncpg.connect(admin_url())
        for name in reversed(self._made):
            await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await connection.close()
