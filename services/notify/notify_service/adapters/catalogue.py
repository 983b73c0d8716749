"""The events there are, from the generated protos."""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from orderhub.inventory.v1 import events_pb2 as inventory
from orderhub.notify.v1 import events_pb2 as notify
from orderhub.order.v1 import events_pb2 as order
from orderhub.planning.v1 import events_pb2 as planning

from chassis.events import data_of

UNHEARD = notify.NotificationSent.DESCRIPTOR.full_name  # a message about every message would not end


class ProtoCatalogue:
    """Every message of the four event files that is no part of another, by full name; what notify does not hear is not."""

    def __init__(self) -> None:
        messages = [
            descriptor
            for module in (order, planning, inventory, notify)
            for descriptor in module.DESCRIPTOR.message_types_by_name.values()
        ]
        parts = {field.message_type.full_name for one in messages for field in one.fields if field.message_type}
        self._types = {one.full_name: one for one in messages if one.full_name not in {*parts, UNHEARD}}

    @property
    def event_types(self) -> list[str]:
        return sorted(self._types)

    def sample(self, event_type: str) -> dict[str, Any] | None:
        """Return data with every field ("0" in texts, one entry in lists), or None for an unknown type."""
        descriptor = self._types.get(event_type)
        if descriptor is None:
            return None
        message = GetMessageClass(descriptor)()
        _fill(message)
        return data_of(message)


def _fill(message: Message) -> None:
    """Put a value into every field, one entry into every list; events do not nest without end."""
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        if field.message_type is not None:
            _fill(value.add() if field.is_repeated else value)
        elif field.is_repeated:
            value.append("0")
        elif field.type == FieldDescriptor.TYPE_STRING:
            setattr(message, field.name, "0")
        else:
            setattr(message, field.name, type(value)(1))
