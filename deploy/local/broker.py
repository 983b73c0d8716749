"""What the private broker knows at boot: users, rights and policies (chassis.topology declares the queues)."""

from __future__ import annotations

from typing import Any

from deploy.local.keys import Secrets
from deploy.local.rabbitmq import password_hash

VHOST = "orderhub"
EXCHANGE = "orderhub.events"
WORKERS = ("order", "planning", "inventory", "notify")
# The prefixes client libraries give to queues a subscriber leaves unnamed, and one to name them by.
SUBSCRIBER_QUEUES = r"^(amq\.gen|amq_|subscriber\.).*$"
HASHING = "rabbit_password_hashing_sha256"


def definitions(secrets: Secrets) -> dict[str, Any]:
    """Return the whole content of the broker; importing it again changes nothing but the salt of the hashes."""
    return {
        "vhosts": [{"name": VHOST}],
        "users": [user(name, password) for name, password in sorted(secrets.broker.items())],
        "permissions": [rights(name) for name in sorted(secrets.broker)],
        "topic_permissions": [topic_rights(name) for name in sorted(secrets.broker)],
        "policies": [*(work_policy(f"{name}.events") for name in WORKERS), dead_letter_policy()],
    }


def user(name: str, password: str) -> dict[str, Any]:
    """Return one account; only the administrator may manage the broker."""
    salt = password.encode()[:4]  # fixed per password, so that the file only changes when something changed
    tags = ["administrator"] if name == "admin" else []
    hashed = password_hash(password, salt)
    return {"name": name, "password_hash": hashed, "hashing_algorithm": HASHING, "tags": tags, "limits": {}}


def rights(name: str) -> dict[str, str]:
    """Return what a user may configure, write and read, as the broker's regular expressions."""
    if name == "admin":
        configure, write, read = ".*", ".*", ".*"
    elif name == "subscriber":
        configure, write, read = SUBSCRIBER_QUEUES, SUBSCRIBER_QUEUES, rf"{SUBSCRIBER_QUEUES}|^orderhub\.events$"
    elif name == "gateway":
        configure, write, read = r"^gateway\.", r"^gateway\.", r"^gateway\.|^orderhub\.events$"
    else:
        configure, write, read = "^$", r"^orderhub\.events$", rf"^{name}\.events(\.dlq)?$"
    return {"user": name, "vhost": VHOST, "configure": configure, "write": write, "read": read}


def topic_rights(name: str) -> dict[str, str]:
    """Return which event types a user may publish: a service its own, the administrator all, others none."""
    own = rf"^orderhub\.{name}\.v1\." if name in WORKERS else ("" if name == "admin" else "^$")
    return {"user": name, "vhost": VHOST, "exchange": EXCHANGE, "write": own or ".*", "read": ".*"}


def work_policy(queue: str) -> dict[str, Any]:
    """Return what holds for a service's queue: a full one refuses, a killer goes to the dead letters after 20 deliveries."""
    definition = {
        "delivery-limit": 20,
        "dead-letter-exchange": "orderhub.dlx",
        "dead-letter-routing-key": f"{queue}.dlq",
        "dead-letter-strategy": "at-least-once",
        "overflow": "reject-publish",
        "max-length": 200_000,
    }
    return policy(queue, rf"^{queue.replace('.', chr(92) + '.')}$", definition)


def dead_letter_policy() -> dict[str, Any]:
    """Return what holds for the queues of dead letters."""
    return policy("dead-letters", r"\.dlq$", {"max-length": 100_000, "overflow": "reject-publish"})


def policy(name: str, pattern: str, definition: dict[str, Any]) -> dict[str, Any]:
    """Return one policy as the broker imports it."""
    return {
        "vhost": VHOST, "name": name, "pattern": pattern, "apply-to": "queues", "priority": 1, "definition": definition,
    }  # fmt: skip
