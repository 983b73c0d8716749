"""Starting and stopping one part, whatever it is."""

from __future__ import annotations

import signal
import time

from deploy.local import broker, layout, process
from deploy.local.fleet import Part
from deploy.local.plan import Plan
from deploy.local.postgres import NotYet
from deploy.local.process import Identity
from deploy.local.records import Record, Records

GRACE_S = 30.0


def start(part: Part, plan: Plan, records: Records, restarts: int = 0) -> Record:
    """Start a part and remember it; raise NotYet when it has to wait for something that passes by itself."""
    pid = _spawn(part, plan)
    identity = Identity.of(pid)
    if identity is None:
        raise NotYet(f"{part.name} ended as soon as it was started; see {plan.run}/logs/{part.name}.log.")
    record = Record(part.name, pid, identity.start, time.time(), part.fingerprint(), restarts)
    records.write(record)
    return record


def _spawn(part: Part, plan: Plan) -> int:
    if part.name == "postgres":
        plan.postgres.create()
        return plan.postgres.start()
    if part.name == "rabbitmq":
        plan.rabbitmq.create(broker.definitions(plan.secrets))
        return plan.rabbitmq.start()
    log = plan.run / "logs" / f"{part.name}.log"
    return process.spawn(part.command, env=part.env, log=log, cwd=layout.ROOT).pid


def stop(name: str, records: Records, plan: Plan | None = None) -> None:
    """Stop a part in its own way and wait until it is gone."""
    record = records.read(name)
    if record and record.alive():
        sign = signal.SIGINT if name == "postgres" else signal.SIGTERM
        process.stop(record.pid, sign=sign, patience_s=GRACE_S)
    if name == "rabbitmq" and plan:
        plan.rabbitmq.stop()
    records.forget(name)
