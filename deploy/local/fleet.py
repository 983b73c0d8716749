"""The fleet table: every part of the local stack, how it starts, where it listens, how its health is asked."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from deploy.local import broker, databases, layout, ports
from deploy.local.plan import Plan

# part        kind of health   source folders whose change calls for a restart
TABLE: dict[str, tuple[str, tuple[str, ...]]] = {
    "postgres": ("postgres", ()),
    "rabbitmq": ("amqp", ()),
    "sink": ("http", ("deploy/local/sink.py", "deploy/local/sink_text.py", "deploy/local/sink_store.py")),
    "order": ("grpc", ("services/order", "services/chassis", "protos/gen")),
    "planning": ("grpc", ("services/planning", "services/chassis", "protos/gen")),
    "inventory": ("grpc", ("services/inventory", "services/chassis", "protos/gen")),
    "notify": ("grpc", ("services/notify", "services/chassis", "protos/gen")),
    "gateway": ("http", ("services/gateway/gateway_service", "services/chassis", "protos/gen")),
}
SOURCES = {".py", ".toml", ".mako", ".html", ".json", ".typ"}
SKIPPED = {"node_modules", "__pycache__", "dist", "build"}


@dataclass(frozen=True, slots=True)
class Part:
    """One process of the stack. `fingerprint` changes when its code, command or environment does."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    port: int
    health: str
    sources: tuple[str, ...] = ()
    metrics_port: int | None = None

    @property
    def address(self) -> str:
        """Return host and port."""
        return f"{ports.LOOPBACK}:{self.port}"

    @property
    def health_url(self) -> str:
        """Return where people and programs may ask for its health."""
        path = {"gateway": "/readyz", "sink": "/messages"}.get(self.name, "")
        return f"{'http' if self.health == 'http' else self.health}://{self.address}{path}"

    def fingerprint(self) -> str:
        """Return a hash over command, environment and source files."""
        text = "\0".join((*self.command, *(f"{key}={value}" for key, value in sorted(self.env.items()))))
        return hashlib.sha256((text + code_hash(self.sources)).encode()).hexdigest()[:16]


@cache
def code_hash(sources: tuple[str, ...], root: Path = layout.ROOT) -> str:
    """Return the SHA-256 over the files under `sources`; read once per process."""
    digest = hashlib.sha256()
    for source in sources:
        for path in source_files(root / source):
            digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return digest.hexdigest()


def source_files(place: Path) -> list[Path]:
    """Return the files under `place` (or itself) a running process was made from."""
    if place.is_file():
        return [place]
    found = []
    for folder, subfolders, files in os.walk(place):
        subfolders[:] = sorted(set(subfolders) - SKIPPED)
        found += [Path(folder) / name for name in sorted(files) if Path(name).suffix in SOURCES]
    return found


def parts(plan: Plan) -> list[Part]:
    """Return the whole fleet for a plan; an outside Postgres or RabbitMQ is nobody's part."""
    left_out = {"postgres"} if plan.outside_postgres else set()
    left_out |= {"rabbitmq"} if plan.outside_amqp else set()
    return [part(name, plan) for name in TABLE if name not in left_out]


def part(name: str, plan: Plan) -> Part:
    """Return one part of the table as this plan starts it."""
    health, sources = TABLE[name]
    command, env = recipe(name, plan)
    metrics = plan.ports.get(f"{name}_metrics")
    return Part(name, tuple(command), env, plan.ports[name], health, sources, metrics)


def recipe(name: str, plan: Plan) -> tuple[list[str], dict[str, str]]:
    """Return command and environment of a part."""
    if name == "postgres":
        return plan.postgres.command(), {}
    if name == "rabbitmq":
        known = hashlib.sha256(json.dumps(broker.definitions(plan.secrets)).encode()).hexdigest()
        return plan.rabbitmq.command(), plan.rabbitmq.env() | {
            "ORDERHUB_DEFINITIONS": known,
            "ORDERHUB_TLS": str(plan.rabbitmq.ca or ""),
        }
    if name == "sink":
        store = str(plan.run / "sink")
        return [
            sys.executable,
            "-m",
            "deploy.local.sink",
            "--port",
            str(plan.ports["sink"]),
            "--store",
            store,
        ], base_env()
    return [sys.executable, "-m", f"{name}_service", "serve"], service_env(name, plan)


