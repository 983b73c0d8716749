"""The only way out: every request is checked, resolved once, and sent to the checked address (reliability.md 5.23)."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import re
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2

from notify_service.domain.address import Address, Forbidden, is_public, judge, parse
from notify_service.domain.channel import KINDS

SEND_SECONDS = 10.0
CONNECT_SECONDS = 3.0
MOST_BYTES = 64 * 1024
SHOWN_CHARACTERS = 200
WHOLE = re.compile(r"[0-9]{1,9}")  # seconds; str.isdigit() knows more digits than float() reads
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class NotReached(Exception):
    """No connection was made: nothing was sent."""


class NoAnswer(Exception):
    """The request left and no complete answer came: it may have arrived."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and the first 64 KB of an answer."""

    status: int
    body: bytes
    retry_after: float | None = None

    def json(self) -> Mapping[str, Any]:
        """Return the JSON object, or an empty one."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def code(self, *names: str) -> int | None:
        """Return the code under the first of these names that is there; None without one, or when it is no number."""
        said = self.json()
        found = next((said[name] for name in names if name in said), None)
        return found if isinstance(found, int) else None

    @property
    def shown(self) -> str:
        """What may be shown of it: the status and 200 characters, without those that no database or screen takes."""
        said = self.body.decode(errors="replace")[:SHOWN_CHARACTERS]
        return f"HTTP {self.status} {''.join(sign if sign.isprintable() else ' ' for sign in said)}".strip()


async def resolve(host: str, port: int) -> Sequence[str]:
    """Return every address of a host."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class Egress:
    """Knows the demo's sink and the places an administrator allows; everything else must be public."""

    def __init__(self, sink_url: str = "", allowed: Sequence[str] = (), lookup: Resolve = resolve) -> None:
        self.sink_url = sink_url.rstrip("/")
        self._allowed = {place.strip().lower() for place in allowed if place.strip()}
        if sink_url:
            self._allowed.add(parse(sink_url).place)
        self._lookup = lookup
        self._client = httpx2.AsyncClient(
            trust_env=False,
            follow_redirects=False,
            timeout=httpx2.Timeout(SEND_SECONDS, connect=CONNECT_SECONDS),
            limits=httpx2.Limits(max_keepalive_connections=0),
        )

    def fault(self, url: str, kind: str) -> str:
        """Return why the address is refused, or an empty text; nothing is looked up."""
        try:
            judge(url, KINDS[kind].hosts, self._allowed)
        except Forbidden as error:
            return str(error)
        return ""

    async def place_of(self, url: str, kind: str) -> tuple[Address, str]:
        """Return the address and the one IP to connect to; raise Forbidden or NotReached."""
        address = judge(url, KINDS[kind].hosts, self._allowed)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                found = await self._lookup(address.host, address.port)
        except (OSError, TimeoutError) as error:
            raise NotReached(f"name not found: {address.host}") from error
        if not found:
            raise NotReached(f"name not found: {address.host}")
        if address.place not in self._allowed and not all(
            is_public(ipaddress.ip_address(ip.split("%")[0])) for ip in found
        ):
            raise Forbidden("ADDRESS")
        return address, found[0]

    async def post(self, url: str, kind: str, headers: Mapping[str, str], content: bytes) -> Answer:
        """Send a POST; raise Forbidden, NotReached or NoAnswer. Redirects are answers like any other."""
        address, ip = await self.place_of(url, kind)
        shown_host = f"[{address.host}]" if ":" in address.host else address.host
        default_port = {"http": 80, "https": 443}[address.scheme] == address.port
        target = httpx2.URL(url).copy_with(host=ip)
        request = self._client.build_request(
            "POST", target, content=content,
            headers={**headers, "Host": shown_host if default_port else f"{shown_host}:{address.port}"},
            extensions={"sni_hostname": address.host},
        )  # fmt: skip
        try:
            async with asyncio.timeout(SEND_SECONDS):
                return await self._exchange(request)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            raise NotReached(repr(error)) from error
        except (httpx2.TransportError, TimeoutError) as error:
            raise NoAnswer(repr(error)) from error

    async def _exchange(self, request: httpx2.Request) -> Answer:
        response = await self._client.send(request, stream=True)
        body = b""
        try:
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) >= MOST_BYTES:
                    break
        finally:
            await response.aclose()
        after = response.headers.get("retry-after", "")
        return Answer(response.status_code, body[:MOST_BYTES], float(after) if WHOLE.fullmatch(after) else None)

    async def close(self) -> None:
        await self._client.aclose()
