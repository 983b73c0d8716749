"""Our nouns as protobuf messages."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, time
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp
from orderhub.common.v1.common_pb2 import PageRequest
from orderhub.notify.v1 import notify_pb2 as pb

from notify_service.domain.channel import Channel, masked
from notify_service.domain.errors import FieldError, Invalid, NotificationNotFound
from notify_service.domain.notification import Notification, State
from notify_service.domain.subscription import Subscription

DEFAULT_PAGE, MOST_PAGE = 50, 200


def channel_message(channel: Channel, fallback: str) -> pb.Channel:
    """Return the channel as it is shown: the address masked, the secret only as a fact."""
    return pb.Channel(
        code=channel.code, kind=channel.kind, url=masked(channel.url), name=channel.name, per_minute=channel.rate,
        has_secret=bool(channel.secret), version=channel.version, active=channel.connected(fallback),
        quiet_from=_clock(channel.quiet_from), quiet_to=_clock(channel.quiet_to),
    )  # fmt: skip


def subscription_message(subscription: Subscription) -> pb.Subscription:
    names = (name for name in Subscription.__dataclass_fields__)
    return pb.Subscription(**{name: getattr(subscription, name) for name in names})


def notification_message(found: Notification) -> pb.Notification:
    return pb.Notification(
        id=str(found.id), event_id=str(found.event_id), event_type=found.event_type, order_number=found.order_number,
        production_order_number=found.production_order_number, subscription=found.subscription, channel=found.channel,
        recipient=found.recipient, state=found.state, text=found.text, attempt_count=found.attempt_count,
        last_error=found.last_error, reason=found.reason, digest_id=str(found.digest_id or ""),
        created_at=_instant(found.created_at), sent_at=_instant(found.sent_at),
        acknowledged_at=_instant(found.acknowledged_at),
        next_attempt_at=_instant(found.next_attempt_at if found.state == State.PENDING else None),
    )  # fmt: skip


def _instant(at: datetime | None) -> Timestamp | None:
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


def page_of(request: PageRequest) -> tuple[int, UUID | None]:
    """Return the page's size and the id it starts below."""
    size = min(max(request.page_size, 1), MOST_PAGE) if request.page_size else DEFAULT_PAGE
    if not request.page_token:
        return size, None
    try:
        return size, UUID(bytes=base64.urlsafe_b64decode(request.page_token))
    except (ValueError, binascii.Error):
        raise Invalid([FieldError("page_token", "PAGE_TOKEN_INVALID")]) from None


def token_of(last: UUID) -> str:
    return base64.urlsafe_b64encode(last.bytes).decode()
