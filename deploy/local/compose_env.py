"""Writes what compose.yaml mounts: one environment file per service, the roles, the broker's users and rights."""

from __future__ import annotations

import json
from pathlib import Path

from deploy.local import broker, databases, keys, layout
from deploy.local.keys import SERVICES, Secrets
from deploy.local.layout import write_private

POSTGRES = "postgresql://postgres@postgres:5432/postgres"
BROKER = "rabbitmq:5672"
DRIVER = "postgresql+asyncpg"


def amqp(user: str, secrets: Secrets) -> str:
    """Return the broker's URL for one account inside the compose network."""
    return f"amqp://{user}:{secrets.broker[user]}@{BROKER}/{broker.VHOST}"


def service(name: str, secrets: Secrets) -> dict[str, str]:
    """Return the secrets of one running service: its own database role, broker account and key."""
    own = {
        "order": {"ORDERHUB_TRACKING_KEY": secrets.tracking_key},
        "notify": {"ORDERHUB_SECRETS_KEY": secrets.secrets_key},
    }
    return {
        "ORDERHUB_DATABASE_URL": databases.dsn(POSTGRES, name, secrets, driver=DRIVER),
        "ORDERHUB_AMQP_URL": amqp(name, secrets),
        "ORDERHUB_SIGNING_KEY": json.dumps(secrets.signing[name]),
        "ORDERHUB_TRUSTED_KEYS": secrets.trusted(),
    } | own.get(name, {})


def migration(name: str, secrets: Secrets) -> dict[str, str]:
    """Return what a migration is given beside: the owner's role."""
    return service(name, secrets) | {
        "ORDERHUB_MIGRATION_URL": databases.dsn(POSTGRES, name, secrets, owner=True, driver=DRIVER)
    }


def files(secrets: Secrets) -> dict[str, str]:
    """Return every file by name."""
    found = {
        "roles.sql": databases.script(secrets),
        "definitions.json": json.dumps(broker.definitions(secrets), indent=1),
        "rabbitmq.conf": "load_definitions = /etc/rabbitmq/definitions.json\ndisk_free_limit.absolute = 1GB\n",
        "postgres.env": lines({"POSTGRES_PASSWORD": secrets.superuser}),
        "topology.env": lines({"ORDERHUB_AMQP_URL": amqp("admin", secrets)}),
    }
    for name in SERVICES:
        found[f"{name}.env"] = lines(service(name, secrets))
        found[f"{name}-migrate.env"] = lines(migration(name, secrets))
    return found


def lines(values: dict[str, str]) -> str:
    """Return an environment file; single quotes keep JSON and dollar signs as they are."""
    return "".join(f"{key}='{value}'\n" for key, value in values.items())


def main(folder: Path = layout.RUN / "compose") -> None:
    """Write every file into `folder`, keeping the secrets that are there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files(keys.load(folder / "secrets.json")).items():
        write_private(folder / name, text)
    # The servers in the containers run under accounts of their own and must be able to read these three.
    for name in ("roles.sql", "definitions.json", "rabbitmq.conf"):
        (folder / name).chmod(0o644)
    print(f"Secrets for compose.yaml are in {folder}.")


if __name__ == "__main__":
    main()
