"""Hurting a stack: each fault says how it is known to have happened, for a fault that did not happen proves nothing."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aio_pika
import asyncpg
import httpx2
from aio_pika.exceptions import AMQPError

from chassis.topology import declare
from tests.e2e.stack import Stack
from tests.support.waiting import eventually

PARTS = ("order", "planning", "inventory", "notify", "gateway", "rabbitmq", "postgres", "sink")
ALARMS = {
    "disk": (("set_disk_free_limit", "900000GB"), ("set_disk_free_limit", "1GB")),
    "memory": (
        ("set_vm_memory_high_watermark", "absolute", "1MB"),
        ("set_vm_memory_high_watermark", "absolute", "1GB"),
    ),
}
FROZEN_SECONDS = 0.4  # bytes are in flight when the kill comes
BACK_SECONDS = 90.0


@dataclass
class Faults:
    """Injects faults into one stack and keeps the proof of each."""

    stack: Stack
    confirmed: list[str] = field(default_factory=list)

    async def kill(self, part: str) -> None:
        """Freeze, then kill -9; confirmed by another pid (and Postgres's own start time)."""
        before = await self._identity(part)
        pid = self.stack.pid(part)
        os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(FROZEN_SECONDS)
        os.kill(pid, signal.SIGKILL)

        async def another() -> str | None:
            try:
                now = await self._identity(part)
            except (TypeError, OSError, asyncpg.PostgresError, TimeoutError):
                return None  # dead, or on its way back
            return now if now != before else None

        after = await eventually(another, within=BACK_SECONDS, every=0.1)
        self.confirmed.append(f"kill -9 {part}: {before} -> {after}")

    async def _identity(self, part: str) -> str:
        if part != "postgres":
            return f"pid {self.stack.pid(part)}"
        connection = await asyncpg.connect(self.stack.facts["postgres"]["order"], timeout=3)
        started = await connection.fetchval("SELECT pg_postmaster_start_time()")
        await connection.close()
        return f"pid {self.stack.pid(part)} since {started:%H:%M:%S.%f}"

    async def lose_the_brokers_data(self) -> None:
        """Kill the broker, take its whole database away, let it start empty and declare its objects again."""
        data = self.stack.home / "rabbitmq" / "mnesia"
        supervisor = json.loads((self.stack.home / "parts" / "supervisor.json").read_text())["pid"]
        before = self.stack.pid("rabbitmq")
        os.kill(supervisor, signal.SIGSTOP)  # nobody restarts it before its data is gone
        try:
            os.kill(before, signal.SIGKILL)
            await eventually(lambda: _gone(before), within=10)
            shutil.rmtree(data)
        finally:
            os.kill(supervisor, signal.SIGCONT)
        await eventually(self._topology_declared, within=BACK_SECONDS, every=1)
        self.confirmed.append(
            f"broker data lost: {data.name} removed, pid {before} -> pid {self.stack.pid('rabbitmq')}"
        )

    async def _topology_declared(self) -> bool:
        password = json.loads((self.stack.home / "secrets.json").read_text())["broker"]["admin"]
        try:
            connection = await aio_pika.connect(
                f"amqp://admin:{password}@{self.stack.amqp_url.rsplit('@', 1)[1]}", timeout=3
            )
        except (OSError, AMQPError, TimeoutError):
            return False
        async with connection:
            await declare(await connection.channel())
        return True

    @asynccontextmanager
    async def frozen(self, part: str) -> AsyncIterator[None]:
        """Stop a part without killing it; confirmed by the kernel's own word for its state."""
        pid = self.stack.pid(part)
        os.kill(pid, signal.SIGSTOP)
        try:
            await eventually(lambda: _state_is(pid, "T"), within=2)
            self.confirmed.append(f"SIGSTOP {part}: pid {pid} stopped")
            yield
            assert await _state_is(pid, "T"), f"{part} did not stand still to the end"
        finally:
            os.kill(pid, signal.SIGCONT)

    @asynccontextmanager
    async def alarm(self, resource: str) -> AsyncIterator[None]:
        """Make the broker believe that its `disk` or `memory` is nearly gone: it blocks who publishes."""
        await self.control(*ALARMS[resource][0])
        try:
            await eventually(lambda: self._alarmed(resource), within=30, every=0.5)
            self.confirmed.append(f"broker {resource} alarm: in effect")
            yield
            assert await self._alarmed(resource), f"the {resource} alarm did not last to the end"
        finally:
            await self.control(*ALARMS[resource][1])

    async def _alarmed(self, resource: str) -> bool:
        return resource in await self.control("eval", "rabbit_alarm:get_alarms().")

    async def behave(self, **behaviour: int) -> None:
        """Tell the notify sink how to answer; no argument is good again, which is no fault."""
        async with httpx2.AsyncClient(trust_env=False, timeout=5) as http:
            shown = await http.put(f"{self.stack.facts['notify_sink_url']}/behaviour", json=behaviour)
        assert shown.status_code == 200, shown.text
        if behaviour:
            self.confirmed.append(f"sink told to behave: {shown.json()}")

    async def control(self, *words: str) -> str:
        """Run rabbitmqctl against the stack's own node and return what it says."""
        command = [*shlex.split(self.stack.facts["infra"]["rabbitmq"]["control"]), "--quiet", *words]
        running = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await asyncio.wait_for(running.communicate(), 60)
        assert running.returncode == 0, said.decode()
        return said.decode()

    async def queues(self) -> dict[str, int]:
        """Return how many messages each queue of the vhost holds."""
        said = await self.control("list_queues", "-p", "orderhub", "name", "messages")
        rows = [line.split("\t") for line in said.splitlines() if "\t" in line]
        return {name: int(count) for name, count in rows if count.isdigit()}


async def _state_is(pid: int, wanted: str) -> bool:
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0] == wanted


async def _gone(pid: int) -> bool:
    try:
        return await _state_is(pid, "Z")
    except FileNotFoundError:
        return True
