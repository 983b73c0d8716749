"""Time is injected: instants are UTC, civil dates are the factory's."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """Tells the instant and the factory's civil date."""

    def now(self) -> datetime:
        """Return the instant, in UTC."""
        ...

    def today(self) -> date:
        """Return the factory's civil date."""
        ...


class SystemClock:
    """The machine's clock, read as UTC."""

    def __init__(self, zone: str = "Asia/Shanghai") -> None:
        self.zone = ZoneInfo(zone)

    def now(self) -> datetime:
        """Return the machine's instant, in UTC."""
        return datetime.now(UTC)

    def today(self) -> date:
        """Return the date on the factory's calendar."""
        return self.now().astimezone(self.zone).date()


class FixedClock:
    """A clock that moves only when told; the twin of SystemClock."""

    def __init__(self, now: datetime, zone: str = "Asia/Shanghai") -> None:
        self.zone = ZoneInfo(zone)
        self._now = now

    def now(self) -> datetime:
        """Return the instant it was set to."""
        return self._now

    def today(self) -> date:
        """Return the factory's date at that instant."""
        return self._now.astimezone(self.zone).date()

    def advance(self, by: timedelta) -> None:
        """Move on by so much."""
        self._now += by
