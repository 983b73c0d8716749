"""How a consumer gathers a batch: what comes a little later shares the transaction."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from chassis.consumer import BATCH, BUSY_GATHER_SECONDS, GATHER_SECONDS, Consumer

BETWEEN = (GATHER_SECONDS + BUSY_GATHER_SECONDS) / 2  # too late for a lone one, in time for a busy stream


class Hand:
    """A consumer's queue and the two things that end its wait."""

    def __init__(self) -> None:
        self.consumer = Consumer("amqp://nowhere.invalid", "planning.events", inbox=None)  # type: ignore[arg-type]
        self.waiting: asyncio.Queue[Any] = asyncio.Queue()
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.stop = asyncio.Event()

    def put(self, *messages: int, after: float = 0.0) -> None:
        for message in messages:
            asyncio.get_running_loop().call_later(after, self.waiting.put_nowait, message)

    async def next(self) -> list[Any]:
        return await asyncio.wait_for(self.consumer._next(self.waiting, self.lost, self.stop), 10)


async def test_what_comes_a_moment_later_shares_the_batch() -> None:
    hand = Hand()
    hand.waiting.put_nowait(1)
    hand.put(2, after=GATHER_SECONDS / 2)

    assert await hand.next() == [1, 2]


@pytest.mark.parametrize(("before", "batch"), [(10.0, [1]), (0.0, [1, 2])])
async def test_a_lone_event_waits_less_than_one_of_a_busy_stream(before: float, batch: list[int]) -> None:
    hand = Hand()
    hand.consumer._last = time.monotonic() - before
    hand.waiting.put_nowait(1)
    hand.put(2, after=BETWEEN)

    assert await hand.next() == batch


async def test_a_batch_is_bounded_and_the_rest_is_next() -> None:
    hand = Hand()
    for n in range(BATCH + 3):
        hand.waiting.put_nowait(n)

    assert await hand.next() == list(range(BATCH))
    assert await hand.next() == [BATCH, BATCH + 1, BATCH + 2]


async def test_the_end_of_waiting_is_told_apart() -> None:
    hand = Hand()
    hand.stop.set()
    assert await hand.next() == []

    gone = Hand()
    gone.lost.set_result(None)
    with pytest.raises(ConnectionError):
        await gone.next()


async def test_what_came_before_the_loss_is_not_dropped() -> None:
    hand = Hand()
    hand.put(7)
    assert await hand.next() == [7]
