"""Asking for the demo factory to be made anew: the request is a file, which the supervisor of the demo acts on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway_service.problems import Problem

WORD = "demo-reset"  # typed by whoever wants it
BUSY = ("asked", "running")
SHOWN = ("state", "by", "reason", "at", "ended_at")


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants it why, under which idempotency key."""

    by: str
    reason: str
    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class DemoReset:
    """The file of the last reset; without one, or outside the demo profile, there is nothing to reset."""

    profile: str
    file: Path | None

    @property
    def available(self) -> bool:
        return self.profile == "demo" and self.file is not None

    def last(self) -> dict[str, Any]:
        """Return what was asked for last and how far it is: asked, running, done or failed; or none."""
        kept = self._read() if self.available else {}
        return {"available": self.available, "word": WORD, **{name: kept.get(name) or None for name in SHOWN}}

    def ask(self, wish: Wish, now: datetime) -> dict[str, Any]:
        """Ask once: the same key, or a reset under way, gets what is known of it; raise Problem."""
        if self.profile != "demo":
            raise Problem(409, "DEMO_ONLY")
        if self.file is None:
            raise Problem(409, "DEMO_RESET_UNAVAILABLE")
        kept = self._read()
        if wish.key == kept.get("key") and wish.fingerprint != kept.get("fingerprint"):
            raise Problem(422, "IDEMPOTENCY_KEY_REUSED")
        if wish.key != kept.get("key") and kept.get("state") not in BUSY:
            self._write({
                "state": "asked", "by": wish.by, "reason": wish.reason, "key": wish.key, "fingerprint": wish.fingerprint,
                "at": now.isoformat(timespec="seconds"),
            })  # fmt: skip
        return self.last()

    def _read(self) -> dict[str, Any]:
        assert self.file is not None
        try:
            found = json.loads(self.file.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, kept: dict[str, Any]) -> None:
        assert self.file is not None
        fresh = self.file.with_name(self.file.name + ".asked")
        fresh.write_text(json.dumps(kept, ensure_ascii=False), "utf-8")
        fresh.chmod(0o600)
        fresh.replace(self.file)