def base_env() -> dict[str, str]:
    """Return what every process is given: nothing of ours but paths, and settings that keep it small."""
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "TZ", "LD_LIBRARY_PATH") if key in os.environ}
    return kept | {"PYTHONUNBUFFERED": "1", "PYTHONMALLOC": "pymalloc", "MALLOC_ARENA_MAX": "2"}


def service_env(name: str, plan: Plan) -> dict[str, str]:
    """Return the whole environment of one service: its own role, its own broker account, its own signing key."""
    env = base_env() | {
        "ORDERHUB_DATABASE_URL": databases.dsn(plan.admin_dsn, name, plan.secrets, driver="postgresql+asyncpg"),
        "ORDERHUB_AMQP_URL": plan.amqp(name),
        "ORDERHUB_SIGNING_KEY": json.dumps(plan.secrets.signing[name]),
        "ORDERHUB_TRUSTED_KEYS": plan.secrets.trusted(),
        "ORDERHUB_METRICS_PORT": str(plan.ports[f"{name}_metrics"]),
        "ORDERHUB_PROFILE": os.environ.get("ORDERHUB_PROFILE") or "demo",
        "ORDERHUB_FACTORY_ZONE": os.environ.get("ORDERHUB_FACTORY_ZONE") or "Asia/Shanghai",
        "ORDERHUB_LOG_LEVEL": os.environ.get("ORDERHUB_LOG_LEVEL") or "INFO",
        "ORDERHUB_LOG_FORMAT": "json",
        "ORDERHUB_PUBLIC_URL": plan.public_url or plan.gateway_url,
    }
    for name_as_given in ("ORDERHUB_OTLP_ENDPOINT", "ORDERHUB_FAILPOINTS"):
        if given := os.environ.get(name_as_given):
            env[name_as_given] = given
    if mutual_tls():
        env["ORDERHUB_GRPC_TLS_DIR"] = str(plan.run / "mtls" / name)
    for peer in ("order", "planning", "inventory", "notify"):
        env[f"ORDERHUB_{peer.upper()}_TARGET"] = f"{ports.LOOPBACK}:{plan.ports[peer]}"
    return env | own_settings(name, plan)


def mutual_tls() -> bool:
    """True when services shall talk over mutual TLS: ORDERHUB_MTLS=1 in .env."""
    return os.environ.get("ORDERHUB_MTLS") == "1"


def own_settings(name: str, plan: Plan) -> dict[str, str]:
    """Return the settings only this service has."""
    settings = {
        "order": {"ORDERHUB_TRACKING_KEY": plan.secrets.tracking_key},
        "notify": {"ORDERHUB_SINK_URL": plan.sink_url, "ORDERHUB_SECRETS_KEY": plan.secrets.secrets_key},
        "gateway": {
            "ORDERHUB_HTTP_BIND": f"{plan.bind}:{plan.ports['gateway']}",
            "ORDERHUB_ATTACHMENTS_DIR": str(plan.run / "attachments"),
            "ORDERHUB_DEMO_RESET_FILE": str(plan.run / "demo-reset.json"),
        },
    }.get(name, {})
    return settings if name == "gateway" else settings | {"ORDERHUB_GRPC_BIND": f"{ports.LOOPBACK}:{plan.ports[name]}"}


def migration_env(name: str, plan: Plan) -> dict[str, str]:
    """Return the environment of `migrate`: the owner's role, which no running service holds."""
    owner = databases.dsn(plan.admin_dsn, name, plan.secrets, owner=True, driver="postgresql+asyncpg")
    return service_env(name, plan) | {"ORDERHUB_MIGRATION_URL": owner}
