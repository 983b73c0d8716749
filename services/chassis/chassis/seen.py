"""How far this process knows each subject to be applied, so that a caller's mark rarely costs a query (docs/decisions/0004)."""

from __future__ import annotations

from collections.abc import Mapping

from chassis.outbox import Mark

SUBJECTS = 20_000


class Seen:
    """The highest sequence known to be committed here, by source and subject; what is forgotten is asked of the database."""

    def __init__(self) -> None:
        self._upto: dict[tuple[str, str], int] = {}

    def note(self, applied: Mapping[tuple[str, str], int]) -> None:
        """Take note of cursors after their commit."""
        for subject, sequence in applied.items():
            self._upto[subject] = max(sequence, self._upto.pop(subject, 0))
        while len(self._upto) > SUBJECTS:
            del self._upto[next(iter(self._upto))]

    def has(self, mark: Mark) -> bool:
        """True when the event of the mark was applied for sure."""
        return self._upto.get((mark.source, mark.subject), 0) >= mark.sequence
