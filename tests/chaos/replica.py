"""A second replica of a running service, from the first one's own environment with a few settings changed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2

from deploy.local.process import start_tick
from tests.e2e.stack import ROOT, Stack
from tests.support.waiting import eventually

TOLD = 4000  # characters of its log printed when a drill fails


def environment_of(stack: Stack, part: str) -> dict[str, str]:
    """Return the environment a part was started with."""
    raw = Path(f"/proc/{stack.pid(part)}/environ").read_bytes().decode()
    return dict(entry.split("=", 1) for entry in raw.split("\0") if "=" in entry)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def operate(stack: Stack, part: str, *words: str) -> str:
    """Run an operator's command of a service (`python -m order_service …`) and return what it says."""
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"{part}_service", *words, env=environment_of(stack, part), cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await asyncio.wait_for(running.communicate(), 120)
    assert running.returncode == 0, said.decode()
    return said.decode().strip().splitlines()[-1]


@asynccontextmanager
async def another_gateway(stack: Stack, **settings: str) -> AsyncIterator[str]:
    """Run a second gateway with these settings; give its address."""
    address = f"127.0.0.1:{free_port()}"
    env = environment_of(stack, "gateway") | settings | {"ORDERHUB_HTTP_BIND": address, "ORDERHUB_METRICS_PORT": "0"}
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway_service", "serve", env=env, cwd=ROOT,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip

    async def ready() -> bool:
        with contextlib.suppress(httpx2.TransportError):
            async with httpx2.AsyncClient(trust_env=False, timeout=3) as http:
                return (await http.get(f"http://{address}/readyz")).status_code == 200
        return False

    try:
        await eventually(ready, within=60, every=0.3)
        yield f"http://{address}"
    finally:
        await ended(running)


@asynccontextmanager
async def instead_of(
    stack: Stack, part: str, settings: Mapping[str, str], home: Path = ROOT
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a part of our own in its place, with some settings changed; the supervisor starts its own again afterwards."""
    supervisor = json.loads((stack.home / "parts" / "supervisor.json").read_text())["pid"]
    environment, pid = environment_of(stack, part) | settings, stack.pid(part)
    os.kill(supervisor, signal.SIGSTOP)
    running: asyncio.subprocess.Process | None = None
    said = stack.home / f"instead-of-{part}.log"
    try:
        os.kill(pid, signal.SIGTERM)
        await eventually(lambda: _gone(pid), within=60, every=0.1)
        with said.open("wb") as log:
            running = await asyncio.create_subprocess_exec(
                sys.executable, "-m", f"{part}_service", "serve", env=environment, cwd=home, stdout=log, stderr=log
            )
        yield running
        assert running.returncode is None, f"the {part} in its place ended by itself"
    except BaseException:
        state = "was not started" if running is None else f"ended: {running.returncode}"
        print(f"the {part} in its place {state}; it said:\n{said.read_text()[-TOLD:] if said.exists() else ''}")
        raise
    finally:
        if running is not None:
            await ended(running)
        os.kill(supervisor, signal.SIGCONT)


async def _gone(pid: int) -> bool:
    return start_tick(pid) is None


async def ended(running: asyncio.subprocess.Process, within: float = 60.0) -> None:
    """Ask a process of ours to leave, and kill it when it does not."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if running.returncode is None:
            running.send_signal(sign)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(running.wait(), within)
