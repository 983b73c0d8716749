"""The SQL that operators run, run: the job's script twice, and the republishing of the operations page."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from chassis.schema import TABLES
from deploy.k8s.make_secrets import role_passwords
from deploy.k8s.render import HERE
from deploy.local.keys import SERVICES, Secrets, made
from deploy.local.postgres import program
from tests.support.postgres import TestDatabases, admin_url

PAGE = Path(__file__).resolve().parents[2] / "docs/operations.md"
SCRIPT = HERE / "base/files/databases.sql"


def psql(*arguments: str, url: str = "") -> subprocess.CompletedProcess[str]:
    command = [str(program("psql")), "-Xq", "-d", url or admin_url(), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[Path, Secrets]]:
    """The folder of role passwords as the secret mounts it; what the script makes is dropped again."""
    secrets = made()
    for name, password in role_passwords(secrets).items():
        (tmp_path / name).write_text(password)
    yield tmp_path, secrets
    drop = "".join(
        f"DROP DATABASE IF EXISTS orderhub_{s}; DROP ROLE IF EXISTS orderhub_{s}, orderhub_{s}_owner;\n"
        for s in SERVICES
    )
    subprocess.run([str(program("psql")), "-Xq", "-d", admin_url()], input=drop, text=True, check=True)


def as_role(role: str, password: str, database: str) -> str:
    return f"postgresql://{role}:{password}@{admin_url().rsplit('@', 1)[1].rsplit('/', 1)[0]}/{database}"


def test_the_script_makes_the_databases_and_changes_passwords(cluster: tuple[Path, Secrets]) -> None:
    folder, secrets = cluster
    first = psql("-v", f"roles={folder}", "-f", str(SCRIPT))
    (folder / "order_app").write_text("another one")
    again = psql("-v", f"roles={folder}", "-f", str(SCRIPT))

    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    owner = as_role("orderhub_planning_owner", secrets.owners["planning"], "orderhub_planning")
    assert psql("-c", "CREATE TABLE mine (id int)", url=owner).returncode == 0
    assert psql("-c", "SELECT 1", url=as_role("orderhub_order", "another%20one", "orderhub_order")).returncode == 0
    assert (
        "authentication failed"
        in psql("-c", "SELECT 1", url=as_role("orderhub_order", secrets.apps["order"], "orderhub_order")).stderr
    )


def test_nobody_enters_anothers_database(cluster: tuple[Path, Secrets]) -> None:
    folder, secrets = cluster
    psql("-v", f"roles={folder}", "-f", str(SCRIPT))

    for role, password in (
        ("orderhub_order", secrets.apps["order"]),
        ("orderhub_order_owner", secrets.owners["order"]),
    ):
        assert "permission denied" in psql("-c", "SELECT 1", url=as_role(role, password, "orderhub_inventory")).stderr
    app = as_role("orderhub_order", secrets.apps["order"], "orderhub_order")
    assert "permission denied" in psql("-c", "CREATE TABLE mine (id int)", url=app).stderr


async def test_lost_events_go_back_into_the_outbox(databases: TestDatabases) -> None:
    block = re.search(r"<!-- republish -->\n```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert block is not None
    url = await databases.bare(TABLES)
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.execute("""
        INSERT INTO event_log (id, event_id, subject, sequence, type, body, traceparent, occurred_at, published_at)
        SELECT n, gen_random_uuid(), 'order/1', n, 'orderhub.order.v1.Told', 'x', '', now(), timestamptz '2026-02-15 17:58+08' + n * interval '1 minute'
        FROM generate_series(1, 5) n
    """)

    await connection.execute(block[1])

    waiting = [row["sequence"] for row in await connection.fetch("SELECT sequence FROM outbox ORDER BY id")]
    kept = [row["sequence"] for row in await connection.fetch("SELECT sequence FROM event_log ORDER BY id")]
    await connection.close()
    assert (waiting, kept) == ([3, 4, 5], [1, 2])
