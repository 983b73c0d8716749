"""Whatever is sent, the answer is an answer or a named refusal, never an internal error; and the books stay right."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message_factory import GetMessageClass
from orderhub.inventory.v1 import inventory_pb2 as pb

from chassis.grpc_server import Front
from tests.service.inventory.conftest import World, made

GARBAGE = (
    "", " ", "\x00", "a\x00b", "NaN", "Infinity", "-Infinity", "1e400", "-1", "0", "0.0000001", "9999999999999999999", "1",
    "2.5", "1e3", "१", "’; DROP TABLE stock; --", "x" * 5000, "\ud7ff", "😀", "../..", "X", "W", "SO1", "PO1", "id-SO1", "receipt",
    "count", "卷", "2026-13-45", "%", "_", "\\", "null", "true", "scan-1",
)  # fmt: skip
ROUNDS = 200 if os.environ.get("ORDERHUB_PROOF") == "1" else 25
NUMBERS = (0, 1, -1, 2, 2**31 - 1, -(2**31))
METHODS = {
    method.name: (service.name, GetMessageClass(method.input_type))
    for service in pb.DESCRIPTOR.services_by_name.values()
    for method in service.methods
}


def fill(message: Any, rng: random.Random) -> None:
    for field in message.DESCRIPTOR.fields:
        if field.name == "context":
            message.context.CopyFrom(
                type(message.context)(idempotency_key=str(rng.random()), route="POST /x", fingerprint="f")
            )
        elif field.message_type is not None:
            for _ in range(rng.randint(0, 3) if field.is_repeated else 1):
                fill(getattr(message, field.name).add() if field.is_repeated else getattr(message, field.name), rng)
        elif field.is_repeated:
            getattr(message, field.name).extend(rng.choice(GARBAGE) for _ in range(rng.randint(0, 4)))
        elif field.type == FieldDescriptor.TYPE_STRING:
            setattr(message, field.name, rng.choice(GARBAGE))
        elif field.type == FieldDescriptor.TYPE_BOOL:
            setattr(message, field.name, rng.random() < 0.5)
        else:
            setattr(message, field.name, rng.choice(NUMBERS))


@pytest.mark.parametrize("name", METHODS)
async def test_garbage_gets_an_answer_or_a_named_refusal(world: World, name: str) -> None:
    await world.move("receipt", ("X", "5"), ("W", "5"))
    await world.confirmed("SO1", ("A", "2"), ("X", "2"))
    await world.planned("SO1", made("PO1", "A", "2", ("W", "4")), stocked=[(2, "X", "2")])
    await world.inspected("PO1", "SO1", "A", "2")
    service, kind = METHODS[name]
    method = getattr(world.stock if service == "StockService" else world.goods, name)
    front = Front("inventory", None, world.service.errors, world.service.database)  # type: ignore[arg-type]
    rng = random.Random(name)

    for _ in range(ROUNDS):
        request = kind()
        fill(request, rng)
        refusal = await refusal_of(method(request, None), front)
        assert refusal is None or refusal.code.name not in ("INTERNAL", "UNAVAILABLE"), request
        assert refusal is None or refusal.reason.isupper(), request

    await world.check()


async def refusal_of(call: Any, front: Front) -> Any:
    """Return how a refused call would be answered; None when it was done."""
    try:
        await call
    except Exception as error:
        return front.status_of(error)
    return None
