"""Quiet hours: a message that may wait leaves when they are over (X57)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


def loud_at(now: datetime, begins: time | None, ends: time | None, zone: ZoneInfo) -> datetime:
    """Return `now`, or the end of the quiet hours `now` lies in; no hours, or an empty span, are never quiet."""
    if begins is None or ends is None or begins == ends:
        return now
    local = now.astimezone(zone)
    clock = local.timetz().replace(tzinfo=None)
    overnight = begins > ends
    inside = begins <= clock or clock < ends if overnight else begins <= clock < ends
    if not inside:
        return now
    day = local.date() + timedelta(days=1 if overnight and clock >= begins else 0)
    return datetime.combine(day, ends, zone).astimezone(now.tzinfo)


@dataclass(frozen=True, slots=True)
class Hours:
    """From when to when it is quiet, in the factory's zone; both None: never."""

    begins: time | None = None
    ends: time | None = None


@dataclass(frozen=True, slots=True)
class OwnHours:
    """The quiet hours of one recipient: a person, a role or a customer; `names` are what else messages call them."""

    recipient: str
    hours: Hours
    names: tuple[str, ...] = ()
    version: int = 0
    changed_at: datetime | None = None
    changed_by: str = ""


NEVER = Hours()


def loud_for_all(now: datetime, spans: Sequence[Hours], zone: ZoneInfo) -> datetime:
    """Return the first instant at which none is quiet; hours that leave none of the day free end the search."""
    for _ in spans:
        before = now
        for span in spans:
            now = loud_at(now, span.begins, span.ends, zone)
        if now == before:
            break
    return now


def by_name(everybody: Iterable[OwnHours]) -> Mapping[str, Hours]:
    """Return whose hours count for which name; a name two people share with different hours is never quiet."""
    named: dict[str, Hours] = {}
    for one in everybody:
        for name in {one.recipient, *one.names}:
            named[name] = one.hours if named.get(name, one.hours) == one.hours else NEVER
    return named


def clock_of(value: str) -> time | None:
    """Read `HH:MM`; None for anything else."""
    digits = value[:2] + value[3:]
    if len(value) != 5 or value[2] != ":" or not digits.isascii() or not digits.isdigit():
        return None
    hour, minute = int(value[:2]), int(value[3:])
    return time(hour, minute) if hour < 24 and minute < 60 else None


def hours_fit(begins: str, ends: str) -> bool:
    """True when both are times, or both are empty."""
    if not begins and not ends:
        return True
    return clock_of(begins) is not None and clock_of(ends) is not None
