"""Small parts of the chassis, each a sentence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from orderhub.order.v1.events_pb2 import OrderHeld

from chassis import notes
from chassis.clock import FixedClock
from chassis.consumer import isolate
from chassis.events import decode
from chassis.ids import uuid7
from chassis.logs import _mask
from chassis.migrate import grants
from chassis.outbox import PARTITIONS, Mark, partition_of
from chassis.principal import Principal, Signer, Untrusted, Verifier
from chassis.topology import heard
from tests.support.events import incoming
from tests.support.trust import keys, trusted

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def test_the_factorys_day_turns_at_its_own_midnight() -> None:
    clock = FixedClock(datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC))
    assert str(clock.today()) == "2026-11-22"

    clock.advance(timedelta(seconds=1))

    assert str(clock.today()) == "2026-11-23"


def test_ids_sort_by_time_and_say_their_version() -> None:
    made = [uuid7() for _ in range(1000)]

    assert {identifier.version for identifier in made} == {7}
    assert len(set(made)) == 1000
    assert made[0].int >> 80 <= made[-1].int >> 80


def test_an_event_survives_the_wire_and_the_cloudevents_library_reads_it() -> None:
    event = incoming("order", "orders/SO1", 3, OrderHeld(order_number="SO1", reason="等料"))

    assert event.parse(OrderHeld).reason == "等料"
    read = JSONFormat().read(CloudEvent, event.body)
    assert (read.get_type(), read.get_subject()) == ("orderhub.order.v1.OrderHeld", "orders/SO1")
    assert read.get_extension("sequence") == 3


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"{}", b'{"id": "x"}', b'"text"'])
def test_what_is_no_event_says_so(body: bytes) -> None:
    with pytest.raises(ValueError, match="not an event"):
        decode(body)


def test_marks_cross_metadata_even_with_chinese_codes() -> None:
    marks = [Mark("/orderhub/planning", "items/线缆|C;1", 7), Mark("/orderhub/order", "orders/SO1", 2)]

    written = notes.to_text(marks)

    assert written.isascii()
    assert notes.from_text(written) == marks
    assert notes.from_text("rubbish;a|b;a|b|c|d;a|b|x") == []


def test_a_service_waits_only_for_what_it_hears() -> None:
    assert heard("order.events", "/orderhub/planning")
    assert not heard("order.events", "/orderhub/notify")
    assert heard("notify.events", "/orderhub/order")
    assert not heard("gateway.events", "/orderhub/order")


def test_a_subject_keeps_its_partition() -> None:
    assert {partition_of(f"orders/{n}") for n in range(100)} == set(range(PARTITIONS))
    assert [partition_of(one) for one in ("orders/SO1", "items/线缆")] == [3, 1]  # in every process, today and later


def test_a_principal_is_trusted_for_a_minute_by_the_service_it_was_signed_for() -> None:
    clock = FixedClock(NOON)
    token = Signer("gateway", keys()["gateway"], clock).token(Principal("wang", "user", frozenset({"sales"})), "order")

    assert Verifier("order", trusted(), clock).verify(token).has("sales")
    with pytest.raises(Untrusted):
        Verifier("planning", trusted(), clock).verify(token)
    clock.advance(timedelta(seconds=121))
    with pytest.raises(Untrusted):
        Verifier("order", trusted(), clock).verify(token)


def test_a_service_can_speak_for_itself_only() -> None:
    clock = FixedClock(NOON)
    planning = Signer("planning", keys()["planning"], clock)
    verifier = Verifier("order", trusted(), clock)

    assert verifier.verify(planning.token(planning.itself(), "order")).kind == "service"
    with pytest.raises(Untrusted):
        verifier.verify(planning.token(Principal("admin", "user", frozenset({"admin"})), "order"))


def test_a_message_that_came_back_twice_is_applied_alone() -> None:
    class Message:
        def __init__(self, count: int) -> None:
            self.headers = {"x-delivery-count": count}

    calm, suspect = [Message(0), Message(1)], [Message(0), Message(2), Message(0)]

    assert [len(part) for part in isolate(calm)] == [2]  # type: ignore[arg-type]
    assert [len(part) for part in isolate(suspect)] == [1, 1, 1]  # type: ignore[arg-type]
    assert isolate([]) == []


def test_secrets_are_masked_in_logs() -> None:
    assert _mask(None, "info", {"event": "x", "refresh_token": "t", "user": "wang"}) == {
        "event": "x",
        "refresh_token": "***",
        "user": "wang",
    }


def test_the_application_role_cannot_rewrite_history() -> None:
    rights = grants("app", ["event_log", "stock_movement"])

    assert 'REVOKE UPDATE, DELETE ON stock_movement FROM "app"' in rights
    assert not any("CREATE" in right for right in rights)


def test_encoding_keeps_numbers_as_texts() -> None:
    event = incoming("inventory", "items/C", 1, OrderHeld())

    assert isinstance(event.data, dict)
    assert decode(event.body) == event
