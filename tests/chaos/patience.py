"""A client that prepares a drill on a stack where parts may already die: it asks again, under the same key."""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass
from typing import Any

import httpx2

from tests.e2e.client import Api

AGAIN = {502, 503, 504}
BUSY = "IDEMPOTENCY_IN_PROGRESS"  # the client's own first attempt still runs
PAUSE_SECONDS = 0.2


@dataclass
class PatientApi(Api):
    """Calls until it is answered or patience ends; the last answer is the answer."""

    patience: float = 60.0

    async def call(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, **headers: str
    ) -> httpx2.Response:
        """Send one request under one key, again while the server is away."""
        key, until = key or str(uuid.uuid4()), time.monotonic() + self.patience
        while True:
            try:
                answer = await super().call(method, path, body, key=key, **headers)
                busy = answer.status_code in AGAIN or BUSY in answer.text
                if not busy or time.monotonic() > until:
                    return answer
            except httpx2.TransportError:
                if time.monotonic() > until:
                    raise
            await asyncio.sleep(PAUSE_SECONDS)
