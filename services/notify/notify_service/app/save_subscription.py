"""Create or change a subscription; everything that can be wrong is found now, not at the first event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from notify_service.app.ports import Catalogue, Channels, Conditions, Subscriptions, Texts
from notify_service.domain.channel import CODE, Channel
from notify_service.domain.errors import FieldError, Invalid
from notify_service.domain.limits import text_errors
from notify_service.domain.message import PRIVATE, fields_of, stray_braces
from notify_service.domain.quiet import hours_fit
from notify_service.domain.subscription import Subscription

MOST_TEMPLATE, MOST_CONDITION, MOST_ROLE, MOST_ONCE_PER = 1000, 1000, 200, 200
MOST_HOURS, MOST_MINUTES = 720, 10_080


async def save_subscription(
    wanted: Subscription, subscriptions: Subscriptions, channels: Channels,
    *, keeps_active: bool, quiet: tuple[str, str], catalogue: Catalogue, conditions: Conditions, texts: Texts,
) -> Subscription:  # fmt: skip
    """Store the subscription; raise Invalid with every field error. `keeps_active`: active was not said."""
    await judged(wanted, channels, quiet=quiet, catalogue=catalogue, conditions=conditions, texts=texts)
    before = await subscriptions.get(wanted.code)
    active = (before is None or before.active) if keeps_active else wanted.active
    return await subscriptions.save(replace(wanted, active=active, version=before.version + 1 if before else 1))


async def judged(
    wanted: Subscription, channels: Channels,
    *, quiet: tuple[str, str], catalogue: Catalogue, conditions: Conditions, texts: Texts,
) -> Channel:  # fmt: skip
    """Return the channel of a subscription that may be stored; raise Invalid. `quiet`: HH:MM as said."""
    codes = {wanted.channel, wanted.escalate_channel} - {""}
    known = {channel.code: channel for channel in await channels.listed(codes)}
    errors = [*_shape_errors(wanted), *_channel_errors(wanted, known)]
    if not hours_fit(*quiet):
        errors.append(FieldError("quiet_from", "TIME_INVALID"))
    sample = catalogue.sample(wanted.event_type)
    if sample is None:
        errors.append(FieldError("event_type", "EVENT_TYPE_UNKNOWN", {"event_type": wanted.event_type[:100]}))
    else:
        template = texts.template(wanted.template)
        errors += _meaning_errors(wanted, sample, template, conditions, known.get(wanted.channel))
    if errors:
        raise Invalid(errors)
    return known[wanted.channel]


def _shape_errors(wanted: Subscription) -> list[FieldError]:
    errors = [] if CODE.fullmatch(wanted.code) else [FieldError("code", "CODE_INVALID")]
    errors += text_errors(
        template=(wanted.template, MOST_TEMPLATE), condition=(wanted.condition, MOST_CONDITION),
        role=(wanted.role, MOST_ROLE), once_per=(wanted.once_per, MOST_ONCE_PER),
    )  # fmt: skip
    if not wanted.template.strip():
        errors.append(FieldError("template", "TEMPLATE_REQUIRED"))
    for name, value, most in (
        ("expire_hours", wanted.expire_hours, MOST_HOURS), ("escalate_minutes", wanted.escalate_minutes, MOST_MINUTES),
    ):  # fmt: skip
        if not 0 <= value <= most:
            errors.append(FieldError(name, "NUMBER_OUT_OF_RANGE", {"min": "0", "max": str(most)}))
    return errors


def _channel_errors(wanted: Subscription, known: Mapping[str, Channel]) -> list[FieldError]:
    errors = []
    if wanted.channel not in known:
        errors.append(FieldError("channel", "CHANNEL_UNKNOWN", {"channel": wanted.channel[:40]}))
    if (wanted.escalate_minutes or wanted.escalate_channel) and wanted.escalate_channel not in known:
        errors.append(FieldError("escalate_channel", "CHANNEL_UNKNOWN", {"channel": wanted.escalate_channel[:40]}))
    return errors


def _meaning_errors(
    wanted: Subscription, sample: Mapping[str, Any], template: str, conditions: Conditions, channel: Channel | None
) -> list[FieldError]:
    errors = []
    for name, text in (("template", template), ("role", wanted.role), ("once_per", wanted.once_per)):
        if stray_braces(text):
            errors.append(FieldError(name, "TEMPLATE_INVALID", {"why": "braces"}))
        unknown = [field for field in dict.fromkeys(fields_of(text)) if field not in sample]
        errors += [FieldError(name, "TEMPLATE_FIELD_UNKNOWN", {"field": field}) for field in unknown]
    if channel is not None and channel.traits.group:
        private = [field for field in dict.fromkeys(fields_of(template)) if PRIVATE.search(field)]
        errors += [FieldError("template", "TEMPLATE_FIELD_PRIVATE", {"field": field}) for field in private]
    fault = conditions.fault(wanted.condition, sample) if wanted.condition else ""
    return [*errors, FieldError("condition", "CONDITION_INVALID", {"why": fault})] if fault else errors
