"""Print every Secret the manifests refer to: python -m deploy.k8s.make_secrets --store FILE | kubectl apply -f -

The store keeps what was made (mode 600, outside the repository): the same command again prints the same secrets, so an
upgrade changes no password. Delete one entry of the store and print again to rotate it.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from pathlib import Path
from typing import Any

from deploy.local import broker, databases, keys
from deploy.local.keys import SERVICES, Secrets
from deploy.local.layout import write_private

NAMESPACE = "orderhub"
POSTGRES, RABBITMQ = "postgres:5432", "rabbitmq:5672"
BACKUP_KEY = "backup_key"


def documents(
    made: Secrets, backup_key: str, postgres: str = POSTGRES, rabbitmq: str = RABBITMQ
) -> list[dict[str, Any]]:
    """Return the Secret manifests; the keys of a service's secret are named like its settings."""
    found = [
        secret("postgres-superuser", {"username": "postgres", "password": made.superuser}, "kubernetes.io/basic-auth"),
        secret("database-roles", role_passwords(made)),
        secret("rabbitmq-definitions", {"definitions.json": json.dumps(broker.definitions(made), sort_keys=True)}),
        secret("rabbitmq-admin", {"amqp_url": amqp("admin", made, rabbitmq)}),
        secret("backup-key", {"key": backup_key}),
    ]
    for service in SERVICES:
        found.append(secret(f"{service}-secrets", own(service, made, postgres, rabbitmq)))
        owner = database_url(service, made, postgres, owner=True)
        found.append(secret(f"{service}-owner", {"orderhub_migration_url": owner}))
    return found


def secret(name: str, values: dict[str, str], kind: str = "Opaque") -> dict[str, Any]:
    metadata = {"name": name, "namespace": NAMESPACE, "labels": {"app.kubernetes.io/part-of": "orderhub"}}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": kind, "stringData": values}


def own(service: str, made: Secrets, postgres: str, rabbitmq: str) -> dict[str, str]:
    """Return the files of one service's secrets folder."""
    values = {
        "orderhub_database_url": database_url(service, made, postgres),
        "orderhub_amqp_url": amqp(service, made, rabbitmq),
        "orderhub_signing_key": json.dumps(made.signing[service]),
        "orderhub_trusted_keys": made.trusted(),
    }
    single = {
        "order": {"orderhub_tracking_key": made.tracking_key},
        "notify": {"orderhub_secrets_key": made.secrets_key},
    }
    return values | single.get(service, {})


def role_passwords(made: Secrets) -> dict[str, str]:
    owners = {f"{service}_owner": password for service, password in made.owners.items()}
    return owners | {f"{service}_app": password for service, password in made.apps.items()}


def database_url(service: str, made: Secrets, postgres: str, *, owner: bool = False) -> str:
    return databases.dsn(f"postgresql://{postgres}/postgres", service, made, owner=owner, driver="postgresql+asyncpg")


def amqp(user: str, made: Secrets, rabbitmq: str) -> str:
    return f"amqp://{user}:{made.broker[user]}@{rabbitmq}/{broker.VHOST}"


def backup_key(store: Path) -> str:
    """Return the key the backups are sealed with (64 hex digits), made once and kept beside the store."""
    place = store.with_name(f"{store.name}.{BACKUP_KEY}")
    if not place.exists():
        write_private(place, secrets.token_hex(32))
    return place.read_text().strip()


def main() -> None:
    parser = argparse.ArgumentParser(description="Print the Secrets of the Kubernetes manifests as one JSON list.")
    parser.add_argument("--store", type=Path, required=True, help="file that keeps the secrets, outside the repository")
    parser.add_argument("--postgres", default=POSTGRES, help="host:port as the services reach it")
    parser.add_argument("--rabbitmq", default=RABBITMQ, help="host:port as the services reach it")
    asked = parser.parse_args()
    items = documents(keys.load(asked.store), backup_key(asked.store), asked.postgres, asked.rabbitmq)
    json.dump({"apiVersion": "v1", "kind": "List", "items": items}, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
