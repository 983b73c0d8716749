"""A private RabbitMQ beside any other: own node name, ports, cookie and directories (recipe measured on Debian 12)."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import secrets
import shlex
import socket
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local import layout, ports, process, server_tls
from deploy.local.layout import LocalError

# The /usr/sbin wrapper switches to the system's own account, which can't write our directories.
PROGRAMS = Path("/usr/lib/rabbitmq/bin")
START_TIMEOUT_S = 60.0
EPMD_TIMEOUT_S = 10.0
# One scheduler, no busy waiting, a small process table: 40 MB less resident memory than the defaults.
BEAM = "+S 1:1 +SDcpu 1:1 +SDio 2 +A 2 +sbwt none +sbwtdcpu none +sbwtdio none"
GREETING = b"AMQP\x00\x00\x09\x01"


@dataclass(frozen=True, slots=True)
class RabbitMQ:
    """One private node. Its users, rights and policies are read from definitions.json at every boot."""

    home: Path
    port: int
    dist_port: int
    epmd_port: int
    log: Path
    listen: str = ports.LOOPBACK
    ca: Path | None = None  # set: TLS only, with a certificate of this CA

    @property
    def node(self) -> str:
        """Return the Erlang node's name."""
        return f"orderhub{self.port}@localhost"

    @property
    def definitions(self) -> Path:
        """Return the file of users, rights and policies."""
        return self.home / "definitions.json"

    def create(self, definitions: dict[str, Any]) -> None:
        """Write the node's configuration and what it shall know at boot; the same call again changes nothing."""
        layout.own_directory(self.home, None)
        if self.ca:
            server_tls.provide(self.ca, self.home / "tls", None)
        (self.home / "enabled_plugins").write_text("[].\n")
        (self.home / "rabbitmq.conf").write_text(self._configuration())
        layout.write_private(self.definitions, json.dumps(definitions, indent=1, sort_keys=True))

    def _configuration(self) -> str:
        lines = {
            **self._listeners(),
            "load_definitions": self.definitions,
            "vm_memory_high_watermark.absolute": "1GB",
            "disk_free_limit.absolute": "1GB",
            "raft.wal_max_size_bytes": 16 * 1024 * 1024,
            "heartbeat": 10,
            "log.file.level": "warning",
            "log.console": "false",
            "loopback_users": "none",
        }
        return "".join(f"{key} = {value}\n" for key, value in lines.items())

    def _listeners(self) -> dict[str, object]:
        address, place = f"{self.listen}:{self.port}", self.home / "tls"
        if self.ca is None:
            return {"listeners.tcp.default": address}
        return {
            "listeners.tcp": "none",
            "listeners.ssl.default": address,
            "ssl_options.cacertfile": place / "ca.crt",
            "ssl_options.certfile": place / "server.crt",
            "ssl_options.keyfile": place / "server.key",
            "ssl_options.versions.1": "tlsv1.3",
            "ssl_options.versions.2": "tlsv1.2",
            "ssl_options.verify": "verify_none",  # who comes is known by the password; who answers, by the certificate
            "ssl_options.fail_if_no_peer_cert": "false",
        }

    def url(self, user: str, password: str, vhost: str) -> str:
        """Return the URL of one account; it demands the server's proof where there is one."""
        place = f"{user}:{password}@{self.listen}:{self.port}/{vhost}"
        return f"{'amqps' if self.ca else 'amqp'}://{place}{server_tls.amqp_query(self.ca)}"

    def env(self) -> dict[str, str]:
        """Return the node's whole environment."""
        home = str(self.home)
        return {
            "PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
            "LC_ALL": "C.UTF-8",
            "HOME": home,
            "RABBITMQ_NODENAME": self.node,
            "RABBITMQ_MNESIA_BASE": f"{home}/mnesia",
            "RABBITMQ_LOG_BASE": str(self.log.parent / "rabbitmq"),
            "RABBITMQ_CONFIG_FILE": f"{home}/rabbitmq.conf",
            "RABBITMQ_CONF_ENV_FILE": f"{home}/none",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{home}/enabled_plugins",
            "RABBITMQ_DIST_PORT": str(self.dist_port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": BEAM + " -kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_EPMD_ADDRESS": ports.LOOPBACK,
            "ERL_EPMD_PORT": str(self.epmd_port),
            # These two make the start script become the server itself, so that the pid we get is the broker's.
            "RABBITMQ_ALLOW_INPUT": "1",
            "RABBITMQ_SERVER_START_ARGS": "-noinput",
        }

    def command(self) -> list[str]:
        """Return the node's command line."""
        return [str(program("rabbitmq-server"))]

    def start(self) -> int:
        """Start the node and return its pid at once; `ready` says when it answers."""
        (self.log.parent / "rabbitmq").mkdir(parents=True, exist_ok=True)
        child = process.spawn(self.command(), env=self.env(), log=self.log, cwd=self.home)
        (self.home / "pid").write_text(f"{child.pid}\n")
        return child.pid

    def pid(self) -> int | None:
        """Return the running node's pid; a stale file, or a pid reused by another program, counts as none."""
        try:
            pid = int((self.home / "pid").read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        return pid if str(self.home).encode() in command or self.node.encode() in command else None

    def ready(self) -> bool:
        """Say whether the broker answers the AMQP greeting, which it does only when its boot is over."""
        try:
            with self._line() as line:
                line.sendall(GREETING)
                return line.recv(1) == b"\x01"
        except OSError:
            return False

    def _line(self) -> socket.socket:
        line = socket.create_connection((self.listen, self.port), 1.0)
        if self.ca is None:
            return line
        return ssl.create_default_context(cafile=self.ca).wrap_socket(line, server_hostname=self.listen)

    def wait_ready(self) -> None:
        """Wait until the node answers; raise LocalError after START_TIMEOUT_S."""
        if not process.wait_until(self.ready, START_TIMEOUT_S):
            raise LocalError(
                f"RabbitMQ did not answer on port {self.port} within {START_TIMEOUT_S:.0f} s; see {self.log}."
            )

    def stop(self) -> None:
        """Stop the node and its port mapper, and wait: a start racing a stop costs 20 s."""
        pid = self.pid()
        if pid is not None:
            process.stop(pid, patience_s=30.0)
        (self.home / "pid").unlink(missing_ok=True)
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(["epmd", "-kill"], env=self.env(), capture_output=True, check=False, timeout=EPMD_TIMEOUT_S)

    def control(self) -> str:
        """Return the rabbitmqctl command line of this node, as one shell-ready string."""
        keys = ("HOME", "RABBITMQ_NODENAME", "RABBITMQ_CONF_ENV_FILE", "ERL_EPMD_ADDRESS", "ERL_EPMD_PORT", "LC_ALL")
        settings = [f"{key}={value}" for key, value in self.env().items() if key in keys]
        return shlex.join(["env", *settings, str(program("rabbitmqctl"))])


def program(name: str) -> Path:
    """Return one of RabbitMQ's own programs; raise LocalError when it is not installed."""
    if not (PROGRAMS / name).exists():
        raise LocalError(f"The program '{name}' is missing: run `make up`, or install the rabbitmq-server package.")
    return PROGRAMS / name


def password_hash(password: str, salt: bytes | None = None) -> str:
    """Return RabbitMQ's own form of a password: base64(salt + SHA-256(salt + password)), 4 bytes of salt."""
    salt = salt if salt is not None else secrets.token_bytes(4)
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()
