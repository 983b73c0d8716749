"""The demo factory made anew: everything business is wiped while nothing runs, then `make up` goes on as on a first day.

What is asked for stands in one file, so that a reset broken off half way is finished by the next `make up`: until the
demo factory is loaded again, the file says so and the wiping, which is safe to repeat, starts over.
"""

from __future__ import annotations

import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aio_pika

from chassis.topology import BINDINGS
from deploy.local import databases, layout, postgres, start
from deploy.local.keys import SERVICES
from deploy.local.layout import LocalError, write_private
from deploy.local.plan import Plan
from deploy.local.records import Records

FILE = "demo-reset.json"
ASKED, RUNNING, DONE, FAILED = "asked", "running", "done", "failed"
UNFINISHED = (RUNNING, FAILED)
PEOPLE = (  # of the gateway: who works here and with what stays, and so does what they looked up and did
    "users", "sessions", "refresh_tokens", "devices", "integrations", "profiles", "phone_lookups", "audit_log",
    "audit_seal", "alembic_version",
)  # fmt: skip
_DROP = "DROP DATABASE IF EXISTS {database} WITH (FORCE);\n"
_EMPTY = """
SELECT 'TRUNCATE ' || string_agg(format('%I', relname), ', ') || ' CASCADE' FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
  AND relname NOT IN ({kept}) \\gexec
"""
_FOUND = "SELECT count(*) FROM pg_database WHERE datname = 'orderhub_gateway';\n"


def state(run: Path = layout.RUN) -> dict[str, Any]:
    """Return what was asked for last and how far it is; empty when nothing ever was."""
    try:
        found = json.loads((run / FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def note(run: Path, **changed: str) -> None:
    """Write down what is asked for, or how far it is."""
    write_private(run / FILE, json.dumps(state(run) | changed, ensure_ascii=False))


def now() -> str:
    """Return the instant as people and the settings page read it, in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def check_profile(profile: str, kept: Records) -> None:
    """Raise LocalError unless this is a demo: by the settings, and by those of every service that runs."""
    running = {found for record in kept.living().values() if (found := _profile_of(record.pid))}
    if profile != "demo" or running - {"demo"}:
        raise LocalError("Only the demo factory can be reset; these data are not a demo's.")


def _profile_of(pid: int) -> str:
    try:
        given = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return ""
    values = dict(entry.partition(b"=")[::2] for entry in given if b"=" in entry)
    return values.get(b"ORDERHUB_PROFILE", b"").decode()


def wipe(wanted: Plan, kept: Records) -> None:
    """Stop what runs, then forget every business record, message and file; people and devices stay."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda name: start.stop(name, kept, wanted), [*SERVICES, "sink"]))
    if not wanted.outside_postgres:
        wanted.postgres.wait_ready()
    _wipe_databases(wanted)
    _wipe_queues(wanted)
    for folder in ("attachments", "sink"):
        shutil.rmtree(wanted.run / folder, ignore_errors=True)
    for stamp in ("demo.loaded", "migrated"):
        (wanted.run / stamp).unlink(missing_ok=True)


def _wipe_databases(wanted: Plan) -> None:
    for service in SERVICES:
        if service != "gateway":
            postgres.execute(wanted.admin_dsn, _DROP.format(database=databases.names(service)[0]))
    if postgres.execute(wanted.admin_dsn, _FOUND).strip() == "1":
        owner = databases.dsn(wanted.admin_dsn, "gateway", wanted.secrets, owner=True)
        postgres.execute(owner, _EMPTY.format(kept=", ".join(f"'{name}'" for name in PEOPLE)))


def _wipe_queues(wanted: Plan) -> None:
    import asyncio  # here: only a reset talks to the broker itself

    if not wanted.outside_amqp:
        wanted.rabbitmq.wait_ready()
    asyncio.run(_purge(wanted.amqp("admin")))


async def _purge(url: str) -> None:
    connection = await aio_pika.connect(url, timeout=10)
    async with connection:
        for name in (queue for work in BINDINGS for queue in (work, f"{work}.dlq")):
            channel = await connection.channel()
            try:
                await (await channel.declare_queue(name, passive=True)).purge()
            except aio_pika.exceptions.ChannelNotFoundEntity:
                continue  # a broker made anew: the topology comes later


def resume(wanted: Plan, kept: Records) -> bool:
    """Wipe when a reset is under way, or was broken off; return whether one is."""
    if state(wanted.run).get("state") not in UNFINISHED:
        return False
    wipe(wanted, kept)
    return True


def finish(wanted: Plan, began: float) -> None:
    """Write down that the demo factory stands again."""
    note(wanted.run, state=DONE, ended_at=now(), seconds=f"{time.monotonic() - began:.0f}")
