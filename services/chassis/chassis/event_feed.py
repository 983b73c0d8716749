"""The feed of a service's event log, for systems that catch up (docs/decisions/0030).

An id taken early may be committed late, so no number alone is a cursor (reliability.md finding 1). Rows are read in the
order (transaction, id) and only below the oldest transaction still running: nothing can appear behind what was given.
"""

from __future__ import annotations

from datetime import UTC
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from orderhub.common.v1 import event_feed_pb2 as pb
from orderhub.common.v1.event_feed_pb2_grpc import EventFeedServiceServicer

from chassis.database import Database
from chassis.sql import text

MOST = 500
LAST_PLACE = 2**63 - 1

_HORIZON = text("SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)")
_AFTER = text("""
SELECT CAST(CAST(xid AS text) AS bigint) AS transaction, id, body, published_at FROM event_log
WHERE (xid, id) > (CAST(CAST(CAST(:transaction AS bigint) AS text) AS xid8), CAST(:place AS bigint))
  AND xid < CAST(CAST(CAST(:horizon AS bigint) AS text) AS xid8)
  AND (CAST(:every AS boolean) OR type = ANY(CAST(:types AS text[]))) AND (CAST(:subject AS text) = '' OR subject = :subject)
  AND (CAST(:since AS timestamptz) IS NULL OR occurred_at >= :since)
ORDER BY xid, id LIMIT :limit
""")


class EventFeed(EventFeedServiceServicer):
    """Answers from the log; what a filter leaves out is passed over for good."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ListEvents(self, request: pb.ListEventsRequest, context: Any) -> pb.ListEventsResponse:
        """Return what was logged behind `after`, oldest first."""
        limit = min(max(request.limit, 1), MOST)
        async with self._database.read() as connection:
            horizon = int((await connection.execute(_HORIZON)).scalar_one())
            rows = (await connection.execute(_AFTER, _values(request, horizon, limit + 1))).all()
        events = [_event(row) for row in rows[:limit]]
        more = len(rows) > limit
        reached = pb.FeedPosition(transaction=max(horizon - 1, request.after.transaction), place=LAST_PLACE)
        return pb.ListEventsResponse(events=events, through=events[-1].position if more else reached, more=more)


def _values(request: pb.ListEventsRequest, horizon: int, limit: int) -> dict[str, Any]:
    since = request.since.ToDatetime(tzinfo=UTC) if request.HasField("since") else None
    return {
        "transaction": request.after.transaction, "place": request.after.place, "horizon": horizon, "limit": limit,
        "types": list(request.types), "every": not request.types, "subject": request.subject, "since": since,
    }  # fmt: skip


def _event(row: Any) -> pb.LoggedEvent:
    published = Timestamp()
    published.FromDatetime(row.published_at)
    position = pb.FeedPosition(transaction=row.transaction, place=row.id)
    return pb.LoggedEvent(position=position, body=row.body, published_at=published)
