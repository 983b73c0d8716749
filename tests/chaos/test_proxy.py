"""The proxy does to a connection what it says, and says what it did."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.chaos.proxy import DOWN, Proxy


@pytest_asyncio.fixture
async def proxy() -> AsyncIterator[Proxy]:
    """A proxy before a server that says everything back."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    made = await Proxy(f"127.0.0.1:{server.sockets[0].getsockname()[1]}").start()
    yield made
    await made.stop()
    server.close()


class Line:
    """One connection through the proxy."""

    async def open(self, proxy: Proxy) -> Line:
        host, port = proxy.address.split(":")
        self.reader, self.writer = await asyncio.open_connection(host, int(port))
        return self

    async def say(self, text: bytes, within: float = 5.0) -> bytes:
        self.writer.write(text + b"\n")
        return (await asyncio.wait_for(self.reader.readline(), within)).strip()


async def test_it_passes_on_what_it_gets(proxy: Proxy) -> None:
    line = await Line().open(proxy)

    assert await line.say(b"hello") == b"hello"
    assert (proxy.held, proxy.delayed, proxy.resets) == (0, 0, 0)


async def test_latency_is_added_each_way(proxy: Proxy) -> None:
    line = await Line().open(proxy)
    proxy.latency = 0.05

    started = time.monotonic()
    await line.say(b"late")

    assert time.monotonic() - started >= 0.1
    assert proxy.delayed == 2


async def test_a_black_hole_holds_every_byte_until_it_is_healed(proxy: Proxy) -> None:
    line = await Line().open(proxy)
    proxy.black_hole()
    with pytest.raises(TimeoutError):
        await line.say(b"lost", within=0.1)
    assert proxy.held == len(b"lost\n")

    proxy.heal()

    assert await line.say(b"next") == b"lost"  # as TCP would send it again
    assert await asyncio.wait_for(line.reader.readline(), 5) == b"next\n"


async def test_one_way_deafness_loses_the_answer_only(proxy: Proxy) -> None:
    line = await Line().open(proxy)
    proxy.deaf = frozenset((DOWN,))

    with pytest.raises(TimeoutError):
        await line.say(b"heard", within=0.1)

    assert proxy.held == len(b"heard\n")


async def test_a_reset_is_felt_at_once(proxy: Proxy) -> None:
    line = await Line().open(proxy)
    await line.say(b"hello")

    proxy.reset()

    with pytest.raises(ConnectionResetError):
        assert await line.say(b"gone")
    assert proxy.resets == 1
