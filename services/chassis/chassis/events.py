"""Events on the wire: CloudEvents 1.0, structured JSON, type = full protobuf message name (contract 5)."""

from __future__ import annotations

import builtins
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from google.protobuf.message import Message

from chassis.event_data import data_of as data_of  # told on by name to those who document events
from chassis.event_data import message_of

CONTENT_TYPE = "application/cloudevents+json"
EXCHANGE = "orderhub.events"
_FORMAT = JSONFormat()
M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True)
class Draft:
    """An event a transaction will tell when it commits."""

    event_id: UUID
    subject: str
    message: Message
    occurred_at: datetime
    traceparent: str
    actor: str
    causation_id: str

    @property
    def type(self) -> str:
        """Return the message's full protobuf name."""
        return self.message.DESCRIPTOR.full_name


@dataclass(frozen=True, slots=True)
class Incoming:
    """An event as a consumer sees it; `data` is the JSON form of the message."""

    event_id: UUID
    source: str
    type: str
    subject: str
    sequence: int
    time: datetime
    traceparent: str
    actor: str
    data: Mapping[str, Any]
    body: bytes

    def parse(self, kind: builtins.type[M]) -> M:
        """Return the data as its message; fields of a newer producer are ignored."""
        return message_of(self.data, kind)


def source_of(service: str) -> str:
    """Return the CloudEvents source of a service."""
    return f"/orderhub/{service}"


def encode(draft: Draft, source: str, sequence: int) -> bytes:
    """Return the event's structured JSON."""
    attributes = {
        "specversion": "1.0", "id": str(draft.event_id), "source": source, "type": draft.type,
        "subject": draft.subject, "time": draft.occurred_at, "datacontenttype": "application/json",
        "sequence": sequence,
    }  # fmt: skip
    extensions = {"traceparent": draft.traceparent, "actor": draft.actor, "causationid": draft.causation_id}
    attributes |= {name: value for name, value in extensions.items() if value}
    return _FORMAT.write(CloudEvent(attributes, data_of(draft.message)))


def decode(body: bytes) -> Incoming:
    """Read an event; raise ValueError when it is not one."""
    try:
        event = json.loads(body)
        return Incoming(
            event_id=UUID(event["id"]), source=event["source"], type=event["type"], subject=event["subject"],
            sequence=int(event["sequence"]), time=datetime.fromisoformat(event["time"]),
            traceparent=event.get("traceparent", ""), actor=event.get("actor", ""), data=dict(event["data"]), body=body,
        )  # fmt: skip
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise ValueError(f"not an event: {error!r}") from error
