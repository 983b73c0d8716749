"""Brings databases and broker to what the code expects: five migrations at once, and the topology beside them."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy.local import databases, fleet, layout
from deploy.local.fleet import base_env
from deploy.local.keys import SERVICES
from deploy.local.layout import LocalError, write_private
from deploy.local.plan import Plan

TIMEOUT_S = 120
SOURCES = tuple(f"services/{name}" for name in ("chassis", "order", "planning", "inventory", "notify", "gateway"))


def migrate(plan: Plan) -> bool:
    """Make and migrate the databases when code or cluster changed; return whether anything was done."""
    stamp = plan.run / "migrated"
    want = f"{plan.admin_dsn} {cluster_mark(plan)} {fleet.code_hash(SOURCES)}"
    if stamp.exists() and stamp.read_text() == want:
        return False
    databases.create(plan.admin_dsn, plan.secrets)
    with ThreadPoolExecutor(len(SERVICES)) as pool:
        list(pool.map(lambda name: migrate_one(name, plan), SERVICES))
    write_private(stamp, want)
    return True


def cluster_mark(plan: Plan) -> str:
    """Return what changes when the private cluster is made anew."""
    version = plan.postgres.data / "PG_VERSION"
    return "outside" if plan.outside_postgres else str(version.stat().st_mtime_ns)


def migrate_one(name: str, plan: Plan) -> None:
    """Migrate one service's database as its owner; raise LocalError."""
    command = [sys.executable, "-m", f"{name}_service", "migrate"]
    run(command, fleet.migration_env(name, plan), plan.run / "logs" / "migrate.log", f"Migrating {name}")


def topology(plan: Plan) -> None:
    """Declare exchanges, queues and bindings as the broker's administrator; raise LocalError."""
    command = [sys.executable, "-m", "chassis.topology", "--url", plan.amqp("admin")]
    run(command, base_env(), plan.run / "logs" / "topology.log", "Declaring the broker's queues")


def run(command: list[str], env: dict[str, str], log: Path, what: str) -> None:
    """Run one step to its end; say in one sentence when it failed and where its words are."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        try:
            done = subprocess.run(
                command, env=env, cwd=layout.ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                timeout=TIMEOUT_S, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise LocalError(f"{what} took longer than {TIMEOUT_S} s; see {log}.") from None
    if done.returncode:
        raise LocalError(f"{what} failed (exit {done.returncode}); see {log}.")
