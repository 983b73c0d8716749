"""Who waits together is answered together; a round that fails, hangs or sets somebody aside harms nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from chassis import rounds
from chassis.rounds import MOST, Rounds


class Desk:
    """Doubles numbers; odd ones have to be done alone."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.alone: list[int] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.rounds: Rounds[int, int] = Rounds(self.together)

    async def together(self, asked: Sequence[int]) -> list[int | None]:
        self.sizes.append(len(asked))
        await self.gate.wait()
        if -1 in asked:
            raise RuntimeError("no")
        return [n * 2 if n % 2 == 0 else None for n in asked]

    async def ask(self, n: int) -> int:
        async def alone() -> int:
            self.alone.append(n)
            await self.gate.wait()
            if n == -1:
                raise ValueError("its own")
            return n * 2

        return await self.rounds.take(n, alone)


async def test_one_is_alone_and_those_who_come_meanwhile_share_the_next_round() -> None:
    desk = Desk()
    desk.gate.clear()
    first = asyncio.create_task(desk.ask(2))
    while not desk.alone:
        await asyncio.sleep(0)
    others = [asyncio.create_task(desk.ask(n)) for n in (4, 6, 7)]
    await asyncio.sleep(0)
    desk.gate.set()

    assert await asyncio.gather(first, *others) == [4, 8, 12, 14]
    assert (desk.alone, desk.sizes) == ([2, 7], [3])


async def test_a_round_that_raises_leaves_each_with_its_own_answer() -> None:
    desk = Desk()

    answers = await asyncio.gather(*(desk.ask(n) for n in (2, -1, 4)), return_exceptions=True)

    assert (answers[0], answers[2], type(answers[1])) == (4, 8, ValueError)
    assert (desk.sizes, sorted(desk.alone)) == ([3], [-1, 2, 4])


async def test_a_round_takes_so_many_and_the_next_the_rest() -> None:
    desk = Desk()

    answers = await asyncio.gather(*(desk.ask(2 * n) for n in range(MOST + 3)))

    assert answers == [4 * n for n in range(MOST + 3)]
    assert desk.sizes == [MOST, 3]


async def test_a_round_that_hangs_does_not_keep_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "PATIENCE_SECONDS", 0.01)
    desk = Desk()
    desk.gate.clear()
    stuck = [asyncio.create_task(desk.ask(n)) for n in (2, 4)]
    while not desk.sizes:
        await asyncio.sleep(0)
    later = [asyncio.create_task(desk.ask(n)) for n in (6, 8)]
    async with asyncio.timeout(5):
        while len(desk.sizes) < 2:
            await asyncio.sleep(0.001)
    desk.gate.set()

    assert await asyncio.gather(*stuck, *later) == [4, 8, 12, 16]


async def test_who_has_gone_is_left_out() -> None:
    desk = Desk()
    desk.gate.clear()
    first = asyncio.create_task(desk.ask(2))
    while not desk.alone:
        await asyncio.sleep(0)
    gone, stays, other = (asyncio.create_task(desk.ask(n)) for n in (4, 6, 8))
    await asyncio.sleep(0)
    gone.cancel()
    desk.gate.set()

    assert await asyncio.gather(first, stays, other) == [4, 12, 16]
    assert desk.sizes == [2]
    assert gone.cancelled()
