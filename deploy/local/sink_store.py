"""The sink's memory: every message on disk, one JSON line each, and the behaviour it was told to show."""

from __future__ import annotations

import json
import os
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

MINUTE_S = 60.0


class Store:
    """All messages, newest last in the file, newest first for readers."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "messages.jsonl"
        self.items: list[dict[str, Any]] = [json.loads(line) for line in self._lines()]

    def _lines(self) -> list[str]:
        """Return the whole lines on disk; one cut short by a kill is dropped, so the next one starts clean."""
        if not self.path.exists():
            return []
        text = self.path.read_text("utf-8")
        if text and not text.endswith("\n"):
            text = text[: text.rfind("\n") + 1]
            self.path.write_text(text, "utf-8")
        return text.splitlines()

    def add(self, channel: str, target: str, text: str, body: Any, at: datetime) -> dict[str, Any]:
        """Keep a message on disk before it is acknowledged; return it as it is shown."""
        number = self.items[-1]["number"] + 1 if self.items else 1
        item = {
            "id": f"m{number}", "number": number, "at": at.isoformat(), "channel": channel, "target": target,
            "text": text, "body": body,
        }  # fmt: skip
        with self.path.open("a", encoding="utf-8") as out:
            out.write(json.dumps(item, ensure_ascii=False) + "\n")
            out.flush()
            os.fsync(out.fileno())
        self.items.append(item)
        return item

    def newest_first(self) -> list[dict[str, Any]]:
        """Return all messages, newest first."""
        return self.items[::-1]

    def clear(self) -> None:
        """Forget all messages."""
        self.items.clear()
        self.path.unlink(missing_ok=True)


@dataclass(slots=True)
class Behaviour:
    """How the next sends are answered: status, vendor code, delay, limit per minute and target, and whose signature."""

    status: int = 200
    errcode: int = 0
    delay_ms: int = 0
    per_minute: int | None = None
    secret: str = ""  # when set, sends that it did not sign are refused as the vendors do
    clock: Callable[[], float] = time.monotonic
    sent: dict[str, deque[float]] = field(default_factory=dict)

    def told(self, wanted: dict[str, Any]) -> None:
        """Take a new behaviour whole: what is not named goes back to normal. Raises ValueError."""
        wanted = dict(wanted)
        secret = wanted.pop("secret", "")
        if not isinstance(secret, str):
            raise ValueError("secret is a text")
        unknown = set(wanted) - {"status", "errcode", "delay_ms", "per_minute"}
        if unknown or not all(
            type(value) is int or (name == "per_minute" and value is None) for name, value in wanted.items()
        ):
            raise ValueError("behaviour takes whole numbers for status, errcode, delay_ms, per_minute")
        if not (200 <= wanted.get("status", 200) <= 599 and 0 <= wanted.get("delay_ms", 0) <= 600_000):
            raise ValueError("status is 200..599, delay_ms 0..600000")
        self.status, self.errcode = wanted.get("status", 200), wanted.get("errcode", 0)
        self.delay_ms, self.per_minute = wanted.get("delay_ms", 0), wanted.get("per_minute")
        self.secret = secret
        self.sent.clear()

    def shown(self) -> dict[str, Any]:
        """Return the behaviour without its secret."""
        return {
            "status": self.status, "errcode": self.errcode, "delay_ms": self.delay_ms, "per_minute": self.per_minute,
        }  # fmt: skip

    def over_limit(self, target: str) -> bool:
        """Count one send to `target`; say whether it is more than the last minute allows."""
        if self.per_minute is None:
            return False
        now, recent = self.clock(), self.sent.setdefault(target, deque())
        while recent and recent[0] <= now - MINUTE_S:
            recent.popleft()
        if len(recent) >= self.per_minute:
            return True
        recent.append(now)
        return False
