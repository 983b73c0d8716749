"""The decisions of one `make up`: which port each part has, where Postgres and RabbitMQ are."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local import keys, layout, ports, server_tls
from deploy.local.broker import VHOST
from deploy.local.keys import Secrets
from deploy.local.ports import LOOPBACK
from deploy.local.postgres import Postgres
from deploy.local.rabbitmq import RabbitMQ

WANTED = {
    "gateway": 8080, "order": 50051, "planning": 50052, "inventory": 50053, "notify": 50054,
    "sink": 8090, "postgres": 54329, "rabbitmq": 56729, "rabbitmq_dist": 16730, "rabbitmq_epmd": 16731,
    "order_metrics": 19151, "planning_metrics": 19152, "inventory_metrics": 19153, "notify_metrics": 19154,
    "gateway_metrics": 19155,
}  # fmt: skip
PORTS_FILE = "ports.json"
# Where stacks beside the usual one look for ports: below the range the kernel lends to outgoing connections.
BLOCKS = (20_000, 32_000, 16)


@dataclass(frozen=True, slots=True)
class Plan:
    """Ports by part name, the secrets, and the outside servers when somebody brought their own."""

    ports: Mapping[str, int]
    secrets: Secrets
    run: Path = layout.RUN
    outside_postgres: str | None = None
    outside_amqp: str | None = None
    bind: str = LOOPBACK
    public_url: str | None = None

    @property
    def postgres(self) -> Postgres:
        """Return the private cluster."""
        home = layout.state_directory("postgres")
        log, ca = self.run / "logs" / "postgres.log", server_tls.authority(self.run)
        return Postgres(home, self.ports["postgres"], self.secrets.superuser, log, ca=ca)

    @property
    def rabbitmq(self) -> RabbitMQ:
        """Return the private node."""
        port, dist, epmd = (self.ports[name] for name in ("rabbitmq", "rabbitmq_dist", "rabbitmq_epmd"))
        log, ca = self.run / "logs" / "rabbitmq.log", server_tls.authority(self.run)
        return RabbitMQ(self.run / "rabbitmq", port, dist, epmd, log, ca=ca)

    @property
    def admin_dsn(self) -> str:
        """Return where roles and databases are made."""
        return self.outside_postgres or self.postgres.url

    def amqp(self, user: str) -> str:
        """Return the broker's URL for one account; an outside broker has one account for all."""
        if self.outside_amqp:
            return self.outside_amqp
        return self.rabbitmq.url(user, self.secrets.broker[user], VHOST)

    @property
    def gateway_url(self) -> str:
        """Return the gateway's address on this machine."""
        return f"http://{LOOPBACK}:{self.ports['gateway']}"

    @property
    def sink_url(self) -> str:
        """Return the sink's address on this machine."""
        return f"http://{LOOPBACK}:{self.ports['sink']}"


def load(secrets: Secrets, taken: Mapping[str, int], run: Path = layout.RUN) -> Plan:
    """Return the plan from the environment and the remembered ports (`taken` wins: what `choose` decided)."""
    env = os.environ
    return Plan(
        ports=dict(taken),
        secrets=secrets,
        run=run,
        outside_postgres=env.get("ORDERHUB_POSTGRES_URL") or None,
        outside_amqp=env.get("ORDERHUB_AMQP_URL") or None,
        bind=env.get("ORDERHUB_BIND") or LOOPBACK,
        public_url=env.get("ORDERHUB_PUBLIC_URL") or None,
    )


def remembered(run: Path = layout.RUN) -> dict[str, int]:
    """Return the ports of the last `make up` by name; empty when there was none."""
    try:
        return {str(name): int(port) for name, port in json.loads((run / PORTS_FILE).read_text()).items()}
    except (OSError, ValueError):
        return {}


def choose(ours: frozenset[str], run: Path = layout.RUN) -> dict[str, int]:
    """Return a port per part: what a running part of ours (`ours`) holds stays; others get theirs or the next free one."""
    before = remembered(run)
    chosen = {name: before[name] for name in WANTED if part_of(name) in ours and name in before}
    shift = 0 if run == layout.HOME_RUN else random.randrange(*BLOCKS)  # noqa: S311  not a secret
    for index, (name, wanted) in enumerate(WANTED.items()):
        if name not in chosen:
            chosen[name] = ports.free_from(shift + index if shift else wanted, frozenset(chosen.values()))
    return chosen


def part_of(port_name: str) -> str:
    """Return the part a port belongs to: `order_metrics` is order's."""
    return port_name.split("_", 1)[0]


def moved(chosen: Mapping[str, int], run: Path = layout.RUN) -> list[str]:
    """Return one sentence per part that could not have its usual port."""
    return [
        f"port {WANTED[name]} is taken by another program: {name.replace('_', ' ')} uses {port}"
        for name, port in chosen.items()
        if port != WANTED[name] and run == layout.HOME_RUN
    ]


def current(run: Path = layout.RUN) -> Plan:
    """Return the plan of the stack as last decided by `make up`."""
    return load(keys.load(run / "secrets.json"), WANTED | remembered(run), run)
