"""Messages as JSON data, several times faster than protobuf's own converter: the plan of a type is made once.

Held equal to `MessageToDict` by tests; types with fields it does not know go to `MessageToDict`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

_PLAIN = (
    FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BOOL, FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_UINT32,
)  # fmt: skip
_TIMESTAMP = "google.protobuf.Timestamp"
Reader = Callable[[Any], Any]


def data_of(message: Message) -> dict[str, Any]:
    """Return the message as snake_case JSON data, empty fields included."""
    data: dict[str, Any] = _reader(message.DESCRIPTOR)(message)
    return data


@cache
def _reader(kind: Descriptor) -> Reader:
    """Return what turns a message of this type into data."""
    if kind.full_name == _TIMESTAMP:
        return lambda message: message.ToJsonString()
    try:
        fields = [(field.name, _value(field), _leaves_out(field)) for field in kind.fields]
    except _Unusual:
        return _by_protobuf

    def read(message: Any) -> dict[str, Any]:
        return {
            name: value(getattr(message, name)) for name, value, absent in fields if absent is None or absent(message)
        }

    return read


def _value(field: FieldDescriptor) -> Reader:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        if any(part.type not in _PLAIN for part in field.message_type.fields):
            raise _Unusual
        return lambda entries: {str(key): entry for key, entry in entries.items()}
    one = _one(field)
    return (lambda values: [one(value) for value in values]) if field.is_repeated else one


def _one(field: FieldDescriptor) -> Reader:
    if field.type in _PLAIN:
        return lambda value: value
    if field.type == FieldDescriptor.TYPE_INT64:
        return str
    if field.type == FieldDescriptor.TYPE_MESSAGE and field.message_type is not None:
        kind = field.message_type
        if kind.full_name != _TIMESTAMP and kind.file.package == "google.protobuf":
            raise _Unusual
        return lambda message: _reader(kind)(message)
    raise _Unusual


def _leaves_out(field: FieldDescriptor) -> Callable[[Any], bool] | None:
    """Return what says whether an optional field or message is set; None for fields that are always written."""
    name = field.name
    return (lambda message: bool(message.HasField(name))) if field.has_presence else None


class _Unusual(Exception):
    """A field this converter leaves to protobuf."""


def _by_protobuf(message: Message) -> dict[str, Any]:
    return MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
