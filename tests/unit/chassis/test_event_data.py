"""The fast converter says exactly what protobuf's own says, for every message of the house."""

from __future__ import annotations

import importlib
import pkgutil
import random
from typing import Any

import orderhub
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.json_format import MessageToDict, ParseError
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from chassis.event_data import data_of, message_of


def kinds() -> dict[str, type[Message]]:
    """Return every message type of every proto."""
    names = [m.name for m in pkgutil.walk_packages(orderhub.__path__, "orderhub.") if m.name.endswith("_pb2")]
    modules = [importlib.import_module(name) for name in names]
    found = [kind for module in modules for kind in module.DESCRIPTOR.message_types_by_name.values()]
    return {kind.full_name: GetMessageClass(kind) for kind in found}


def fill(message: Any, rng: random.Random, depth: int = 0) -> None:
    """Set about two thirds of the fields to random values."""
    for field in message.DESCRIPTOR.fields:
        if rng.random() < 0.3 or depth > 3:
            continue
        repeated, name = field.is_repeated, field.name
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            if field.message_type.fields_by_name["value"].message_type is None:
                getattr(message, name)["键"] = "值"
            else:
                fill(getattr(message, name)["k"], rng, depth + 1)
        elif field.message_type is not None:
            for _ in range(rng.randint(0, 3) if repeated else 1):
                part = getattr(message, name).add() if repeated else getattr(message, name)
                part.SetInParent() if not repeated else None
                fill(
                    part, rng, depth + 1
                ) if field.message_type.full_name != "google.protobuf.Timestamp" else part.FromNanoseconds(
                    rng.randint(0, 2**60)
                )
        elif repeated:
            getattr(message, name).extend(value(field, rng) for _ in range(rng.randint(0, 3)))
        else:
            setattr(message, name, value(field, rng))


def value(field: FieldDescriptor, rng: random.Random) -> Any:
    if field.type == FieldDescriptor.TYPE_STRING:
        return rng.choice(["", "缺料", "0.5", '"\\\n'])
    if field.type == FieldDescriptor.TYPE_BYTES:
        return b"\x00\xff"
    if field.type == FieldDescriptor.TYPE_BOOL:
        return rng.random() < 0.5
    if field.type in (FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT):
        return 0.5
    return rng.choice([0, 1, 2**31 - 1])


@pytest.mark.parametrize("name", sorted(kinds()))
def test_both_converters_agree(name: str) -> None:
    rng = random.Random(name)
    for _ in range(20):
        message = kinds()[name]()
        fill(message, rng)

        expected = MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)

        assert data_of(message) == expected
        assert message_of(expected | {"a_newer_field": [1]}, kinds()[name]) == message


def test_data_of_another_shape_is_refused() -> None:
    with pytest.raises(ParseError):
        message_of({"quantity": ["1"]}, kinds()["orderhub.inventory.v1.GoodsReceived"])


def test_an_empty_message_says_all_its_fields() -> None:
    kind = kinds()["orderhub.inventory.v1.GoodsReceived"]
    assert data_of(kind())["quantity"] == ""
    assert "received_at" not in data_of(kind())
