"""A service goes back one version and forward again under load: both understand the schema and each other's events (row 19)."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.chaos.accounting import SERVICES
from tests.chaos.conftest import needs_chaos
from tests.chaos.drill import Drill
from tests.chaos.replica import environment_of, instead_of
from tests.chaos.test_drills import drilled
from tests.e2e.stack import ROOT, Stack

pytestmark = [needs_chaos, pytest.mark.timeout(900)]
ROOMS = ("services", "protos")


def git(*words: str) -> str:
    done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


@pytest.fixture(scope="module")
def before() -> Iterator[Path]:
    """The sources as they were before: ORDERHUB_CHAOS_BEFORE, the last release, or before the newest change of a service."""
    changes = git(
        "log", "-2", "--format=%H", "--", "services/chassis", *(f"services/{name}" for name in SERVICES)
    ).split()
    wanted = os.environ.get("ORDERHUB_CHAOS_BEFORE") or git("describe", "--tags", "--abbrev=0")
    version = wanted or (changes[1] if len(changes) == 2 else "")
    if not version:
        pytest.skip("no history to go back in")
    home = Path(tempfile.mkdtemp(prefix="orderhub-before-"))
    packed = subprocess.run(["git", "-C", str(ROOT), "archive", version, *ROOMS], capture_output=True, check=True)
    subprocess.run(["tar", "-x", "-C", str(home)], input=packed.stdout, check=True)
    print(f"\n  the version before is {version[:12]}")
    yield home
    shutil.rmtree(home)


def path_of(home: Path) -> str:
    rooms = [home / "services" / name for name in (*SERVICES, "chassis")]
    return os.pathsep.join(str(room) for room in (*rooms, home / "protos" / "gen"))


async def test_every_service_goes_back_one_version_and_forward_again(stack: Stack, before: Path) -> None:
    async def weather(drill: Drill) -> None:
        for part in SERVICES:
            async with older(stack, part, before) as said:
                took = await drill.good_weather()
            back = await drill.good_weather()
            drill.faults.confirmed.append(f"{said}; working with it after {took:.1f} s, without it after {back:.1f} s")

    await drilled(stack, weather)


@asynccontextmanager
async def older(stack: Stack, part: str, home: Path) -> AsyncIterator[str]:
    """Run the older version of a part in its place."""
    settings, pid = {"PYTHONPATH": path_of(home)}, stack.pid(part)
    mapped = await asyncio.to_thread(_origin, part, environment_of(stack, part) | settings, home)
    assert mapped.startswith(str(home)), mapped
    async with instead_of(stack, part, settings, home) as running:
        yield f"{part}: pid {pid} left, pid {running.pid} of the version before served"


def _origin(part: str, environment: dict[str, str], home: Path) -> str:
    """Return where the older process takes its code from."""
    program = f"import {part}_service; print({part}_service.__file__)"
    return subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=home, capture_output=True, text=True, check=True
    ).stdout
