"""Migrations: Alembic run inside one advisory lock, then partitions and the application role's rights."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import asyncpg
import structlog
from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.util import await_only

from chassis.schema import APPEND_ONLY, AUDIT
from chassis.settings import Settings

LOCK_KEY = 4710
MONTHS_AHEAD, PATIENCE = 24, {"lock_timeout": "10s"}
log = structlog.get_logger()


def run_environment() -> None:
    """Body of a service's migrations/env.py."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(connection=connection, transaction_per_migration=False)
    with context.begin_transaction():
        context.run_migrations()


async def migrate_service(name: str, settings: Settings, append_only: Sequence[str] = ()) -> None:
    """Bring one service's database up to date and give the role it runs as its rights."""
    role = make_url(settings.database_url.get_secret_value()).username or name
    url = (settings.migration_url or settings.database_url).get_secret_value()
    await migrate(url, f"{name}_service", role, append_only)


async def migrate(url: str, package: str, app_role: str, append_only: Sequence[str] = ()) -> None:
    """Bring the database at `url` (owner's role) to the newest version of `package`/migrations."""
    dsn = url.replace("+asyncpg", "", 1)  # which may hold sslmode and sslrootcert
    engine = create_async_engine(url, async_creator=lambda: asyncpg.connect(dsn, server_settings=PATIENCE))
    event.listen(engine.sync_engine, "do_execute", _run_script)
    config = Config()
    config.set_main_option("script_location", str(files(package) / "migrations"))
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
            await connection.run_sync(_upgrade, config)
            await connection.execute(text(AUDIT))  # in databases begun before there was one, too
            await connection.execute(text("SELECT ensure_event_log_partitions(:months)"), {"months": MONTHS_AHEAD})
            for statement in grants(app_role, (*APPEND_ONLY, *append_only)):
                await connection.execute(text(statement))
    finally:
        await engine.dispose()
    log.info("migrated", package=package, database=make_url(url).database)


def _run_script(cursor: Any, statement: str, parameters: Any, _context: Any) -> bool:
    """Let a migration execute several statements at once: asyncpg can't prepare them, but it can run them."""
    if parameters or ";" not in statement.strip().rstrip(";"):
        return False
    await_only(cursor._adapt_connection.driver_connection.execute(statement))
    return True


def _upgrade(connection: Connection, config: Config) -> None:
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def grants(role: str, append_only: Sequence[str]) -> list[str]:
    """Return the rights of the application role: rows, never structure; append-only tables keep what they hold."""
    rights = [
        f'GRANT USAGE ON SCHEMA public TO "{role}"',
        f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "{role}"',
        f'GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO "{role}"',
        f'REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM "{role}"',
    ]
    return rights + [f'REVOKE UPDATE, DELETE ON {table} FROM "{role}"' for table in append_only]
