"""Whatever comes in, planning answers with a refusal of its own or does it: never an unexpected error."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from orderhub.planning.v1 import master_pb2 as m
from orderhub.planning.v1 import production_pb2 as p

from chassis.errors import ChassisRefusal
from planning_service.domain.errors import PlanningRefusal
from tests.service.planning.conftest import World

ROUNDS = 3000 if os.environ.get("ORDERHUB_PROOF") == "1" else 250
SHEETS_EVERY = 10  # rounds: each sheet starts a process of its own
TEXTS = [
    "", "A", "B", "WIRE", "R1", "SO1", "make", "phantom", "m", "台", "箱", "1", "2.5", "-1", "0", "NaN", "-Infinity", "1e400",
    "0.0000001", "9" * 19, "9" * 400, "2026-11-30", "2026-02-30", "0001-01-01", "9999-12-31", "a\x00b", "\x00", "\ud7ff", "😀" * 300,
    "'; DROP TABLE item; --", "%", "_", "../..", "2026-11-22T10:00:00+08:00", "2026-11-22T10:00:00", "9999-12-31T23:59:59-14:00",
    "finish", "start", "hold", "cancel", "resume", "priority", "created", "x" * 5000, "01a20443-8d7f-705e-8281-c4aa13232662", "\t",
]  # fmt: skip
NUMBERS = [0, 1, 2, 10, -1, 2**31 - 1, -(2**31)]
BIG_NUMBERS = [*NUMBERS, 2**63 - 1, -(2**63)]
BLOBS = [b"", b"PK\x03\x04", b"\xff\xfe", "A,WIRE,,1,R1\n".encode("gb18030"), b"\x00" * 100]
F = FieldDescriptor


def garbage(message: Message, rng: random.Random, depth: int = 0) -> None:
    """Fill a message with whatever fits its types."""
    for field in message.DESCRIPTOR.fields:
        if field.name == "context" or rng.random() < 0.2:
            continue
        count = rng.choice([0, 1, 1, 2, 3]) if field.is_repeated else 1
        for _ in range(count):
            _fill(message, field, rng, depth)


def _fill(message: Message, field: Any, rng: random.Random, depth: int) -> None:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return
    if field.type == F.TYPE_MESSAGE:
        inner = getattr(message, field.name).add() if field.is_repeated else getattr(message, field.name)
        if depth < 3:
            garbage(inner, rng, depth + 1)
        return
    kinds = {F.TYPE_STRING: TEXTS, F.TYPE_BYTES: BLOBS, F.TYPE_BOOL: [True, False], F.TYPE_INT32: NUMBERS}
    value = rng.choice(kinds.get(field.type, BIG_NUMBERS))
    if field.is_repeated:
        getattr(message, field.name).append(value)
    else:
        setattr(message, field.name, value)


def calls(world: World) -> list[tuple[Any, type[Message]]]:
    found = []
    for api, module in ((world.master, m), (world.planning, p)):
        for service in module.DESCRIPTOR.services_by_name.values():
            found += [(getattr(api, x.name), getattr(module, x.input_type.name)) for x in service.methods]
    return found


@pytest.mark.timeout(1200)
async def test_garbage_is_refused_in_our_own_words(world: World) -> None:
    await world.motor_factory()
    world.stock.set(WIRE=1000)
    world.orders.add("SO1", ("A", 2), ("B", 1), ("C", 5))
    await world.plan("SO1")
    rng = random.Random(20261122)
    answered = refused = 0
    for turn in range(ROUNDS):
        for method, kind in calls(world):
            if kind is m.ImportBomsRequest and turn % SHEETS_EVERY:
                continue
            request = kind()
            garbage(request, rng)
            if "context" in request.DESCRIPTOR.fields_by_name:
                request.context.CopyFrom(world.context())
            try:
                await method(request, None)
                answered += 1
            except (PlanningRefusal, ChassisRefusal):
                refused += 1
            except Exception as error:
                raise AssertionError(f"{kind.__name__}: {request}") from error

    assert answered > ROUNDS
    assert refused > ROUNDS
