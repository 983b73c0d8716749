"""The drill of the nightly backup: what the job sealed is opened, and a database started on it knows the order."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from deploy.k8s.render import HERE
from deploy.k8s.smoke import probes
from deploy.k8s.smoke.podman import Podman
from deploy.k8s.smoke.translate import Stage
from deploy.local.layout import LocalError

PART = "backup"
QUESTIONS = (("orderhub_order", "customer_order", "number"), ("orderhub_planning", "production_order", "order_number"))
SEAL = HERE / "overlays/small-site/seal.py"


def restore(stage: Stage, podman: Podman) -> None:
    """Throw the database's folder away and put the opened backup in its place, as docs/operations.md says."""
    volumes = stage.home / "volumes"
    sealed = max((volumes / PART / "backups").glob("*.sealed"))
    opened = stage.home / "opened"
    shutil.rmtree(opened, ignore_errors=True)
    opened.mkdir()
    key = volumes / PART / "key" / "key"
    subprocess.run(
        [sys.executable, str(SEAL), "open", "--key", str(key), "--into", str(opened), str(sealed)], check=True
    )
    data = volumes / "postgres" / "data" / "pgdata"
    shutil.rmtree(data)
    unpack(opened / "base" / "base.tar", data)
    unpack(opened / "base" / "pg_wal.tar", data / "pg_wal")
    account = str(stage.parts()["postgres"].spec["securityContext"]["runAsUser"])
    subprocess.run(["chown", "-R", f"{account}:{account}", str(data)], check=True)
    data.chmod(0o700)
    podman.run("pod", "rm", "-f", "postgres")
    print(f"  {sealed.name} ({sealed.stat().st_size / 1e6:.1f} MB) opened")


def unpack(archive: Path, into: Path) -> None:
    into.mkdir(parents=True, exist_ok=True)
    subprocess.run(["tar", "-xf", str(archive), "-C", str(into)], check=True)


def holds(stage: Stage, podman: Podman, number: str) -> None:
    """The restored databases know the order: order has it, and planning its production orders."""
    container = probes.container_of(stage.parts()["postgres"])
    for database, table, column in QUESTIONS:
        sql = f"SELECT count(*) FROM {table} WHERE {column} = '{number}'"  # noqa: S608  names of ours, a number we were given
        found = podman.run("exec", container, "psql", "-XAtq", "-U", "postgres", "-d", database, "-c", sql)
        if found == "0":
            raise LocalError(f"{database}.{table} knows nothing of {number} after the restore")
        print(f"  {database} knows {number}")
