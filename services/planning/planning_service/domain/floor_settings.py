"""How the floor works, changed while it runs: scan policy, bounce window, time to acknowledge a change."""

from __future__ import annotations

from dataclasses import dataclass

from planning_service.domain.errors import FieldError, Invalid
from planning_service.domain.scan import ScanPolicy

MAX_BOUNCE_SECONDS = 60
MAX_ACKNOWLEDGE_MINUTES = 7 * 24 * 60
ACKNOWLEDGE_MINUTES = 15


@dataclass(frozen=True, slots=True)
class FloorSettings:
    """Version 0 stands for settings nobody has changed yet."""

    policy: ScanPolicy = ScanPolicy.RECORD
    bounce_seconds: int = 0
    acknowledge_minutes: int = ACKNOWLEDGE_MINUTES
    version: int = 0

    def check(self) -> None:
        """Raise Invalid with every value out of its range."""
        ranges = (
            ("bounce_seconds", self.bounce_seconds, MAX_BOUNCE_SECONDS),
            ("acknowledge_minutes", self.acknowledge_minutes, MAX_ACKNOWLEDGE_MINUTES),
        )
        wrong = [
            FieldError(name, "OUT_OF_RANGE", {"max": most}) for name, value, most in ranges if not 0 <= value <= most
        ]
        if wrong:
            raise Invalid(wrong)
