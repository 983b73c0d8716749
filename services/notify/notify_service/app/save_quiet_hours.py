"""Set when one recipient is left in peace; what waits already keeps the new hours."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from notify_service.app.compose import quiet_spans
from notify_service.app.ports import QuietHours, Resting, RestingMessages, Rules
from notify_service.domain.errors import FieldError, Invalid
from notify_service.domain.limits import text_errors
from notify_service.domain.quiet import Hours, OwnHours, clock_of, hours_fit, loud_for_all

MOST_NAME = 200


def hours_of(recipient: str, names: Collection[str], quiet: tuple[str, str], *, now: datetime, by: str) -> OwnHours:
    """Read quiet hours as asked for (`HH:MM`, two empty texts: none); raise Invalid with every field error."""
    errors = text_errors(recipient=(recipient, MOST_NAME))
    if not recipient.strip():
        errors.append(FieldError("recipient", "REQUIRED"))
    if not hours_fit(*quiet):
        errors.append(FieldError("quiet_from", "TIME_INVALID"))
    if errors:
        raise Invalid(errors)
    others = tuple(sorted({name for name in names if name and not text_errors(name=(name, MOST_NAME))} - {recipient}))
    hours = Hours(clock_of(quiet[0]), clock_of(quiet[1]))
    return OwnHours(recipient, hours, others, changed_at=now, changed_by=by)


async def save_quiet_hours(
    wanted: OwnHours, quiet: QuietHours, waiting: RestingMessages, rules_now: Callable[[], Awaitable[Rules]],
    *, zone: ZoneInfo, now: datetime,
) -> OwnHours:  # fmt: skip
    """Store them, and let what waits for this recipient wait by the rules as they are then."""
    before = await quiet.get(wanted.recipient)
    saved = await quiet.save(wanted)
    rules = await rules_now()
    found = await waiting.of({saved.recipient, *saved.names, *(before.names if before else ())})
    begins = {one.id: at for one in found if (at := _begins(one, rules, zone, now)) is not None}
    await waiting.move(begins)
    return saved


def _begins(one: Resting, rules: Rules, zone: ZoneInfo, now: datetime) -> datetime | None:
    """Return when a waiting message may go; None when its subscription is switched off meanwhile."""
    everything = (entry for entries in rules.subscriptions.values() for entry in entries)
    subscription = next((entry for entry in everything if entry.code == one.subscription), None)
    if subscription is None:
        return None
    return loud_for_all(
        now, quiet_spans(subscription, rules.channels[one.channel], rules.hours_of(one.recipient)), zone
    )
