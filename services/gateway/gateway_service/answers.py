"""Answers in the OpenAPI document: JSON Schemas made from the proto messages the answers are rendered from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from gateway_service.completions import ADDED
from gateway_service.rendering import HIDDEN, is_map

_INTEGERS = frozenset(
    {
        FieldDescriptor.TYPE_INT32,
        FieldDescriptor.TYPE_INT64,
        FieldDescriptor.TYPE_UINT32,
        FieldDescriptor.TYPE_UINT64,
    }
)
SHARED = ("Shipment", "ShipmentLine")  # two services use the name: the component is called by its service too
OWN_NAMES = {
    "orderhub.notify.v1.Channel": "NotificationChannel",
    "orderhub.order.v1.Channel": "SalesChannel",
}
BY_ROLE = frozenset({"unit_price"})  # left out for those who may not see it
_known: dict[str, Descriptor] = {}

PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem document.",
    "required": ["type", "title", "status", "detail", "reason", "trace_id", "errors"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string", "description": "Chinese."},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "reason": {"type": "string", "description": "Stable, UPPER_SNAKE."},
        "trace_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {name: {"type": "string"} for name in ("field", "reason", "message")},
            },
        },
        "allowed": {"type": "array", "items": {"type": "string"}, "description": "Moves possible now (409)."},
        "params": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}


def one(kind: type[Message], status: int = 200) -> dict[int | str, dict[str, Any]]:
    """Describe an answer that is one message."""
    return {status: _content({"$ref": _reference(kind.DESCRIPTOR)})}


def listing(kind: type[Message], **beside: str) -> dict[int | str, dict[str, Any]]:
    """Describe a page of messages; `beside` are further properties and their JSON types."""
    schema = {
        "type": "object",
        "required": ["items", "next_page_token", *beside],
        "properties": {
            "items": {"type": "array", "items": {"$ref": _reference(kind.DESCRIPTOR)}},
            "next_page_token": {"type": ["string", "null"]},
            **{name: {"type": json_type} for name, json_type in beside.items()},
        },
    }
    return {200: _content(schema)}


def file(media_type: str) -> dict[int | str, dict[str, Any]]:
    """Describe an answer that is a file to keep."""
    return {200: {"description": "A file", "content": {media_type: {"schema": {"type": "string"}}}}}


def free(properties: Mapping[str, str], status: int = 200) -> dict[int | str, dict[str, Any]]:
    """Describe an answer of the gateway's own: property name to JSON type."""
    shown = {name: {"type": [kind, "null"] if kind == "string" else kind} for name, kind in properties.items()}
    return {status: _content({"type": "object", "properties": shown})}


def described(schema: Mapping[str, Any]) -> dict[int | str, dict[str, Any]]:
    """Describe an answer of the gateway's own whose schema is written out."""
    return {200: _content(dict(schema))}


def _content(schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": "OK", "content": {"application/json": {"schema": schema}}}


def _reference(descriptor: Any) -> str:
    name = schema_name(descriptor)
    if _known.setdefault(name, descriptor).full_name != descriptor.full_name:
        raise ValueError(f"two messages are called {name}: {descriptor.full_name}, {_known[name].full_name}")
    return f"#/components/schemas/{name}"


def schema_name(descriptor: Descriptor) -> str:
    """Return the component name of a message: its own, with its service where two services use one name."""
    short = descriptor.name.removesuffix("Response")
    service = descriptor.full_name.split(".")[1]
    return OWN_NAMES.get(descriptor.full_name) or (f"{service.capitalize()}{short}" if short in SHARED else short)


def schemas() -> dict[str, Any]:
    """Return the component schemas of every described message and of those inside them."""
    made: dict[str, Any] = {"Problem": PROBLEM}
    while waiting := [name for name in _known if name not in made]:
        for name in waiting:
            made[name] = _schema(_known[name])
    return dict(sorted(made.items()))


def _schema(descriptor: Descriptor) -> dict[str, Any]:
    properties = {field.name: _field(field) for field in descriptor.fields if field.name not in HIDDEN}
    for name, kind in ADDED.get(descriptor.full_name, {}).items():
        properties[name] = {"type": [kind, "null"]}
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in BY_ROLE],
    }


def _map_value(field: Any) -> FieldDescriptor:
    found: FieldDescriptor = field.message_type.fields_by_name["value"]
    return found


def _field(field: FieldDescriptor) -> dict[str, Any]:
    if is_map(field):
        return {"type": "object", "additionalProperties": _value(_map_value(field))}
    value = _value(field)
    if field.is_repeated:
        return {"type": "array", "items": {"type": "string"} if value == TEXT else value}
    if field.message_type is not None and "$ref" in value:
        return {"anyOf": [value, {"type": "null"}]}
    return value


TEXT = {"type": ["string", "null"]}


def _value(field: FieldDescriptor) -> dict[str, Any]:
    if field.message_type is not None:
        if field.message_type.full_name == "google.protobuf.Timestamp":
            return {"type": ["string", "null"], "format": "date-time"}
        return {"$ref": _reference(field.message_type)}
    if field.type in _INTEGERS:
        return {"type": "integer"}
    return {"type": "boolean"} if field.type == FieldDescriptor.TYPE_BOOL else dict(TEXT)
