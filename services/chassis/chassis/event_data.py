"""Messages as JSON data, several times faster than protobuf's own converter, and held equal to it by tests."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

_AS_IT_IS = ("TYPE_STRING", "TYPE_BOOL", "TYPE_INT32", "TYPE_UINT32")
_READERS: dict[int, Callable[[Any], Any]] = {getattr(FieldDescriptor, name): lambda value: value for name in _AS_IT_IS}
_READERS[FieldDescriptor.TYPE_INT64] = str  # JSON numbers are too small for it


def data_of(message: Message) -> dict[str, Any]:
    """Return the message as snake_case JSON data, empty fields included."""
    data: dict[str, Any] = _reader(message.DESCRIPTOR)(message)
    return data


@cache
def _reader(kind: Descriptor) -> Callable[[Any], Any]:
    """Return what turns messages of this type into data; a type with unusual fields is left to protobuf."""
    if kind.full_name == "google.protobuf.Timestamp":
        return lambda message: message.ToJsonString()
    try:
        fields = [(field.name, _value(field), field.has_presence) for field in kind.fields]
    except KeyError:
        return lambda message: MessageToDict(
            message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
        )
    return lambda message: {
        name: value(getattr(message, name))
        for name, value, may_lack in fields
        if not may_lack or message.HasField(name)
    }


def _value(field: FieldDescriptor) -> Callable[[Any], Any]:
    """Return what turns a field's value into data; raise KeyError when the field is unusual."""
    kind = field.message_type
    if kind is not None and kind.GetOptions().map_entry:
        one = _value(kind.fields_by_name["value"])
        return lambda entries: {str(key): one(entry) for key, entry in entries.items()}
    if kind is not None and kind.full_name.startswith("google.") and not kind.full_name.endswith(".Timestamp"):
        raise KeyError(kind.full_name)
    one = _READERS[field.type] if kind is None else lambda message: _reader(kind)(message)
    return (lambda values: [one(value) for value in values]) if field.is_repeated else one
