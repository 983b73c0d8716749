"""Every secret of the local stack, made once and kept in .run/secrets.json (mode 600)."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from deploy.local.layout import write_private

SERVICES = ("order", "planning", "inventory", "notify", "gateway")
BROKER_USERS = (*SERVICES, "admin", "subscriber")
# Demo logins are meant to be typed by people; they exist on this machine's loopback only.
ROLES = (
    "admin", "clerk", "sales", "sales_supervisor", "planner", "planning_supervisor",
    "team_leader", "warehouse", "finance", "manager",
)  # fmt: skip


def password() -> str:
    """Return 24 random letters and digits: safe in URLs, shells and SQL."""
    return secrets.token_urlsafe(18).replace("-", "x").replace("_", "y")


@dataclass(frozen=True, slots=True)
class Secrets:
    """Passwords by name, one Ed25519 key pair per process, and the keys single services need."""

    superuser: str
    owners: dict[str, str]
    apps: dict[str, str]
    broker: dict[str, str]
    signing: dict[str, dict[str, Any]]
    tracking_key: str
    secrets_key: str
    people: dict[str, str] = field(default_factory=dict)

    def trusted(self) -> str:
        """Return the public keys as every service's settings carry them."""
        public = {name: {k: v for k, v in key.items() if k != "d"} for name, key in self.signing.items()}
        return json.dumps(public)


def made() -> Secrets:
    """Return a whole set of fresh secrets."""
    from joserfc.jwk import OKPKey  # 15 MB of memory the supervisor can do without

    return Secrets(
        superuser=password(),
        owners={name: password() for name in SERVICES},
        apps={name: password() for name in SERVICES},
        broker={name: password() for name in BROKER_USERS},
        signing={name: dict(OKPKey.generate_key("Ed25519").as_dict(private=True)) for name in SERVICES},
        tracking_key=secrets.token_hex(32),
        secrets_key=secrets.token_hex(32),
        people={role: password()[:12] for role in ROLES},
    )


def load(path: Path) -> Secrets:
    """Return the secrets of this clone, making the missing ones and keeping the others."""
    kept: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    if complete(kept):
        return Secrets(**kept)
    whole = merged(asdict(made()), kept)
    write_private(path, json.dumps(whole, indent=1))
    return Secrets(**whole)


def complete(kept: dict[str, Any]) -> bool:
    """Say whether nothing is missing in what was kept."""
    groups = {"owners": SERVICES, "apps": SERVICES, "broker": BROKER_USERS, "signing": SERVICES, "people": ROLES}
    singles = {"superuser", "tracking_key", "secrets_key"}
    return singles <= set(kept) and all(set(names) <= set(kept.get(group, ())) for group, names in groups.items())


def merged(fresh: dict[str, Any], kept: dict[str, Any]) -> dict[str, Any]:
    """Return `kept`, completed one and two levels deep from `fresh`."""
    result = dict(fresh)
    for name, value in kept.items():
        result[name] = {**fresh[name], **value} if isinstance(fresh.get(name), dict) else value
    return result
