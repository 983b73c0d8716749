"""Our nouns as protobuf messages."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp
from orderhub.common.v1.common_pb2 import PageRequest
from orderhub.notify.v1 import notify_pb2 as pb

from chassis import page_token
from notify_service.domain.channel import Channel, masked
from notify_service.domain.errors import NotificationNotFound
from notify_service.domain.notification import Notification, State
from notify_service.domain.quiet import OwnHours, clock_of
from notify_service.domain.subscription import Subscription

DEFAULT_PAGE, MOST_PAGE = 50, 200
ASKED = set(Subscription.__dataclass_fields__) - {"active", "version", "quiet_from", "quiet_to"}


def channel_message(channel: Channel, fallback: str) -> pb.Channel:
    """Return the channel as it is shown: the address masked, the secret only as a fact."""
    return pb.Channel(
        code=channel.code, kind=channel.kind, url=masked(channel.url), name=channel.name, per_minute=channel.rate,
        has_secret=bool(channel.secret), version=channel.version, active=channel.connected(fallback),
        quiet_from=_clock(channel.quiet_from), quiet_to=_clock(channel.quiet_to),
    )  # fmt: skip


def at_work(shown: pb.Channel, row: Any, now: datetime) -> pb.Channel:
    """Add what the channel is doing just now."""
    shown.sent_last_minute, shown.waiting, shown.failures = row.sent, row.waiting, row.failures
    if row.blocked_until > now:
        shown.resting_until.FromDatetime(row.blocked_until)
    return shown


def subscription_message(subscription: Subscription) -> pb.Subscription:
    values = {name: getattr(subscription, name) for name in Subscription.__dataclass_fields__}
    hours = {name: _clock(values[name]) for name in ("quiet_from", "quiet_to")}
    return pb.Subscription(**{**values, **hours})


def subscription_of(request: pb.PutSubscriptionRequest) -> Subscription:
    """Read a subscription as asked for; what is no time is judged with everything else."""
    values = {name: getattr(request, name) for name in ASKED}
    quiet_from, quiet_to = clock_of(request.quiet_from), clock_of(request.quiet_to)
    return Subscription(**values, quiet_from=quiet_from, quiet_to=quiet_to, active=request.active)


def notification_message(found: Notification) -> pb.Notification:
    return pb.Notification(
        id=str(found.id), event_id=str(found.event_id), event_type=found.event_type, order_number=found.order_number,
        production_order_number=found.production_order_number, subscription=found.subscription, channel=found.channel,
        recipient=found.recipient, state=found.state, text=found.text, attempt_count=found.attempt_count,
        last_error=found.last_error, reason=found.reason, digest_id=str(found.digest_id or ""),
        created_at=instant_message(found.created_at), sent_at=instant_message(found.sent_at),
        acknowledged_at=instant_message(found.acknowledged_at), quiet_until=instant_message(found.quiet_until),
        next_attempt_at=instant_message(found.next_attempt_at if found.state == State.PENDING else None),
    )  # fmt: skip


def quiet_message(own: OwnHours) -> pb.QuietHours:
    return pb.QuietHours(
        recipient=own.recipient, quiet_from=_clock(own.hours.begins), quiet_to=_clock(own.hours.ends), names=own.names,
        version=own.version, changed_at=instant_message(own.changed_at), changed_by=own.changed_by,
    )  # fmt: skip


def instant_message(at: datetime | None) -> Timestamp | None:
    """Return the instant, or None."""
    if at is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp


def _clock(at: time | None) -> str:
    return "" if at is None else f"{at:%H:%M}"


def id_of(value: str) -> UUID:
    """Read a notification's id; what is no id names nothing."""
    try:
        return UUID(value)
    except ValueError:
        raise NotificationNotFound(id=value[:60]) from None


def page_of(kind: str, request: PageRequest) -> tuple[int, UUID | None]:
    """Return the page's size and the id it starts below; raise BadPageToken."""
    size = min(max(request.page_size, 1), MOST_PAGE) if request.page_size else DEFAULT_PAGE
    (before,) = page_token.read(kind, request.page_token, UUID, first=(None,))
    return size, before
