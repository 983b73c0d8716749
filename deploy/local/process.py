"""Starting, recognising and stopping processes that outlive us."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

PAUSE_S = 0.02


@dataclass(frozen=True, slots=True)
class Identity:
    """A process that can't be mistaken for a later one with the same pid: start is its kernel start tick."""

    pid: int
    start: int

    @classmethod
    def of(cls, pid: int) -> Self | None:
        """Return the identity of a live process, None for a gone one."""
        start = start_tick(pid)
        return cls(pid, start) if start is not None else None

    def alive(self) -> bool:
        """Say whether this very process still lives."""
        return start_tick(self.pid) == self.start


def start_tick(pid: int) -> int | None:
    """Return the start time of a live process in clock ticks since boot; None for a gone one or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return None
    return None if not fields or fields[0] in ("Z", "X") else int(fields[19])


def resident_kib(pid: int) -> int:
    """Return the resident memory of one process in KiB, 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS:")), 0)


def spawn(
    command: Sequence[str], *, env: Mapping[str, str], log: Path, cwd: Path, account: str | None = None
) -> subprocess.Popen[bytes]:
    """Start `command` in its own session, holding nothing of ours; its output is appended to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        return subprocess.Popen(
            list(command),
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=account,
            group=account,
            extra_groups=[] if account else None,
        )


def stop(pid: int, *, sign: signal.Signals = signal.SIGTERM, patience_s: float = 30.0) -> bool:
    """Ask a process to leave and wait; kill it after `patience_s`. Return whether it left by itself.

    One that stands still (SIGSTOP) is let go on, for it hears nothing else.
    """
    identity = Identity.of(pid)
    if identity is None:
        return True
    send(pid, sign)
    send(pid, signal.SIGCONT)
    left = wait_until(lambda: not identity.alive(), patience_s)
    if not left:
        send(pid, signal.SIGKILL)
        wait_until(lambda: not identity.alive(), 5.0)
    reap(pid)
    return left


def send(pid: int, sign: signal.Signals) -> None:
    """Send a signal; a process that is gone hears nothing."""
    try:
        os.kill(pid, sign)
    except ProcessLookupError:
        return


def reap(pid: int) -> None:
    """Collect the exit of a child of ours; nothing happens for anybody else's child."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def wait_until(condition: Callable[[], bool], timeout_s: float) -> bool:
    """Return True as soon as `condition` holds, False when it does not within `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(PAUSE_S)
    return True
