"""Messages that did not leave: dismissed, completed or sent again by a person."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from notify_service.app.compose import Desk
from notify_service.app.ports import Channels, Notifications, Subscriptions
from notify_service.domain.errors import (
    FieldError,
    Invalid,
    NotificationNotFound,
    NotResendable,
    StillIncomplete,
)  # fmt: skip
from notify_service.domain.limits import text_errors
from notify_service.domain.message import Rendered, render
from notify_service.domain.notification import RESENDABLE, Notification, State

MOST_REASON, MOST_VALUE, MOST_VALUES = 200, 500, 20
BETWEEN = re.compile(r"[,，、;；\s]+")
REPLAYABLE = tuple(str(state) for state in RESENDABLE)


@dataclass(frozen=True, slots=True)
class Lost:
    """Which messages shall go again; an empty text means any."""

    state: str
    channel: str = ""
    subscription: str = ""
    order_number: str = ""
    created_from: datetime | None = None
    created_to: datetime | None = None


class Repairs(Protocol):
    """What repairing writes, inside one transaction."""

    async def dismiss(self, notification_id: UUID, why: str) -> Notification: ...

    async def replay(self, lost: Lost, channels: Sequence[str]) -> tuple[int, int]: ...


async def dismiss(
    notification_id: UUID, why: str, actor: str, notifications: Notifications, repairs: Repairs
) -> Notification:
    """End a message that waits for a person; raise NotResendable when it does not wait."""
    errors = text_errors(reason=(why, MOST_REASON))
    if not why.strip():
        errors.append(FieldError("reason", "REQUIRED"))
    if errors:
        raise Invalid(errors)
    await _stuck(notification_id, notifications)
    return await repairs.dismiss(notification_id, f"{actor}: {why.strip()}")


async def complete(
    notification_id: UUID, values: Mapping[str, str], notifications: Notifications,
    subscriptions: Subscriptions, channels: Channels, *, desk: Desk,
) -> Notification:  # fmt: skip
    """Fill in what a held message lacked and let it go; raise Invalid or StillIncomplete."""
    found = await _stuck(notification_id, notifications)
    subscription, channel = await subscriptions.get(found.subscription), await channels.get(found.channel)
    if found.state != State.HELD or found.data is None or subscription is None or channel is None:
        raise NotResendable(state=found.state, allowed=[])
    template = desk.texts.template(subscription.template)

    def filled(data: Mapping[str, Any]) -> Rendered:
        return render(template, data, desk.texts.words, group=channel.traits.group)

    _check(values, filled(found.data).missing)
    rendered = filled({**found.data, **{name: _value(text) for name, text in values.items()}})
    if rendered.missing:
        raise StillIncomplete(missing=rendered.missing, allowed=[])
    return await notifications.revive(notification_id, rendered.text)


async def replay(lost: Lost, channels: Channels, repairs: Repairs, *, desk: Desk) -> tuple[int, int]:
    """Send again what `lost` names; return how many go and how many stay."""
    if lost.state not in REPLAYABLE:
        raise Invalid([FieldError("state", "STATE_UNKNOWN", {"allowed": ",".join(REPLAYABLE)})])
    connected = [entry.code for entry in await channels.listed() if entry.connected(desk.guard.sink_url)]
    return await repairs.replay(lost, connected)


async def _stuck(notification_id: UUID, notifications: Notifications) -> Notification:
    found = await notifications.get(notification_id)
    if found is None:
        raise NotificationNotFound(id=notification_id)
    if found.state not in RESENDABLE:
        raise NotResendable(state=found.state, allowed=[])
    return found


def _check(values: Mapping[str, str], missing: Sequence[str]) -> None:
    known = {name: text for name, text in values.items() if name in missing}
    errors = [FieldError(f"values.{name[:40]}", "FIELD_UNKNOWN") for name in values if name not in missing]
    errors += text_errors(**{f"values.{name}": (text, MOST_VALUE) for name, text in known.items()})
    if errors:
        raise Invalid(errors[:MOST_VALUES])


def _value(text: str) -> list[str]:
    """Return one or several values as people type them."""
    return [part for part in BETWEEN.split(text) if part]
