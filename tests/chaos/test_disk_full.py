"""The disk under Postgres fills: writes are refused honestly, and freeing space is the whole mend (reliability row 24)."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest

from deploy.local import layout
from deploy.local.layout import LocalError
from deploy.local.postgres import Postgres
from tests.chaos.cluster import PASSWORD
from tests.chaos.conftest import needs_chaos
from tests.chaos.drill import Drill
from tests.chaos.replica import free_port
from tests.chaos.test_drills import drilled
from tests.e2e.client import Api
from tests.e2e.stack import down, up
from tests.support.waiting import eventually

pytestmark = [needs_chaos, pytest.mark.timeout(900)]
SIZE_MB, KEPT_MB = 700, 1
FULL_SECONDS = 12.0
NO_SPACE = "No space left on device"


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of its own, in a file."""
    if os.geteuid():
        pytest.skip("mounting a small disk needs root")
    home = Path(tempfile.mkdtemp(prefix="orderhub-disk-"))
    image, disk = home / "image", home / "disk"
    disk.mkdir()
    home.chmod(0o755)
    with image.open("wb") as file:
        file.truncate(SIZE_MB * 1024 * 1024)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", str(image)], check=True, capture_output=True)
    if subprocess.run(["mount", "-o", "loop", str(image), str(disk)], check=False, capture_output=True).returncode:
        shutil.rmtree(home)
        pytest.skip("this machine lets nobody mount a file")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False, capture_output=True, timeout=30)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def server(small_disk: Path) -> Iterator[Postgres]:
    layout.own_directory(small_disk, layout.database_account())
    made = Postgres(small_disk / "postgres", free_port(), PASSWORD, small_disk.parent / "postgres.log")
    made.create()
    made.start()
    made.wait_ready()
    try:
        yield made
    finally:
        made.stop()


def fill(disk: Path) -> Path:
    """Take what is left of the disk but a little; return the file that holds it."""
    ballast = disk / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 1024 * 1024)
    with ballast.open("r+b") as file:
        file.truncate(ballast.stat().st_size - KEPT_MB * 1024 * 1024)
    return ballast


async def test_a_full_disk_refuses_and_loses_nothing(small_disk: Path, server: Postgres) -> None:
    logging.getLogger("aiormq").setLevel(logging.CRITICAL)
    stack = up(ORDERHUB_POSTGRES_URL=server.url)
    refused: list[int] = []

    async def weather(drill: Drill) -> None:
        ballast = fill(small_disk)
        free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_bsize
        client, began = Api(stack.gateway_url, drill.traffic.api.token), time.monotonic()
        body = drill.traffic.order(drill.traffic.factory.cable, "1", "while the disk is full")

        async def is_refused() -> bool:
            with suppress(LocalError):  # what is written next asks for a new segment of the log
                server.run("SELECT pg_switch_wal()")
            with suppress(httpx2.TransportError):
                answer = await client.call("POST", "/orders", body)
                if answer.status_code != 201:
                    refused.append(answer.status_code)
            return len(refused) > 3 and time.monotonic() - began > FULL_SECONDS

        await eventually(is_refused, within=120, every=0.1)
        await client.close()
        ballast.unlink()
        if server.pid() is None:  # it stopped rather than lie; starting it again is what an operator does
            server.start()
        server.wait_ready()
        took = await drill.good_weather()
        drill.faults.confirmed.append(
            f"disk of {SIZE_MB} MB full but {free // 1024} kB: {len(refused)} orders refused, "
            f"all kinds of commands acknowledged {took:.1f} s after there was room"
        )

    try:
        await drilled(stack, weather)
    finally:
        down(stack)

    assert set(refused) <= {401, 503}
    assert 503 in refused
    assert NO_SPACE in (small_disk.parent / "postgres.log").read_text()  # it was the disk, and nothing else
