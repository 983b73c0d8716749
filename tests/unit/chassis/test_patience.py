"""Waiting for events costs little while they do not arrive, and is generous again as soon as they do."""

from __future__ import annotations

from chassis.grpc_server import DOUBT_SECONDS, DOUBTFUL_WAIT_SECONDS, SEEN_WAIT_SECONDS, Patience


class Ticking:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_in_good_weather_a_call_may_wait_in_full() -> None:
    assert Patience(Ticking()).seconds() == SEEN_WAIT_SECONDS


def test_after_a_wait_in_vain_the_next_ones_are_short() -> None:
    patience = Patience(Ticking())
    patience.learn(arrived=False)

    assert [patience.seconds() for _ in range(3)] == [DOUBTFUL_WAIT_SECONDS] * 3


def test_then_one_call_tries_in_full_for_all() -> None:
    clock = Ticking()
    patience = Patience(clock)
    patience.learn(arrived=False)
    clock.now += DOUBT_SECONDS

    assert [patience.seconds() for _ in range(3)] == [SEEN_WAIT_SECONDS, DOUBTFUL_WAIT_SECONDS, DOUBTFUL_WAIT_SECONDS]


def test_an_arrival_ends_the_doubt() -> None:
    patience = Patience(Ticking())
    patience.learn(arrived=False)

    patience.learn(arrived=True)

    assert patience.seconds() == SEEN_WAIT_SECONDS
