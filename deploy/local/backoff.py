"""How long to wait before a part that keeps dying is started again."""

from __future__ import annotations

from dataclasses import dataclass

FIRST_S = 0.5
LONGEST_S = 15.0
STEADY_S = 30.0


@dataclass(slots=True)
class Backoff:
    """The first death is answered at once, the next ones with doubled pauses; a steady life forgets them."""

    failures: int = 0

    def after_death(self, lived_s: float) -> float:
        """Return the seconds to wait, given how long the part lived."""
        if lived_s >= STEADY_S:
            self.failures = 0
        pause = 0.0 if self.failures == 0 else min(LONGEST_S, FIRST_S * 2.0 ** (self.failures - 1))
        self.failures += 1
        return pause
