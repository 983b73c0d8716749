"""How fast, how late, and together with what."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify_service.domain.allowance import WINDOW, allowance
from notify_service.domain.channel import carries_secret, masked
from notify_service.domain.digest import DigestWords, Waiting, choose, compose
from notify_service.domain.quiet import NEVER, Hours, OwnHours, by_name, loud_at, loud_for_all
from notify_service.domain.schedule import MUTE_AFTER, RETRY_AFTER, pause, retry_delay

NOW = datetime(2026, 2, 14, 2, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
WORDS = DigestWords("共{count}条", "{text}@{at}")


@given(st.integers(1, 40), st.lists(st.floats(0, 20), max_size=120))
def test_no_minute_ever_sees_more_than_the_rate(rate: int, gaps: list[float]) -> None:
    now, sent = NOW, []
    for gap in gaps:
        now += timedelta(seconds=gap)
        if allowance(sent, rate, now).now:
            sent.append(now)

    assert all(sum(1 for at in sent if start <= at < start + WINDOW) <= rate for start in sent)


def test_a_third_of_the_rate_goes_at_once_and_the_rest_is_shared_out_over_the_minute() -> None:
    sent: list[datetime] = []
    now, gone = NOW, []
    while now < NOW + timedelta(seconds=60):
        if allowance(sent, 18, now).now:
            sent.append(now)
            gone.append((now - NOW).total_seconds())
        now += timedelta(seconds=0.1)

    apart = [round(later - earlier, 1) for earlier, later in itertools.pairwise(gone)]
    assert apart[:5] == [0.1] * 5
    assert apart[5:8] == [2.8] * 3
    assert all(2.8 <= gap <= 5.5 for gap in apart[8:])
    assert gone[-1] > 54  # a rush does not use the minute up and then fall silent
    assert 17 <= len(gone) <= 18


def test_what_may_not_go_now_may_go_when_it_says() -> None:
    sent = [NOW - timedelta(seconds=n) for n in range(18)]
    said = allowance(sent, 18, NOW)

    assert not said.now
    assert allowance(sent, 18, said.ready_at).now


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 5), (2, 300), (3, 1800), (9, 86400)])
def test_retries_follow_the_schedule_within_a_fifth(attempts: int, seconds: int) -> None:
    assert retry_delay(attempts, 0) == timedelta(seconds=seconds)
    assert retry_delay(attempts, -1) == timedelta(seconds=seconds * 0.8)
    assert retry_delay(attempts, 1) == timedelta(seconds=seconds * 1.2)


def test_the_tenth_failure_is_the_last() -> None:
    assert retry_delay(len(RETRY_AFTER) + 1, 0) is None


def test_a_channel_rests_longer_each_time_up_to_its_longest() -> None:
    assert [pause(MUTE_AFTER, n).total_seconds() for n in (0, 1, 2, 3, 4, 99)] == [15, 15, 60, 300, 600, 600]


def waiting(count: int, said: str = "订单{n}", *, old: timedelta = timedelta(0)) -> list[Waiting]:
    return [Waiting(UUID(int=n), UUID(int=n), "t", said.format(n=n), "r", NOW - old) for n in range(count)]


@pytest.mark.parametrize(
    ("count", "merges", "tight", "leave"),
    [
        (1, True, True, 1),
        (5, True, False, 1),
        (6, True, False, 6),
        (2, True, True, 2),
        (6, False, True, 1),
        (999, True, False, 200),
    ],
)
def test_many_waiting_leave_together(count: int, merges: bool, tight: bool, leave: int) -> None:
    assert len(choose(waiting(count), merges=merges, tight=tight)) == leave


def test_a_digest_says_every_message_in_its_own_words() -> None:
    chosen, said = compose(waiting(3), limit=1000, now=NOW, zone=ZONE, words=WORDS, plain=False)

    assert said == "共3条\n订单0\n订单1\n订单2"
    assert len(chosen) == 3


@given(st.integers(2, 60), st.integers(40, 400))
def test_a_digest_takes_what_fits_and_leaves_the_rest_whole(count: int, limit: int) -> None:
    chosen, said = compose(waiting(count, "一二三订单{n}"), limit=limit, now=NOW, zone=ZONE, words=WORDS, plain=False)

    assert 1 <= len(chosen) <= count
    assert len(said.encode()) <= limit
    assert all(entry.text in said for entry in chosen)


def test_a_late_message_says_when_it_happened_but_a_customers_stays_exact() -> None:
    late = waiting(1, old=timedelta(hours=3))

    assert compose(late, limit=100, now=NOW, zone=ZONE, words=WORDS, plain=False)[1] == "订单0@02-14 07:00"
    assert compose(late, limit=100, now=NOW, zone=ZONE, words=WORDS, plain=True)[1] == "订单0"


@pytest.mark.parametrize(
    ("start", "end", "at", "loud"),
    [
        ("21:00", "08:00", "20:59", "20:59"),
        ("21:00", "08:00", "21:00", "+08:00"),
        ("21:00", "08:00", "07:59", "08:00"),
        ("21:00", "08:00", "08:00", "08:00"),
        ("12:00", "13:30", "12:30", "13:30"),
        ("12:00", "13:30", "14:00", "14:00"),
        ("08:00", "08:00", "08:00", "08:00"),
    ],
)
def test_quiet_hours_end_in_the_factorys_morning(start: str, end: str, at: str, loud: str) -> None:
    now = datetime.combine(NOW.date(), time.fromisoformat(at), ZONE).astimezone(UTC)

    then = loud_at(now, time.fromisoformat(start), time.fromisoformat(end), ZONE).astimezone(ZONE)

    day = NOW.date() + timedelta(days=1 if loud.startswith("+") else 0)
    assert then == datetime.combine(day, time.fromisoformat(loud.lstrip("+")), ZONE)


def hours(text: str) -> Hours:
    begins, ends = text.split("-")
    return Hours(time.fromisoformat(begins), time.fromisoformat(ends))


@pytest.mark.parametrize(
    ("spans", "at", "loud"),
    [
        ([], "22:00", "22:00"),
        (["21:00-08:00"], "22:00", "+08:00"),
        (["07:00-09:00", "21:00-08:00"], "22:00", "+09:00"),  # one begins before the other ends
        (["08:30-10:00", "07:00-09:00", "21:00-08:00"], "22:00", "+10:00"),
        (["21:00-08:00"], "12:00", "12:00"),
    ],
)
def test_what_several_hold_back_waits_for_all(spans: list[str], at: str, loud: str) -> None:
    now = datetime.combine(NOW.date(), time.fromisoformat(at), ZONE).astimezone(UTC)

    then = loud_for_all(now, [NEVER, *map(hours, spans)], ZONE).astimezone(ZONE)

    day = NOW.date() + timedelta(days=1 if loud.startswith("+") else 0)
    assert then == datetime.combine(day, time.fromisoformat(loud.lstrip("+")), ZONE)


def test_hours_that_leave_none_of_the_day_hold_nothing_back_for_ever() -> None:
    assert loud_for_all(NOW, [hours("08:00-20:00"), hours("20:00-08:00")], ZONE) - NOW <= timedelta(days=2)


def test_a_name_two_people_share_is_quiet_only_when_both_are() -> None:
    night, noon = hours("22:00-07:00"), hours("12:00-13:00")

    shared = by_name([OwnHours("li1", night, ("李雷",)), OwnHours("li2", noon, ("李雷",)), OwnHours("mei", noon)])

    assert shared == {"li1": night, "li2": noon, "李雷": NEVER, "mei": noon}


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("", ""),
        ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=***"),
        ("https://open.feishu.cn/open-apis/bot/v2/hook/0f1e2d3c-aaaa-bbbb-cccc-1234567890ab", "https://open.feishu.cn/open-apis/bot/v2/hook/***"),
        ("http://127.0.0.1:9/dingtalk/order_group", "http://127.0.0.1:9/dingtalk/order_group"),
        ("https://user:pw@host/x", "https://host/x"),
    ],
)  # fmt: skip
def test_addresses_are_shown_without_their_keys(url: str, shown: str) -> None:
    assert masked(url) == shown
    assert carries_secret(url) == (url != shown)
