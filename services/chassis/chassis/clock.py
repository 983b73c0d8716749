"""Time is injected: instants are UTC, civil dates are the factory's."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """Tells the instant and the factory's civil date."""

    def now(self) -> datetime: ...

    def today(self) -> date: ...


class SystemClock:
    """The machine's clock, read as UTC."""

    def __init__(self, zone: str = "Asia/Shanghai") -> None:
        self.zone = ZoneInfo(zone)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def today(self) -> date:
        return self.now().astimezone(self.zone).date()


class FixedClock:
    """A clock that moves only when told; the twin of SystemClock."""

    def __init__(self, now: datetime, zone: str = "Asia/Shanghai") -> None:
        self.zone = ZoneInfo(zone)
        self._now = now

    def now(self) -> datetime:
        return self._now

    def today(self) -> date:
        return self._now.astimezone(self.zone).date()

    def advance(self, by: timedelta) -> None:
        self._now += by
