"""A REST client as a customer of the API would write one: bearer token, a fresh idempotency key per command."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2

Json = dict[str, Any]


@dataclass
class Api:
    """Calls /api/v1 as one user."""

    base: str
    token: str = ""
    http: httpx2.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx2.AsyncClient(base_url=f"{self.base}/api/v1", timeout=10, trust_env=False)

    async def sign_in(self, username: str, password: str) -> Api:
        """Return this client holding the user's access token."""
        answer = await self.http.post("/auth/login", json={"username": username, "password": password})
        assert answer.status_code == 200, answer.text
        self.token = answer.json()["access_token"]
        return self

    async def call(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, **headers: str
    ) -> httpx2.Response:
        """Send one request; POSTs get an idempotency key of their own unless one is given."""
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if method == "POST":
            sent["Idempotency-Key"] = key or str(uuid.uuid4())
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.request(method, path, json=body, headers=sent)

    async def get(self, path: str) -> Json:
        answer = await self.call("GET", path)
        assert answer.status_code == 200, f"GET {path}: {answer.status_code} {answer.text}"
        found: Json = answer.json()
        return found

    async def post(
        self, path: str, body: Any = None, *, expect: int | tuple[int, ...] = (200, 201), key: str | None = None
    ) -> Json:
        answer = await self.call("POST", path, {} if body is None else body, key=key)
        wanted = (expect,) if isinstance(expect, int) else expect
        assert answer.status_code in wanted, f"POST {path}: {answer.status_code} {answer.text}"
        found: Json = answer.json()
        return found

    async def put(self, path: str, body: Json) -> Json:
        answer = await self.call("PUT", path, body)
        assert answer.status_code in (200, 201), f"PUT {path}: {answer.status_code} {answer.text}"
        found: Json = answer.json()
        return found

    async def until(self, path: str, condition: Callable[[Json], bool], *, within: float = 10.0) -> Json:
        """Ask until the answer satisfies the condition; fail with the last answer."""
        deadline = asyncio.get_running_loop().time() + within
        while True:
            found = await self.get(path)
            if condition(found):
                return found
            assert asyncio.get_running_loop().time() < deadline, f"GET {path} stayed {found}"
            await asyncio.sleep(0.03)

    async def close(self) -> None:
        await self.http.aclose()


async def waits_for(probe: Callable[[], Awaitable[Any]], *, within: float = 10.0) -> Any:
    """Return the first truthy result."""
    deadline = asyncio.get_running_loop().time() + within
    while True:
        found = await probe()
        if found:
            return found
        assert asyncio.get_running_loop().time() < deadline, "condition not met in time"
        await asyncio.sleep(0.03)
