"""What each session has just caused, so that its next request sees it in every service (docs/decisions/0004)."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable

from chassis.outbox import Mark

KEEP_SECONDS = 10.0
SESSIONS = 20_000
MARKS_EACH = 50
NOT_WAITED_FOR = frozenset({"/orderhub/notify"})  # nobody else follows what notify tells


class Marks:
    """The newest mark of each subject a session moved in the last ten seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._of: OrderedDict[str, dict[tuple[str, str], tuple[float, Mark]]] = OrderedDict()

    def remember(self, session: str, marks: Iterable[Mark]) -> None:
        """Keep marks for this session; the later one of a subject wins."""
        fresh = [mark for mark in marks if mark.source not in NOT_WAITED_FOR]
        if not fresh:
            return
        mine = self._of.setdefault(session, {})
        self._of.move_to_end(session)
        until = self._now() + KEEP_SECONDS
        for mark in fresh:
            mine.pop((mark.source, mark.subject), None)
            mine[mark.source, mark.subject] = (until, mark)
        while len(mine) > MARKS_EACH:
            del mine[next(iter(mine))]
        while len(self._of) > SESSIONS:
            self._of.popitem(last=False)

    def of(self, session: str) -> tuple[Mark, ...]:
        """Return the marks of a session that still count."""
        mine = self._of.get(session)
        if not mine:
            return ()
        now = self._now()
        for subject in [subject for subject, (until, _) in mine.items() if until <= now]:
            del mine[subject]
        if not mine:
            del self._of[session]
        return tuple(mark for _, mark in mine.values())
