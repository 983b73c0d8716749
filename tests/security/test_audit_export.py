"""37: each day's last seal leaves the database, so that a log cut off together with its seals is named."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from chassis import audit, audit_export, principal
from chassis.clock import FixedClock
from chassis.database import Database
from chassis.principal import Principal
from chassis.schema import TABLES
from tests.security.test_audit import KEY, command, hold, seal_all
from tests.support.postgres import TestDatabases
from tests.support.waiting import eventually

NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)


@pytest_asyncio.fixture
async def database(databases: TestDatabases) -> AsyncIterator[Database]:
    opened = Database(await databases.bare(TABLES), "order", clock=FixedClock(NOON))
    principal.current.set(Principal("wang", "user", frozenset({"sales"})))
    for n in range(2):
        await hold(opened, command(f"k{n}"))
        await seal_all(opened, n + 1)
    yield opened
    await opened.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return audit_export.file_of(tmp_path / "seals", "order")


async def as_owner(database: Database, *statements: str) -> None:
    owner = await asyncpg.connect(database.dsn)
    for statement in statements:
        await owner.execute(statement)
    await owner.close()


async def test_a_log_whose_end_was_cut_off_is_named(database: Database, file: Path) -> None:
    await audit_export.export_once(database, KEY, file)
    assert await audit_export.compare(database, KEY, file) == []

    await as_owner(database, "DELETE FROM audit_seal WHERE number = 2", "DELETE FROM audit_log WHERE id = 2")

    assert await audit.verify(database, KEY) == []  # the shorter chain is whole
    assert await audit_export.compare(database, KEY, file) == [
        "seal 2, exported on 2026-11-22, is gone: the log was cut off after seal 1"
    ]


async def test_a_log_cut_off_and_written_on_is_named(database: Database, file: Path) -> None:
    await audit_export.export_once(database, KEY, file)
    await as_owner(database, "DELETE FROM audit_seal WHERE number = 2", "DELETE FROM audit_log WHERE id = 2")

    await hold(database, command("another"))
    await seal_all(database, 2)

    assert await audit.verify(database, KEY) == []
    assert await audit_export.compare(database, KEY, file) == ["seal 2 is not the one exported on 2026-11-22"]


async def test_a_line_is_written_once_a_day(database: Database, file: Path) -> None:
    await asyncio.gather(*(audit_export.export_once(database, KEY, file) for _ in range(3)))
    database.clock = FixedClock(NOON + timedelta(days=1))
    await audit_export.export_once(database, KEY, file)

    said = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(one["day"], one["seal"]) for one in said] == [("2026-11-22", 2), ("2026-11-23", 2)]
    assert await audit_export.compare(database, KEY, file) == []


@pytest.mark.parametrize(
    "forge", [lambda line: line.replace('"seal": 2', '"seal": 1'), lambda line: line[:40], lambda line: "7"]
)
async def test_a_forged_line_is_named(database: Database, file: Path, forge: object) -> None:
    await audit_export.export_once(database, KEY, file)
    file.write_text(forge(file.read_text()))  # type: ignore[operator]

    assert await audit_export.compare(database, KEY, file) == ["line 1 of audit-order.jsonl was changed"]


async def test_a_file_that_is_gone_is_named(database: Database, file: Path) -> None:
    assert await audit_export.compare(database, KEY, file) == ["audit-order.jsonl is not there"]


async def test_the_job_exports_while_it_runs(database: Database, file: Path) -> None:
    stop = asyncio.Event()
    job = asyncio.create_task(audit_export.keep(database, KEY, file.parent, "order", stop))

    async def written() -> bool:
        return file.exists() and file.read_text().endswith("\n")

    await eventually(written, within=30)
    stop.set()
    await job
