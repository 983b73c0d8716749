"""Single pieces by serial: a second report of one is a bounce, unless rework sent pieces round again (X36)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(slots=True)
class PiecePasses:
    """How often pieces went through operations: by (sequence, serial), and repeated passes by sequence."""

    passes: Counter[tuple[int, str]] = field(default_factory=Counter)
    repeated: Counter[int] = field(default_factory=Counter)
    fresh: Counter[tuple[int, str]] = field(default_factory=Counter)
    """Passes that came up just now."""

    def may_pass(self, sequence: int, serial: str, again: Decimal) -> bool:
        """Say whether a piece may be reported: the first time, or once more for a piece that was sent back."""
        return not self.passes[sequence, serial] or self.repeated[sequence] < again

    def record(self, sequence: int, serial: str) -> None:
        """Count one pass."""
        self.repeated[sequence] += self.passes[sequence, serial] > 0
        self.passes[sequence, serial] += 1
        self.fresh[sequence, serial] += 1
