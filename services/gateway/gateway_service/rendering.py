"""Service answers as REST JSON: proto field names, nulls for what is unset, Chinese beside every reason; deterministic."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from json import JSONEncoder
from operator import attrgetter
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from starlette.responses import Response

from gateway_service.completions import COMPLETIONS

HIDDEN = frozenset({"traceparent", "tracking_token", "confirm_requested"})
Reader = Callable[[Any], Any]
Renderer = Callable[[Any], dict[str, Any]]
_renderers: dict[type[Message], Renderer] = {}
_encoder = JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def render(message: Any) -> dict[str, Any]:
    """Return the message as JSON data: every field present, hidden ones left out."""
    renderer = _renderers.get(type(message))
    if renderer is None:
        renderer = _renderers[type(message)] = _renderer(message.DESCRIPTOR)
    return renderer(message)


def _renderer(descriptor: Any) -> Renderer:
    """Return what renders messages of one type, made once."""
    fields = [field for field in descriptor.fields if field.name not in HIDDEN]
    bare = _all_at_once(fields) if _are_texts(fields) else _one_by_one(fields)
    complete = COMPLETIONS.get(descriptor.full_name)
    if complete is None:
        return bare

    def completed(message: Any) -> dict[str, Any]:
        rendered = bare(message)
        complete(message, rendered)
        return rendered

    return completed


def _are_texts(fields: Sequence[FieldDescriptor]) -> bool:
    """True for at least two fields, every one a single text that is always there."""
    text = FieldDescriptor.TYPE_STRING
    return len(fields) > 1 and not any(f.type != text or f.is_repeated or f.has_presence for f in fields)


def _all_at_once(fields: Sequence[FieldDescriptor]) -> Renderer:
    """The long lists of an answer are of such messages; a call per field would be most of their cost."""
    names = [field.name for field in fields]
    values = attrgetter(*names)
    return lambda message: dict(zip(names, [value or None for value in values(message)], strict=True))


def _one_by_one(fields: Sequence[FieldDescriptor]) -> Renderer:
    readers = [(field.name, _reader(field)) for field in fields]
    return lambda message: {name: read(message) for name, read in readers}


def _reader(field: FieldDescriptor) -> Reader:
    name = field.name
    if is_map(field):
        return lambda message: dict(sorted(getattr(message, name).items()))
    one = _value_reader(field)
    if field.is_repeated:
        return lambda message: [one(value) for value in getattr(message, name)]
    if field.has_presence:
        return lambda message: one(getattr(message, name)) if message.HasField(name) else None
    return lambda message: one(getattr(message, name))


def _value_reader(field: FieldDescriptor) -> Reader:
    if field.message_type is None:
        return _text_or_null if field.type == FieldDescriptor.TYPE_STRING else _itself
    return instant if field.message_type.full_name == "google.protobuf.Timestamp" else render


def is_map(field: FieldDescriptor) -> bool:
    """True for a map field."""
    return bool(field.message_type is not None and field.message_type.GetOptions().map_entry)


def _itself(value: Any) -> Any:
    return value


def _text_or_null(value: str) -> str | None:
    return value or None


def instant(value: Any) -> str:
    """Return a Timestamp as RFC 3339 with its offset."""
    moment: datetime = value.ToDatetime(tzinfo=UTC)
    return moment.isoformat(timespec="milliseconds")


def to_json(data: Any) -> bytes:
    """Return compact UTF-8 JSON; the same data gives the same bytes."""
    return _encoder.encode(data).encode()


def answer(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return JSON data as an HTTP answer."""
    return Response(to_json(data), status, headers, "application/json")


def one(message: Any, status: int = 200) -> Response:
    """Return a single resource, with its version as ETag where it has one."""
    version = getattr(message, "version", None)
    return answer(render(message), status, {} if version is None else {"ETag": f'"{version}"'})


def page(messages: Iterable[Message], next_page_token: str = "") -> Response:
    """Return a list: items, and the token of the next page or null."""
    return answer({"items": [render(message) for message in messages], "next_page_token": next_page_token or None})
