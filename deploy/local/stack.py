""".run/stack.json: the truth about the running stack, for people and programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from deploy.local import databases
from deploy.local.broker import EXCHANGE
from deploy.local.fleet import Part
from deploy.local.keys import SERVICES
from deploy.local.layout import write_private
from deploy.local.plan import Plan
from deploy.local.records import Record

STACK_FILE = "stack.json"


def described(plan: Plan, parts: Sequence[Part], living: Mapping[str, Record]) -> dict[str, Any]:
    """Return the description contract.md section 1 fixes; a part that is down has pid null."""
    by_name = {part.name: part for part in parts}
    return {
        "gateway_url": plan.gateway_url,
        "public_url": plan.public_url or plan.gateway_url,
        "amqp_url": plan.amqp("subscriber"),
        "events_exchange": EXCHANGE,
        "postgres": {name: databases.dsn(plan.admin_dsn, name, plan.secrets) for name in SERVICES},
        "services": {name: service(by_name[name], living.get(name)) for name in SERVICES},
        "infra": infra(plan, living),
        "users": {role: {"username": role, "password": word} for role, word in plan.secrets.people.items()},
        "notify_sink_url": plan.sink_url,
    }


def service(part: Part, record: Record | None) -> dict[str, Any]:
    """Return how one service is reached."""
    metrics = f"http://127.0.0.1:{part.metrics_port}/metrics"
    grpc = part.address if part.health == "grpc" else None
    return {"pid": pid_of(record), "grpc": grpc, "health": part.health_url, "metrics": metrics}


def infra(plan: Plan, living: Mapping[str, Record]) -> dict[str, Any]:
    """Return what runs beside the services; an outside server is not ours to describe."""
    found: dict[str, Any] = {"sink": {"pid": pid_of(living.get("sink")), "port": plan.ports["sink"]}}
    if not plan.outside_postgres:
        found["postgres"] = {"pid": pid_of(living.get("postgres")), "port": plan.ports["postgres"]}
    if not plan.outside_amqp:
        node = {"port": plan.ports["rabbitmq"], "node": plan.rabbitmq.node}
        found["rabbitmq"] = {"pid": pid_of(living.get("rabbitmq")), **node, "control": plan.rabbitmq.control()}
    return found


def pid_of(record: Record | None) -> int | None:
    """Return the pid of a record, None without one."""
    return record.pid if record else None


def write(plan: Plan, parts: Sequence[Part], living: Mapping[str, Record]) -> None:
    """Replace stack.json in one step; a reader sees the old or the new one, never half."""
    write_private(plan.run / STACK_FILE, json.dumps(described(plan, parts, living), indent=1, ensure_ascii=False))
