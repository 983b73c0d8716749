"""The gateway's small rules: quantities, dates, buckets, marks, file types, rendering, the ring."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from orderhub.common.v1.common_pb2 import Warning as Told
from orderhub.order.v1.events_pb2 import OrderConfirmed
from orderhub.order.v1.order_pb2 import Order
from pydantic_core import PydanticCustomError

from chassis.clock import SystemClock
from chassis.events import Draft, encode
from chassis.ids import uuid7
from chassis.outbox import Mark
from gateway_service import permissions
from gateway_service.attachments import checked, media_type_of, safe_name
from gateway_service.bodies.base import civil_date, decimal_text, plain
from gateway_service.limits import Limiter
from gateway_service.marks import Marks
from gateway_service.problems import Problem
from gateway_service.rendering import render, to_json
from gateway_service.stream import Change, Hub, Listener
from gateway_service.tokens import AccessTokens
from tests.support import trust


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("2.50", "2.5"),
        (" 3 ", "3"),
        ("２．５", "2.5"),
        (7, "7"),
        (Decimal("0.10"), "0.1"),
        (Decimal("1E+3"), "1000"),
        ("-0", "0"),
        ("-0.00", "0"),
        ("+5", "5"),
        (".5", "0.5"),
        (1234567890123456789, "1234567890123456789"),
        (Decimal("0.000001"), "0.000001"),
    ],
)
def test_a_quantity_is_read_exactly(sent: object, read: str) -> None:
    assert decimal_text(sent) == read


@pytest.mark.parametrize(
    "sent",
    ["", "x", "1e5", "NaN", "Infinity", "1,000", "0x10", "1_000", True, None, [], 10**50, Decimal("1E+400"),
     Decimal("1E-400"), "9" * 100, "1.2.3", "--1"],
)  # fmt: skip
def test_what_is_no_quantity_is_refused(sent: object) -> None:
    with pytest.raises(PydanticCustomError):
        decimal_text(sent)


@pytest.mark.parametrize(("number", "text"), [("5.000000", "5"), ("100", "100"), ("1E+2", "100"), ("0E-6", "0")])
def test_a_number_leaves_plain(number: str, text: str) -> None:
    assert plain(Decimal(number)) == text


@pytest.mark.parametrize("sent", ["2026-02-30", "2026-2-3", "20260203", "2026-W01-1", "", 20260203, None, "0000-01-01"])
def test_what_is_no_date_is_refused(sent: object) -> None:
    with pytest.raises(PydanticCustomError):
        civil_date(sent)


class Watch:
    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def test_a_bucket_lets_the_burst_through_and_refills() -> None:
    watch = Watch()
    limiter = Limiter(rate=1, burst=2, now=watch)

    first = [limiter.wait("a") for _ in range(3)]
    watch.time = 1.0

    assert first == [0, 0, 1]
    assert limiter.wait("b") == 0
    assert (limiter.wait("a"), limiter.wait("a")) == (0, 1)


def test_marks_are_kept_ten_seconds_and_the_newest_of_a_subject_counts() -> None:
    watch = Watch()
    marks = Marks(watch)
    marks.remember("me", [Mark("/orderhub/order", "orders/1", 1), Mark("/orderhub/order", "orders/2", 5)])
    watch.time = 6.0
    marks.remember("me", [Mark("/orderhub/order", "orders/1", 2)])

    assert sorted(mark.sequence for mark in marks.of("me")) == [2, 5]
    watch.time = 11.0
    assert [mark.sequence for mark in marks.of("me")] == [2]
    watch.time = 17.0
    assert marks.of("me") == ()
    assert marks.of("you") == ()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd.png"),
        ("..\\..\\a.png", "a.png"),
        ("a\x00b.png", "a_b.png"),
        ("合同 1.PNG", "合同 1.PNG"),
        ("", "file.png"),
        ("x.png.exe", "x.png.exe.png"),
        ("<script>.png", "_script_.png"),
    ],
)
def test_a_file_name_is_made_safe(name: str, kept: str) -> None:
    assert safe_name(name, "image/png") == kept


def test_files_are_known_by_their_content() -> None:
    assert media_type_of(b"\xff\xd8\xff\xe0") == "image/jpeg"
    assert media_type_of(b"RIFF0000WEBPVP8 ") == "image/webp"
    assert media_type_of(b"%PDF-1.7") == "application/pdf"
    assert media_type_of(b"GIF89a") is None
    with pytest.raises(Problem):
        checked("a.jpg", "image/png", b"\xff\xd8\xff\xe0")


def test_rendering_is_deterministic_and_hides_what_is_internal() -> None:
    order = Order(
        number="SO1", traceparent="t", tracking_token="k", created_at=Timestamp(seconds=1),
        warnings=[Told(reason="DUPLICATE_SUSPECTED", params={"b": "1", "a": "2", "order_number": "SO0"})],
    )  # fmt: skip

    data = render(order)

    assert to_json(data) == to_json(render(Order.FromString(order.SerializeToString())))
    assert {"traceparent", "tracking_token", "confirm_requested"} & data.keys() == set()
    assert list(data["warnings"][0]["params"]) == ["a", "b", "order_number"]
    assert data["warnings"][0]["message"] == "疑似与订单SO0重复，请核对"
    assert data["customer"] is None
    assert data["created_at"] == "1970-01-01T00:00:01.000+00:00"
    assert data["version"] == 0


def test_a_listener_that_cannot_keep_up_is_told() -> None:
    listener = Listener()
    for n in range(600):
        listener.offer(Change(str(n), "orderhub.order.v1.OrderConfirmed", "SO1", "{}"))

    assert listener.behind
    assert listener.waiting.qsize() == 500


async def test_a_listener_hears_its_order_only() -> None:
    hub = Hub("amqp://nowhere")
    listener = Listener(order="SO1")
    hub._listeners.add(listener)
    for number in ("SO1", "SO2"):
        hub.tell(Change(number, "orderhub.order.v1.OrderConfirmed", number, "{}"))

    assert [listener.waiting.get_nowait().order for _ in range(listener.waiting.qsize())] == ["SO1"]


async def test_what_came_while_nobody_listened_is_read_when_somebody_asks() -> None:
    hub = Hub("amqp://nowhere")
    event = Draft(uuid7(), "orders/SO1", OrderConfirmed(order_number="SO1"), datetime.now(UTC), "", "wang", "")
    for number, body in (("1", b"{}"), ("2", b"no event"), ("3", encode(event, "/orderhub/order", 1))):
        await hub._take(SimpleNamespace(message_id=number, body=body))

    missed = hub._missed(Listener(), "1")
    assert missed is not None
    assert [change.order for change in missed] == ["SO1"]
    assert hub._missed(Listener(), "0") is None


def test_an_access_token_of_another_key_is_nobody() -> None:
    mine, other = (AccessTokens(trust.keys()[name], SystemClock()) for name in ("gateway", "order"))
    token = mine.issue("planner", frozenset({"planner"}), "s1")

    read = mine.read(token)
    assert read is not None
    assert (read.username, read.session) == ("planner", "s1")
    assert other.read(token) is None
    assert mine.read(token[:-2]) is None
    assert mine.csrf("s1") != mine.csrf("s2") != other.csrf("s2")


def test_the_table_denies_by_default() -> None:
    assert not permissions.allowed(frozenset({"admin"}), "POST /nowhere")
    assert permissions.allowed(frozenset({"admin"}), "GET /users")
    assert not permissions.allowed(frozenset({"device"}), "GET /orders")
    assert all(
        roles is permissions.PUBLIC or roles <= {*permissions.ROLES, *permissions.SCOPES, "device"}
        for roles in permissions.TABLE.values()
    )
