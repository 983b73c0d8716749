"""The demo's sink shows what people would read, whatever the vendor's shape."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest_asyncio
from orderhub.notify.v1 import notify_pb2 as pb

from deploy.local.sink import Sink as DemoSink
from notify_service.domain.channel import KINDS
from notify_service.wiring import Settings, build
from tests.service.notify.conftest import Sink, World
from tests.service.notify.messages import NUMBER, fully_shipped, submitted


@pytest_asyncio.fixture
async def demo(world: World, settings: Settings, tmp_path: Path) -> AsyncIterator[tuple[World, str]]:
    """The world of the other tests, sending to the sink that `make up` starts."""
    server = DemoSink(0, tmp_path)
    url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    service = build(settings.model_copy(update={"sink_url": url}), world.clock)
    yield World(service, Sink(), world.clock), url
    for close in service.closers:
        await close()
    await service.database.close()
    server.shutdown()
    thread.join()
    server.server_close()


def call(url: str, method: str = "GET", body: dict[str, Any] | None = None) -> Any:
    request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)


async def test_every_kind_is_shown_as_a_person_reads_it(demo: tuple[World, str]) -> None:
    world, url = demo
    remote = [kind for kind in KINDS.values() if kind.remote]
    for kind in remote:
        await world.api.PutChannel(pb.PutChannelRequest(code=f"try-{kind.name}", kind=kind.name, secret="s"), None)
        await world.api.TestChannel(pb.TestChannelRequest(code=f"try-{kind.name}"), None)

    await world.deliver()

    shown = {entry["channel"]: entry for entry in call(f"{url}/messages")["items"]}
    assert set(shown) == {kind.name for kind in remote}
    for name, entry in shown.items():
        assert entry["text"].endswith(f"测试消息：通道「try-{name}」已接通。"), name
        assert entry["target"] == f"try-{name}"


async def test_the_customer_message_is_word_for_word(demo: tuple[World, str]) -> None:
    world, url = demo
    await world.tell(fully_shipped(NUMBER, "SF1", "YT2"))

    await world.deliver()

    [shown] = call(f"{url}/messages")["items"]
    assert shown["text"] == f"贵司订单{NUMBER}已全部发出，物流单号SF1、YT2"


async def test_whatever_the_sink_is_told_to_do_nothing_is_lost(demo: tuple[World, str]) -> None:
    world, url = demo
    for number, trouble in enumerate(({"status": 500}, {"errcode": 130101}, {"errcode": 40001})):
        call(f"{url}/behaviour", "PUT", trouble)
        await world.tell(submitted(f"SO{number}"), fully_shipped(f"SO{number}", f"SF{number}"))
        await world.deliver()
        call(f"{url}/behaviour", "PUT", {"status": 200, "errcode": 0})
        world.clock.advance(timedelta(seconds=61))
        await world.deliver()

    said = "\n".join(entry["text"] for entry in call(f"{url}/messages")["items"])
    assert all(said.count(f"新订单 SO{n}") == said.count(f"物流单号SF{n}") == 1 for n in range(3))
    assert {entry.state for entry in await world.log()} == {"sent"}
