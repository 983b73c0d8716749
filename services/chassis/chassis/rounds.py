"""What waits together is done together: a round takes everybody who waits and never waits for more (docs/decisions/0033)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

import structlog

MOST = 32  # in one round: more would keep their rows locked too long
PATIENCE_SECONDS = 0.1  # a round that hangs does not keep the next one
Ask = TypeVar("Ask")
Answer = TypeVar("Answer")
log = structlog.get_logger()


class _Waiting(Generic[Ask, Answer]):
    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.answer: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self.over = asyncio.Event()


class Rounds(Generic[Ask, Answer]):
    """`together` answers a round; None for each that is to be done alone. When it raises, everybody is alone."""

    def __init__(self, together: Callable[[Sequence[Ask]], Awaitable[Sequence[Answer | None]]]) -> None:
        self._together = together
        self._waiting: deque[_Waiting[Ask, Answer]] = deque()
        self._runner: asyncio.Task[None] | None = None
        self._running: set[asyncio.Task[None]] = set()

    async def take(self, ask: Ask, alone: Callable[[], Awaitable[Answer]]) -> Answer:
        """Return a round's answer, or what `alone` returns in the caller's own task: no round harms who is in it."""
        mine: _Waiting[Ask, Answer] = _Waiting(ask)
        self._waiting.append(mine)
        if self._runner is None or self._runner.done():
            # A context of its own: what runs for many callers carries none of them.
            self._runner = asyncio.get_running_loop().create_task(self._run(), context=Context())
        try:
            answer = await mine.answer
            return await alone() if answer is None else answer
        finally:
            mine.over.set()

    async def _run(self) -> None:
        while self._waiting:
            taken = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
            if together := [one for one in taken if not one.answer.done()]:
                task = asyncio.get_running_loop().create_task(self._round(together), context=Context())
                self._running.add(task)
                task.add_done_callback(self._running.discard)
                await asyncio.wait([task], timeout=PATIENCE_SECONDS)

    async def _round(self, together: Sequence[_Waiting[Ask, Answer]]) -> None:
        answers: Sequence[Answer | None] = [None] * len(together)
        if len(together) > 1:
            try:
                answers = await self._together([one.ask for one in together])
            except Exception as error:  # each is done alone, and is told of its own failure only
                log.warning("round_failed", size=len(together), error=repr(error))
        for one, answer in zip(together, answers, strict=True):
            if not one.answer.done():
                one.answer.set_result(answer)
        if len(together) == 1:
            await together[0].over.wait()
