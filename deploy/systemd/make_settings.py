"""Write /etc/orderhub for one box: python -m deploy.systemd.make_settings --into /etc/orderhub

Run as root, again whenever wanted: secrets already made are kept. The folders secrets/<service> belong to that service's
account, owner/ and admin/ to root alone.
"""

from __future__ import annotations

import argparse
import os
import pwd
import shutil
from pathlib import Path
from typing import Any

from deploy.k8s import make_secrets
from deploy.local import keys
from deploy.local.keys import SERVICES
from deploy.local.layout import write_private

HERE = Path(__file__).resolve().parent
POSTGRES, RABBITMQ = "127.0.0.1:5432", "127.0.0.1:5672"
PORTS = {"order": 50051, "planning": 50052, "inventory": 50053, "notify": 50054}
METRICS_PORT = 9464  # and the four after it


def write(into: Path, *, postgres: str = POSTGRES, rabbitmq: str = RABBITMQ) -> None:
    """Make every file a box needs; the last step gives each service its own folder."""
    store = into / "admin" / "secrets.json"
    _folder(store.parent)
    made = keys.load(store)
    found = make_secrets.documents(made, make_secrets.backup_key(store), postgres, rabbitmq)
    secrets = {document["metadata"]["name"]: document["stringData"] for document in found}
    for name in ("postgres-superuser", "database-roles", "rabbitmq-definitions", "rabbitmq-admin"):
        _files(into / "admin" / name, secrets[name])
    for place, service in enumerate(SERVICES):
        own = secrets[f"{service}-secrets"]
        _files(into / "owner" / service, own | secrets[f"{service}-owner"])
        _files(into / "secrets" / service, own)
        _give(into / "secrets" / service, f"orderhub-{service}")
        _once(into / f"{service}.env", _settings(service, METRICS_PORT + place))
    _once(into / "common.env", (HERE / "common.env").read_text())
    for path in (into, into / "secrets"):
        path.chmod(0o755)


def _settings(service: str, metrics: int) -> str:
    binds = {"ORDERHUB_METRICS_PORT": str(metrics)}
    if service in PORTS:
        binds["ORDERHUB_GRPC_BIND"] = f"127.0.0.1:{PORTS[service]}"
    else:
        binds |= {
            "ORDERHUB_HTTP_BIND": "127.0.0.1:8080",
            "ORDERHUB_ATTACHMENTS_DIR": "/var/lib/orderhub/gateway/attachments",
            "ORDERHUB_WEB_DIST": "/opt/orderhub/services/gateway/web/dist",
        }
    return "".join(f"{name}={value}\n" for name, value in binds.items())


def _folder(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)


def _files(folder: Path, values: dict[str, str]) -> None:
    _folder(folder)
    for name, value in values.items():
        write_private(folder / name, value)


def _once(path: Path, text: str) -> None:
    """Write a file a person may have changed since."""
    if not path.exists():
        path.write_text(text)
    path.chmod(0o644)


def _give(folder: Path, account: str) -> None:
    if os.geteuid() != 0 or not _known(account):
        return
    for path in (folder, *folder.iterdir()):
        shutil.chown(path, account)


def _known(account: str) -> Any:
    try:
        return pwd.getpwnam(account)
    except KeyError:
        return None


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--into", type=Path, default=Path("/etc/orderhub"))
    parser.add_argument("--postgres", default=POSTGRES)
    parser.add_argument("--rabbitmq", default=RABBITMQ)
    asked = parser.parse_args()
    write(asked.into, postgres=asked.postgres, rabbitmq=asked.rabbitmq)


if __name__ == "__main__":
    main()
