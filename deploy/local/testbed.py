"""A throwaway Postgres and RabbitMQ for tests: `python -m deploy.local.testbed run -- pytest …`, or start/env/stop."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local import layout, ports
from deploy.local.layout import LocalError, write_private
from deploy.local.postgres import Postgres
from deploy.local.rabbitmq import RabbitMQ, password_hash

VHOSTS = tuple(f"test{number}" for number in range(10))
TESTER = "tester"
LASTING = "lasting"
THROWAWAY = "ORDERHUB_TEST_THROWAWAY"  # the servers go when the run ends: nothing in them needs tidying
USAGE = "usage: python -m deploy.local.testbed run -- COMMAND… | start | stop | env"


@dataclass(frozen=True, slots=True)
class Testbed:
    """One pair of throwaway servers under one directory."""

    __test__ = False

    home: Path
    postgres: Postgres
    rabbitmq: RabbitMQ
    password: str

    def start(self) -> None:
        """Make and start both servers and wait until they answer."""
        self.postgres.create()
        self.rabbitmq.create(definitions(self.password))
        self.rabbitmq.start()
        self.postgres.start()
        self.postgres.wait_ready()
        self.rabbitmq.wait_ready()

    def stop(self) -> None:
        """Stop both and remove everything."""
        try:
            self.postgres.stop()
        finally:
            self.rabbitmq.stop()
            shutil.rmtree(self.home, ignore_errors=True)

    def env(self) -> dict[str, str]:
        """Return what the tests are told by."""
        return {
            "ORDERHUB_TEST_POSTGRES_URL": self.postgres.url,
            "ORDERHUB_TEST_AMQP_URL": f"amqp://{TESTER}:{self.password}@127.0.0.1:{self.rabbitmq.port}",
            "ORDERHUB_TEST_RABBITMQCTL": self.rabbitmq.control(),
        }

    def save(self) -> None:
        """Write down what a later command needs to find this pair."""
        facts = {
            "ports": [self.postgres.port, self.rabbitmq.port, self.rabbitmq.dist_port, self.rabbitmq.epmd_port],
            "password": self.password,
        }
        write_private(self.home / "testbed.json", json.dumps(facts))


def made(home: Path, numbers: list[int], password: str) -> Testbed:
    """Return a pair on these ports (postgres, broker, distribution, epmd)."""
    log = home / "logs"
    postgres = Postgres(home / "postgres", numbers[0], password, log / "postgres.log", durable=False)
    rabbitmq = RabbitMQ(home / "rabbitmq", numbers[1], numbers[2], numbers[3], log / "rabbitmq.log")
    return Testbed(home, postgres, rabbitmq, password)


def fresh(home: Path) -> Testbed:
    """Return a new pair on free ports."""
    return made(home, ports.any_free(4), secrets.token_hex(12))


def saved(home: Path) -> Testbed:
    """Return the pair written down in `home`; raise LocalError."""
    try:
        facts = json.loads((home / "testbed.json").read_text())
    except OSError:
        raise LocalError("No testbed is running: start one with `python -m deploy.local.testbed start`.") from None
    return made(home, facts["ports"], facts["password"])


def definitions(password: str) -> dict[str, Any]:
    """Return the broker's content: the tester may do everything in every test vhost."""
    rights = {"user": TESTER, "configure": ".*", "write": ".*", "read": ".*"}
    user = {"name": TESTER, "password_hash": password_hash(password), "tags": ["administrator"], "limits": {}}
    user["hashing_algorithm"] = "rabbit_password_hashing_sha256"
    return {
        "vhosts": [{"name": name} for name in VHOSTS],
        "users": [user],
        "permissions": [rights | {"vhost": name} for name in VHOSTS],
    }


@contextmanager
def throwaway() -> Iterator[Testbed]:
    """Give a pair for the length of a block."""
    base = layout.state_directory("test")
    base.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="bed-", dir=base))
    home.chmod(0o755)
    testbed = fresh(home)
    try:
        testbed.start()
        yield testbed
    finally:
        testbed.stop()


def run(command: list[str]) -> int:
    """Run a command beside a throwaway pair; return its exit code."""
    with throwaway() as testbed:
        return subprocess.run(command, env=os.environ | testbed.env() | {THROWAWAY: "1"}, check=False).returncode


def lasting_home() -> Path:
    """Return the folder of the pair that lasts."""
    return layout.state_directory("test") / LASTING


def start() -> int:
    """Start the lasting pair, made anew when it is not whole, and show it; return 0."""
    home = lasting_home()
    home.mkdir(parents=True, exist_ok=True)
    testbed = fresh(home) if not (home / "testbed.json").exists() else saved(home)
    if not (testbed.postgres.pid() and testbed.rabbitmq.pid()):
        testbed.stop()
        home.mkdir(parents=True, exist_ok=True)
        testbed = fresh(home)
        testbed.save()
        testbed.start()
    return show(testbed)


def show(testbed: Testbed) -> int:
    """Print the pair's environment as shell exports; return 0."""
    for name, value in testbed.env().items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def main(arguments: list[str]) -> int:
    """Do what the arguments say; return the exit code."""
    match arguments:
        case ["run", "--", *command] if command:
            return run(command)
        case ["start"]:
            return start()
        case ["env"]:
            return show(saved(lasting_home()))
        case ["stop"]:
            saved(lasting_home()).stop()
            return 0
    print(USAGE, file=sys.stderr)
    return 2


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except LocalError as error:
        sys.exit(f"orderhub: {error}")
