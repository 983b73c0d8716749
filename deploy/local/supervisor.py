"""The supervisor: starts the fleet, adopts what already runs, restarts whatever dies, writes stack.json.

SIGTERM stops everything in order; SIGHUP makes the supervisor leave alone, so that a newer one can take over.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TextIO

from deploy.local import demo_reset, fleet, layout, plan, process, records, rotate, stack, start
from deploy.local.backoff import Backoff
from deploy.local.fleet import Part
from deploy.local.layout import LocalError
from deploy.local.plan import Plan
from deploy.local.postgres import NotYet
from deploy.local.records import Record, Records

NAME = "supervisor"
TICK_S = 5.0
NOT_YET_S = 0.2
INFRA = ("rabbitmq", "postgres")


@dataclass(slots=True)
class Watched:
    """A part under watch: its living process, or the moment it is due to start (monotonic seconds)."""

    part: Part
    backoff: Backoff = field(default_factory=Backoff)
    record: Record | None = None
    watch: int | None = None
    due: float = 0.0
    started: float = 0.0
    restarts: int = 0


class Supervisor:
    """One loop over process file descriptors: no polling, a death is seen at once whoever the parent was."""

    def __init__(self, wanted: Plan, found: Records) -> None:
        self.plan = wanted
        self.records = found
        self.parts = fleet.parts(wanted)
        self.watched = {part.name: Watched(part) for part in self.parts}
        self.leaving: signal.Signals | None = None
        self.poll = select.poll()
        self.wake_in, self.wake_out = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def run(self) -> None:
        """Start, watch and restart until a signal says otherwise."""
        self._listen()
        self._adopt()
        self._tell()
        while self.leaving is None:
            self._start_due()
            self._wait()
            self._reset_when_asked()
        if self.leaving is not signal.SIGHUP:
            self._stop_all()

    def _listen(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._leave)
        signal.set_wakeup_fd(self.wake_out)
        self.poll.register(self.wake_in, select.POLLIN)

    def _leave(self, number: int, _frame: object) -> None:
        self.leaving = signal.Signals(number)

    def _adopt(self) -> None:
        """Take over living parts; those made from other code or settings are restarted."""
        living = self.records.living()
        stale = [
            name for name, one in self.watched.items() if name in living and self._outdated(one.part, living[name])
        ]
        for name in stale:
            say(f"{name}: code or settings changed, restarting")
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda name: start.stop(name, self.records, self.plan), stale))
        for name, record in living.items():
            if name in self.watched and name not in stale:
                say(f"{name}: adopted pid {record.pid}")
                self._follow(self.watched[name], record)

    def _outdated(self, part: Part, record: Record) -> bool:
        return record.fingerprint != part.fingerprint()

    def _follow(self, one: Watched, record: Record) -> None:
        try:
            one.watch = os.pidfd_open(record.pid)
        except ProcessLookupError:
            one.record = None
            return
        one.record, one.started = record, time.monotonic()
        self.poll.register(one.watch, select.POLLIN)

    def _start_due(self) -> None:
        now = time.monotonic()
        due = [one for one in self.watched.values() if one.record is None and one.due <= now]
        if [self._started(one) for one in due].count(True):
            self._tell()

    def _started(self, one: Watched) -> bool:
        try:
            record = start.start(one.part, self.plan, self.records, one.restarts)
        except NotYet as reason:
            say(str(reason))
            one.due = time.monotonic() + NOT_YET_S
            return False
        except (LocalError, OSError) as reason:
            say(f"{one.part.name}: {reason}")
            one.due = time.monotonic() + max(NOT_YET_S, one.backoff.after_death(0.0))
            return False
        say(f"{one.part.name}: started, pid {record.pid}")
        self._follow(one, record)
        return True

    def _wait(self) -> None:
        """Sleep until a part dies, a signal comes, or the next start is due."""
        waits = [one.due - time.monotonic() for one in self.watched.values() if one.record is None]
        pause_s = max(0.0, min([TICK_S, *waits]))
        seen = {descriptor for descriptor, _ in self.poll.poll(pause_s * 1000)}
        if self.wake_in in seen:
            os.read(self.wake_in, 512)
        for one in self.watched.values():
            if one.watch in seen:
                self._died(one)
        rotate.rotate_all(self.plan.run / "logs")

    def _reset_when_asked(self) -> None:
        """Let the demo be made anew by a process of its own, which sends this supervisor away first."""
        if demo_reset.state(self.plan.run).get("state") == demo_reset.ASKED:
            say("demo: an administrator asked for a reset")
            demo_reset.note(self.plan.run, state=demo_reset.RUNNING)
            command = [sys.executable, "-m", "deploy.local.demo.reset", "--asked"]
            given = {key: value for key, value in os.environ.items() if key.startswith("ORDERHUB_")}
            log = self.plan.run / "logs" / "demo.log"
            process.spawn(command, env=fleet.base_env() | given, log=log, cwd=layout.ROOT)

    def _died(self, one: Watched) -> None:
        assert one.record is not None
        assert one.watch is not None
        self.poll.unregister(one.watch)
        os.close(one.watch)
        process.reap(one.record.pid)
        pause_s = one.backoff.after_death(time.monotonic() - one.started)
        say(f"{one.part.name}: pid {one.record.pid} died, again in {pause_s:.1f} s")
        one.record, one.watch = None, None
        one.restarts += 1
        one.due = time.monotonic() + pause_s

    def _stop_all(self) -> None:
        """Services first, all at once; then the broker and the database they wrote to."""
        first = [name for name in self.watched if name not in INFRA]
        with ThreadPoolExecutor(len(self.watched)) as pool:
            list(pool.map(lambda name: start.stop(name, self.records, self.plan), first))
            list(pool.map(lambda name: start.stop(name, self.records, self.plan), [*set(self.watched) & set(INFRA)]))
        (self.plan.run / stack.STACK_FILE).unlink(missing_ok=True)
        say("all parts stopped")

    def _tell(self) -> None:
        stack.write(self.plan, self.parts, self.records.living())


def say(text: str) -> None:
    """Print a line with its instant."""
    print(f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} {text}", flush=True)


def only_one() -> TextIO:
    """Hold the supervisor's lock for as long as this process lives, or leave."""
    lock = (layout.RUN / "supervisor.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit("a supervisor is already running")
    return lock


def main() -> None:
    """Be the one supervisor of this run directory."""
    lock = only_one()
    kept = records.of_run()
    wanted = plan.current()
    own = process.Identity.of(os.getpid())
    assert own is not None
    kept.write(Record(NAME, own.pid, own.start, time.time(), ""))
    try:
        Supervisor(wanted, kept).run()
    finally:
        kept.forget(NAME)
        lock.close()


if __name__ == "__main__":
    main()
