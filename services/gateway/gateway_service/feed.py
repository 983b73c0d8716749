"""The event logs of all services as one feed: merged by time, ordered per subject, with a cursor that loses nothing."""

from __future__ import annotations

import asyncio
import base64
import binascii
import heapq
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orderhub.common.v1.event_feed_pb2 import FeedPosition, ListEventsRequest, ListEventsResponse, LoggedEvent

from gateway_service.clients import Clients, Service
from gateway_service.problems import Problem

Cursor = Mapping[str, FeedPosition]
MOST_POSITION = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the feed is asked for."""

    types: Sequence[str] = ()
    subject: str = ""
    since: datetime | None = None
    limit: int = 100


def cursor_of(text: str) -> Cursor:
    """Read a cursor; raise a 422 problem for anything we did not write. An empty one is the beginning."""
    if not text:
        return {}
    try:
        said = json.loads(base64.urlsafe_b64decode(text.encode()))
        return {str(name): _position(*pair) for name, pair in said.items()}
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        raise Problem(422, "CURSOR_INVALID") from error


def _position(transaction: Any, place: Any) -> FeedPosition:
    if type(transaction) is not int or type(place) is not int:
        raise ValueError("no position")
    if not (0 <= transaction <= MOST_POSITION and 0 <= place <= MOST_POSITION):
        raise ValueError("no position")
    return FeedPosition(transaction=transaction, place=place)


def text_of(cursor: Cursor) -> str:
    """Return the cursor as opaque text."""
    said = {name: [position.transaction, position.place] for name, position in sorted(cursor.items())}
    return base64.urlsafe_b64encode(json.dumps(said, separators=(",", ":")).encode()).decode()


async def read(clients: Clients, after: Cursor, wanted: Wanted) -> tuple[list[dict[str, Any]], Cursor, bool]:
    """Return the next events as CloudEvents, the cursor behind them, and whether more wait already."""
    answers = await asyncio.gather(*(_ask(service, after, wanted) for service in clients.all))
    logs = {service.name: answer for service, answer in zip(clients.all, answers, strict=True)}
    taken = list(itertools.islice(_merged(logs), wanted.limit))
    counts = {name: sum(1 for whose, _ in taken if whose == name) for name in logs}
    reached = {name: _reached(log, counts[name], after.get(name)) for name, log in logs.items()}
    more = any(log.more or counts[name] < len(log.events) for name, log in logs.items())
    return [json.loads(event.body) for _, event in taken], reached, more


async def _ask(service: Service, after: Cursor, wanted: Wanted) -> ListEventsResponse:
    request = ListEventsRequest(
        after=after.get(service.name), types=wanted.types, subject=wanted.subject, limit=wanted.limit
    )
    if wanted.since is not None:
        request.since.FromDatetime(wanted.since)
    return await service.ask(service.feed.ListEvents, request)


def _merged(logs: Mapping[str, ListEventsResponse]) -> Any:
    """Merge by the instant of publishing; each service keeps its own order, so a subject's events stay in order."""
    named = ([(name, event) for event in log.events] for name, log in logs.items())
    return heapq.merge(*named, key=_published)


def _published(entry: tuple[str, LoggedEvent]) -> int:
    return entry[1].published_at.ToNanoseconds()


def _reached(log: ListEventsResponse, taken: int, before: FeedPosition | None) -> FeedPosition:
    """Return how far one service's log was read: to its end when everything of it was taken."""
    if taken == len(log.events):
        return log.through
    return log.events[taken - 1].position if taken else before or FeedPosition()
