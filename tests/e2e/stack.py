"""A whole stack of its own for the end-to-end tests: what `make up` starts, in a throwaway directory on free ports."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx2

from deploy.local import process
from deploy.local.records import Records

ROOT = Path(__file__).resolve().parents[2]
FACTORY = ZoneInfo("Asia/Shanghai")
DEADLINE_SECONDS = 180


@dataclass
class Stack:
    """Reads stack.json afresh each time: ports and pids change when a part is restarted."""

    home: Path

    @property
    def facts(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.home / "stack.json").read_text())
        return found

    @property
    def gateway_url(self) -> str:
        return str(self.facts["gateway_url"])

    @property
    def amqp_url(self) -> str:
        return str(self.facts["amqp_url"])

    @property
    def today(self) -> date:
        return datetime.now(FACTORY).date()

    def username(self, role: str) -> str:
        return str(self.facts["users"][role]["username"])

    def password(self, role: str) -> str:
        return str(self.facts["users"][role]["password"])

    def pid(self, part: str) -> int:
        facts = self.facts
        return int((facts["services"].get(part) or facts["infra"].get(part))["pid"])

    async def messages(self) -> list[dict[str, Any]]:
        """Return what the sink got, newest first."""
        async with httpx2.AsyncClient(trust_env=False) as http:
            items: list[dict[str, Any]] = (await http.get(f"{self.facts['notify_sink_url']}/messages")).json()["items"]
        return items


def up(**settings: str) -> Stack:
    """Start a stack with these settings beside the usual ones and return it when it is ready."""
    base = ROOT / ".run" / "e2e"
    base.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="stack-", dir=base))
    home.chmod(0o755)
    try:
        run("up", home, settings)
    except BaseException:
        down(Stack(home))
        raise
    return Stack(home)


def down(stack: Stack) -> None:
    """Stop a stack in whatever state a test left it; what has not left within the deadline is killed."""
    try:
        run("down", stack.home)
    finally:
        for record in Records(stack.home / "parts").living().values():
            process.send(record.pid, signal.SIGKILL)
        shutil.rmtree(stack.home, ignore_errors=True)


def run(command: str, home: Path, settings: Mapping[str, str] | None = None) -> None:
    """Run a command of the local stack for the directory `home`."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("ORDERHUB_")}
    environment = {**own, "ORDERHUB_RUN_DIR": str(home), **(settings or {})}
    log = home / f"{command}.log"
    with log.open("w") as out:
        code = subprocess.call(
            [sys.executable, "-m", f"deploy.local.{command}"],
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=out,
            timeout=DEADLINE_SECONDS,
        )
    assert code == 0, log.read_text()[-4000:]
