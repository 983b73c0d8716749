"""Postgres servers to lose: a primary, its standby, a base backup with its log, and a door that can be pointed elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from deploy.local import layout
from deploy.local.postgres import Postgres, plain_env, program
from deploy.local.process import wait_until
from tests.chaos.proxy import Proxy
from tests.chaos.replica import free_port

PASSWORD = "cluster"
COPY_SECONDS = 120


@dataclass
class Door:
    """A proxy on a thread of its own: what stands before the database goes on while this one waits for a subprocess."""

    target: str
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    proxy: Proxy = field(init=False)

    def __post_init__(self) -> None:
        self.proxy = Proxy(self.target)
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        asyncio.run_coroutine_threadsafe(self.proxy.start(), self._loop).result(10)

    def lead_to(self, target: str) -> None:
        """Point the door elsewhere and break what is open."""

        def change() -> None:
            self.proxy.target = target
            self.proxy.reset()

        self._loop.call_soon_threadsafe(change)

    def close(self) -> None:
        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(self.proxy.stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)


@dataclass
class Cluster:
    """Every server lives under `home`; `archive` keeps the write-ahead log of whoever writes."""

    home: Path
    servers: list[Postgres] = field(default_factory=list)

    @property
    def archive(self) -> Path:
        return self.home / "archive"

    def server(self, name: str) -> Postgres:
        made = Postgres(self.home / name, free_port(), PASSWORD, self.home / f"{name}.log")
        self.servers.append(made)
        return made

    def primary(self) -> Postgres:
        """Make and start a server that archives its log."""
        layout.own_directory(self.archive, layout.database_account())
        server = self.server("primary")
        server.create()
        with (server.data / "postgresql.conf").open("a") as settings:
            settings.write(
                # a promoted standby may bring a segment its primary archived before: the same bytes are no error
                f"archive_mode = on\narchive_command = 'cmp -s %p {self.archive}/%f || "
                f"(test ! -e {self.archive}/%f && cp %p {self.archive}/%f)'\n"
            )
        return self.started(server)

    def copy(self, of: Postgres, name: str, *, follows: bool) -> Postgres:
        """Take a base backup; one that follows is a standby, the other lies there until it is needed."""
        server = self.server(name)
        layout.own_directory(server.home, layout.database_account())
        where = ["-h", "127.0.0.1", "-p", str(of.port), "-U", "postgres"]
        self._run(
            "pg_basebackup", *where, "-D", str(server.data), "-X", "stream", "-c", "fast", *(["-R"] if follows else [])
        )
        return self.started(server) if follows else server

    def recovered(self, backup: Postgres, until: datetime) -> Postgres:
        """Start a base backup and let it recover to an instant."""
        account = layout.database_account()
        (backup.data / "recovery.signal").touch()
        with (backup.data / "postgresql.conf").open("a") as settings:
            settings.write(
                f"restore_command = 'cp {self.archive}/%f %p'\nrecovery_target_time = '{until.isoformat()}'\n"
                "recovery_target_action = promote\n"
            )
        if account:
            shutil.chown(backup.data / "recovery.signal", account, account)
        self.started(backup)
        in_recovery = "SELECT pg_is_in_recovery()"
        assert wait_until(lambda: backup.run(in_recovery).strip() == "f", 60), "the recovery does not end"
        return backup

    def started(self, server: Postgres) -> Postgres:
        server.start()
        server.wait_ready()
        return server

    def _run(self, name: str, *arguments: str) -> None:
        account = layout.database_account()
        subprocess.run(
            [str(program(name)), *arguments], env=plain_env() | {"PGPASSWORD": PASSWORD}, check=True, cwd="/",
            user=account, group=account, extra_groups=[] if account else None, capture_output=True,
            timeout=COPY_SECONDS,
        )  # fmt: skip

    @staticmethod
    def kill(server: Postgres) -> None:
        """kill -9 the postmaster, and wait until its children are gone."""
        pid = server.pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        gone: Callable[[], bool] = lambda: server.pid() is None and not server.orphans()  # noqa: E731
        assert wait_until(gone, 20), "the killed server's processes stay"

    def close(self) -> None:
        for server in self.servers:
            server.stop()
        shutil.rmtree(self.home, ignore_errors=True)
