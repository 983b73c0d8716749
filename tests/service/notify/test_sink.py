"""The demo's sink shows what people would read, whatever the vendor's shape."""

from __future__ import annotations

import base64
import json
import threading
import urllib.request
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest_asyncio
from orderhub.notify.v1 import notify_pb2 as pb

from chassis.clock import FixedClock
from deploy.local.sink import Sink as DemoSink
from notify_service.domain.channel import KINDS
from notify_service.wiring import Settings, build
from tests.service.notify.conftest import Sink, World
from tests.service.notify.messages import NUMBER, fully_shipped, submitted


@pytest_asyncio.fixture
async def demo(world: World, settings: Settings, tmp_path: Path) -> AsyncIterator[tuple[World, str]]:
    """The world of the other tests, sending to the sink that `make up` starts."""
    server = DemoSink(0, tmp_path)
    server.now = lambda: world.clock.now().timestamp()
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


SIGNED = ("dingtalk", "feishu", "webhook", "wecom")


async def test_what_we_sign_is_taken_by_a_receiver_that_checks_and_nothing_else_is(demo: tuple[World, str]) -> None:
    world, url = demo
    secret, stranger = ("whsec_" + base64.b64encode(key * 32).decode() for key in (b"o", b"s"))
    call(f"{url}/behaviour", "PUT", {"secret": secret})
    for kind in SIGNED:
        for code, key in ((f"good-{kind}", secret), (f"bad-{kind}", stranger)):
            # without an address a channel goes to the sink; WeCom's key is part of the address
            to = f"{url}/wecom/{code}?key={quote(key)}" if kind == "wecom" else ""
            await world.api.PutChannel(pb.PutChannelRequest(code=code, kind=kind, secret=key, url=to), None)
            await world.api.TestChannel(pb.TestChannelRequest(code=code), None)

    await world.deliver()

    assert {entry["target"] for entry in call(f"{url}/messages")["items"]} == {f"good-{kind}" for kind in SIGNED}
    refused = {entry.channel: entry.last_error for entry in await world.log(state="pending")}
    assert {code: error.split(",")[0] for code, error in refused.items()} == {
        "bad-dingtalk": 'HTTP 200 {"errcode": 310000',
        "bad-feishu": 'HTTP 200 {"code": 19021',
        "bad-webhook": 'HTTP 401 {"ok": false',
        "bad-wecom": 'HTTP 200 {"errcode": 93000',
    }


async def test_a_signature_ends_with_its_time(demo: tuple[World, str]) -> None:
    world, url = demo
    secret = "whsec_" + base64.b64encode(b"o" * 32).decode()
    call(f"{url}/behaviour", "PUT", {"secret": secret})
    late = replace(world.engine.courier, clock=FixedClock(world.clock.now() - timedelta(hours=2)))
    world.engine.courier = late
    for kind in SIGNED[:3]:
        await world.api.PutChannel(pb.PutChannelRequest(code=f"old-{kind}", kind=kind, secret=secret), None)
        await world.api.TestChannel(pb.TestChannelRequest(code=f"old-{kind}"), None)

    await world.deliver()

    assert call(f"{url}/messages")["items"] == []
