"""A task that dies ends its whole process, which the supervisor starts again: nothing stands still unseen (reliability row 25)."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest
from pydantic import SecretStr

from chassis import run
from chassis.relay import Relay
from inventory_service.wiring import build
from tests.service.inventory.worlds import Worlds
from tests.support.postgres import TestDatabases


class Broken(Exception):
    """A programming error nobody foresaw."""


async def breaks(*_: object) -> None:
    raise Broken


@pytest.mark.parametrize("task", ["relay", "watch_health"])
async def test_the_process_ends_with_the_task(
    databases: TestDatabases, broker: str, task: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    worlds = Worlds(databases)
    world = await worlds.make()
    changes = {"amqp_url": SecretStr(broker), "grpc_bind": "127.0.0.1:0"}
    service = build(world.service.settings.model_copy(update=changes))
    if task == "relay":
        monkeypatch.setattr(Relay, "run", breaks)
    else:
        monkeypatch.setattr(run, task, breaks)

    servers: list[grpc.aio.Server] = []
    begin = run.start_grpc

    async def start_grpc(*parts: Any) -> grpc.aio.Server:
        servers.append(await begin(*parts))
        return servers[0]

    monkeypatch.setattr(run, "start_grpc", start_grpc)

    with pytest.raises(ExceptionGroup) as ended:
        await asyncio.wait_for(run.serve(service), 30)

    assert ended.value.subgroup(Broken) is not None
    await servers[0].stop(None)  # in a process of its own the end does that
    await service.database.close()
    await worlds.close()
