"""A small REST client of the running stack, as any script of a customer would be written."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import httpx2

from deploy.local import layout
from deploy.local.layout import LocalError

Json = dict[str, Any]
DEADLINE_S = 10.0
PAUSE_S = 0.03
AWAY_S = 15.0  # a part that died is back by then
AWAY, BUSY = 503, "IDEMPOTENCY_IN_PROGRESS"


class Refused(LocalError):
    """The API answered otherwise than hoped; the sentence carries its own reason."""


def stack(run: Path = layout.RUN) -> Json:
    """Return stack.json of the running stack."""
    try:
        found: Json = json.loads((run / "stack.json").read_text("utf-8"))
    except OSError:
        raise LocalError("Nothing runs here: start it with `make up`.") from None
    return found


@dataclass(frozen=True, slots=True)
class Rest:
    """Calls /api/v1 as one user; every POST carries an idempotency key."""

    http: httpx2.Client
    token: str = ""

    @classmethod
    def signed_in(cls, facts: Json, role: str = "admin") -> Self:
        """Return a client signed in as a demo user."""
        http = httpx2.Client(base_url=f"{facts['gateway_url']}/api/v1", timeout=DEADLINE_S, trust_env=False)
        answer = cls(http).post("/auth/login", facts["users"][role])
        return replace(cls(http), token=answer["access_token"])

    def call(self, method: str, path: str, body: Any = None, key: str | None = None) -> httpx2.Response:
        """Send a request and return whatever comes back."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if method == "POST":
            headers["Idempotency-Key"] = key or str(uuid.uuid4())
        return self._patiently(method, path, body, headers)

    def _patiently(self, method: str, path: str, body: Any, headers: dict[str, str]) -> httpx2.Response:
        """Ask again, under the same key, while a part is away; give its last word when it stays away."""
        until = time.monotonic() + AWAY_S
        while True:
            try:
                answer = self.http.request(method, path, json=body, headers=headers)
                if time.monotonic() > until or not (answer.status_code == AWAY or BUSY in answer.text):
                    return answer
            except httpx2.HTTPError as error:
                if time.monotonic() > until:
                    raise Refused(f"{method} {path}: the gateway did not answer ({error}); try `make doctor`") from None
            time.sleep(PAUSE_S * 10)

    def get(self, path: str) -> Json:
        """Return the answer; raise Refused unless it is good."""
        return _good("GET", path, self.call("GET", path))

    def put(self, path: str, body: Json) -> Json:
        """Put and return the answer; raise Refused unless it is good."""
        return _good("PUT", path, self.call("PUT", path, body))

    def post(self, path: str, body: Json | None = None, key: str | None = None) -> Json:
        """Post under a key and return the answer; raise Refused unless it is good."""
        return _good("POST", path, self.call("POST", path, body or {}, key))

    def until(self, path: str, condition: Callable[[Json], bool], what: str, within_s: float = DEADLINE_S) -> Json:
        """Ask until the answer satisfies the condition; raise Refused with `what` when it never does."""
        deadline = time.monotonic() + within_s
        while not condition(found := self.get(path)):
            if time.monotonic() > deadline:
                raise Refused(f"{what}: GET {path} stayed {json.dumps(found, ensure_ascii=False)[:600]}")
            time.sleep(PAUSE_S)
        return found


def _good(method: str, path: str, answer: httpx2.Response) -> Json:
    if answer.status_code not in (200, 201):
        raise Refused(f"{method} {path}: {answer.status_code} {answer.text[:600]}")
    found: Json = answer.json()
    return found
