"""A private Postgres under a directory of ours: made, started, stopped, asked."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from deploy.local import layout, ports, process, server_tls
from deploy.local.layout import LocalError

SUPERUSER = "postgres"
START_TIMEOUT_S = 30.0
CONNECTIONS = 150
# reliability.md 3.3: a vanished relay's advisory lock must be freed within 25 s.
DURABLE = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "20000",
}
THROWAWAY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
COMMON = {
    "max_connections": str(CONNECTIONS),
    "shared_buffers": "32MB",  # each process counts the pages it touched; the system keeps the rest at hand
    "max_wal_size": "512MB",
    "min_wal_size": "80MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "32MB",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "idle_in_transaction_session_timeout": "60s",
    "jit": "off",
    "max_logical_replication_workers": "0",  # its launcher would hold 8 MB for nothing
    "log_line_prefix": "%m [%p] %q%u@%d ",
}


class NotYet(LocalError):
    """It can't start this moment, but will be able to without anybody's help."""


@dataclass(frozen=True, slots=True)
class Postgres:
    """One private cluster. `home` holds data/ and sock/; the superuser's password is ours to choose."""

    home: Path
    port: int
    password: str
    log: Path
    durable: bool = True
    listen: str = ports.LOOPBACK
    ca: Path | None = None  # set: TLS only, with a certificate of this CA

    @property
    def data(self) -> Path:
        """Return the data folder."""
        return self.home / "data"

    @property
    def url(self) -> str:
        """Return the superuser's connection string."""
        return self.database_url("postgres")

    def database_url(self, database: str) -> str:
        """Return the superuser's URL of one database."""
        place = f"{SUPERUSER}:{self.password}@{self.listen}:{self.port}/{database}"
        return f"postgresql://{place}{server_tls.postgres_query(self.ca)}"

    def create(self) -> None:
        """Make the cluster when it isn't there yet: checksums on, scram passwords."""
        account = layout.database_account()
        layout.own_directory(self.home, account)
        if self.ca:
            server_tls.provide(self.ca, self.home / "tls", account)
        if (self.data / "PG_VERSION").exists():
            return
        options = [
            "--auth=scram-sha-256",
            f"--username={SUPERUSER}",
            "--data-checksums",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ]
        if not self.durable:
            options.append("--no-sync")
        secret = self._password_file(account)
        done = subprocess.run(
            [str(program("initdb")), "-D", str(self.data), f"--pwfile={secret}", *options],
            text=True, capture_output=True, cwd="/", env=plain_env(), check=False,
            user=account, group=account, extra_groups=[] if account else None,
        )  # fmt: skip
        secret.unlink()
        if done.returncode:
            raise LocalError(f"Postgres could not be set up in {self.data}: {last_line(done.stderr)}")

    def _password_file(self, account: str | None) -> Path:
        """Hand the superuser's password to initdb without showing it in the process table."""
        path = self.home / "password"
        path.write_text(f"{self.password}\n")
        path.chmod(0o600)
        if account:
            shutil.chown(path, account, account)
        return path

    def command(self) -> list[str]:
        """Return the server's command line with all its settings."""
        settings = COMMON | (DURABLE if self.durable else THROWAWAY)
        settings |= {"listen_addresses": self.listen, "port": str(self.port), "unix_socket_directories": str(self.home)}
        settings |= self._tls() if self.ca else {}
        return [
            str(program("postgres")),
            "-D",
            str(self.data),
            *(f"--{key}={value}" for key, value in settings.items()),
        ]

    def _tls(self) -> dict[str, str]:
        """Return the settings that let nobody in without TLS; the socket in our own directory stays."""
        place = self.home / "tls"
        return {
            "ssl": "on",
            "ssl_cert_file": str(place / "server.crt"),
            "ssl_key_file": str(place / "server.key"),
            "ssl_min_protocol_version": "TLSv1.2",
            "hba_file": str(place / server_tls.HBA),
        }

    def start(self) -> int:
        """Start the server and return its pid at once; `ready` says when it answers."""
        if self.pid() is None:
            if self.orphans():
                raise NotYet("Postgres: the connections of the killed server are still leaving.")
            (self.data / "postmaster.pid").unlink(missing_ok=True)
        child = process.spawn(
            self.command(), env=plain_env(), log=self.log, cwd=Path("/"), account=layout.database_account()
        )
        return child.pid

    def pid(self) -> int | None:
        """Return the running postmaster's pid, None for a stale or missing pid file."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        return pid if str(self.data).encode() in command and process.start_tick(pid) is not None else None

    def orphans(self) -> bool:
        """Say whether processes of a dead postmaster still hold its shared memory; removing its pid file then loses data."""
        return any(_works_in(folder, self.data) for folder in Path("/proc").iterdir() if folder.name.isdigit())

    def ready(self) -> bool:
        """Say whether the server takes connections."""
        done = subprocess.run(
            [str(program("pg_isready")), "-q", "-h", self.listen, "-p", str(self.port), "-t", "1"], check=False
        )
        return done.returncode == 0

    def wait_ready(self) -> None:
        """Wait until it does; raise LocalError after START_TIMEOUT_S."""
        if not process.wait_until(self.ready, START_TIMEOUT_S):
            raise LocalError(
                f"Postgres did not answer on port {self.port} within {START_TIMEOUT_S:.0f} s; see {self.log}."
            )

    def stop(self) -> None:
        """Fast shutdown: clients are cut off, a checkpoint is written."""
        pid = self.pid()
        if pid is not None:
            process.stop(pid, sign=signal.SIGINT)

    def run(self, sql: str, database: str = "postgres") -> str:
        """Run a script as superuser in one database and return what it printed."""
        return execute(self.database_url(database), sql)


def _works_in(process_folder: Path, directory: Path) -> bool:
    try:
        return (process_folder / "cwd").readlink() == directory
    except OSError:
        return False


def execute(url: str, sql: str) -> str:
    """Run a script in one psql and return what it printed; the first error stops it."""
    done = subprocess.run(
        [str(program("psql")), "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", url],
        input=sql, text=True, capture_output=True, env=plain_env(), check=False,
    )  # fmt: skip
    if done.returncode:
        raise LocalError(f"Postgres refused a statement: {last_line(done.stderr)}")
    return done.stdout


def program(name: str) -> Path:
    """Return the newest installed Postgres program of that name."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    if found:
        return found[-1]
    on_path = [
        Path(folder) / name for folder in os.environ.get("PATH", "").split(":") if (Path(folder) / name).is_file()
    ]
    if not on_path:
        raise LocalError(f"The Postgres program '{name}' is missing: run `make up`, or install the postgresql package.")
    return on_path[0]


def plain_env() -> dict[str, str]:
    """Return an environment without anything of ours."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8", "HOME": "/"}


def last_line(text: str) -> str:
    """Return the last line of what a program said."""
    return (text.strip().splitlines() or ["no reason given"])[-1]
