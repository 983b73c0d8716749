"""What each vendor gets, and what its answers mean."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from notify_service.adapters.channels import dingtalk, email, feishu, webhook, wechat_mp, wecom
from notify_service.adapters.channels.wire import Call
from notify_service.adapters.egress import Answer
from notify_service.adapters.vault import Vault
from notify_service.domain.errors import SecretsKeyMissing
from notify_service.domain.outcome import Result

NOW = datetime(2026, 2, 14, 2, 0, tzinfo=UTC)
SECONDS = str(int(NOW.timestamp()))


def call(url: str = "https://robot.example/send?access_token=t", secret: str = "") -> Call:
    return Call(url, secret, "新订单 SO1", "m1", "e1", "orderhub.order.v1.OrderSubmitted", "planner", NOW)


def test_dingtalk_is_signed_in_the_address_over_milliseconds() -> None:
    request = dingtalk.build(call(secret="SEC1"))

    query = parse_qs(urlsplit(request.url).query)
    stamp = f"{SECONDS}000"
    digest = hmac.new(b"SEC1", f"{stamp}\nSEC1".encode(), hashlib.sha256).digest()
    assert query == {"access_token": ["t"], "timestamp": [stamp], "sign": [base64.b64encode(digest).decode()]}
    body = json.loads(request.content)
    assert (body["msgtype"], body["text"]["content"], body["at"]["isAtAll"]) == ("text", "新订单 SO1", False)


def test_feishu_is_signed_in_the_body_over_seconds() -> None:
    body = json.loads(feishu.build(call(secret="S")).content)

    digest = hmac.new(f"{SECONDS}\nS".encode(), b"", hashlib.sha256).digest()
    assert body == {
        "timestamp": SECONDS, "sign": base64.b64encode(digest).decode(), "msg_type": "text", "content": {"text": "新订单 SO1"},
    }  # fmt: skip


def test_without_a_secret_nothing_is_signed() -> None:
    assert dingtalk.build(call()).url == call().url
    assert "sign" not in json.loads(feishu.build(call()).content)
    assert "webhook-signature" not in webhook.build(call()).headers


def test_wecom_and_wechat_name_nobody_but_the_recipient() -> None:
    assert json.loads(wecom.build(call()).content)["text"] == {"content": "新订单 SO1", "mentioned_list": []}
    assert json.loads(wechat_mp.build(call()).content)["touser"] == "planner"
    assert wechat_mp.with_token("https://a/b", "t&1") == "https://a/b?access_token=t%261"


def test_a_webhook_is_signed_as_standard_webhooks_says_with_every_key() -> None:
    old, new = "whsec_" + base64.b64encode(b"o" * 32).decode(), "whsec_" + base64.b64encode(b"n" * 32).decode()

    request = webhook.build(call(secret=f"{old} {new}"))

    signed = b"e1." + SECONDS.encode() + b"." + request.content
    expected = [base64.b64encode(hmac.new(key * 32, signed, hashlib.sha256).digest()).decode() for key in (b"o", b"n")]
    assert request.headers["webhook-signature"] == f"v1,{expected[0]} v1,{expected[1]}"
    assert (request.headers["webhook-id"], request.headers["webhook-timestamp"]) == ("e1", SECONDS)


def test_the_known_example_of_standard_webhooks_verifies() -> None:
    # https://github.com/standard-webhooks/standard-webhooks, test vector of the reference libraries
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'

    signature = webhook.sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body)

    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_mail_has_a_short_subject() -> None:
    body = json.loads(email.build(call()).content)

    assert body == {"to": "planner", "subject": "新订单 SO1", "text": "新订单 SO1"}
    assert email.subject_of("开票待办：订单 SO1，客户：启明") == "开票待办"


@pytest.mark.parametrize(
    ("status", "body", "result"),
    [
        (200, {"errcode": 0}, Result.DELIVERED),
        (200, {"code": 0}, Result.DELIVERED),
        (200, {"StatusCode": 0}, Result.DELIVERED),
        (200, {}, Result.REFUSED),
        (200, {"errcode": 310000}, Result.REFUSED),
        (200, {"errcode": 130101}, Result.THROTTLED),
        (200, {"errcode": 45009}, Result.THROTTLED),
        (200, {"code": 11232}, Result.THROTTLED),
        (429, {}, Result.THROTTLED),
        (302, {}, Result.REFUSED),
        (404, {}, Result.REFUSED),
        (410, {}, Result.GONE),
        (408, {}, Result.DOWN),
        (500, {"errcode": 0}, Result.DOWN),
        (503, {}, Result.DOWN),
    ],
)
def test_what_a_robots_answer_means(status: int, body: dict[str, int], result: Result) -> None:
    assert dingtalk.read(Answer(status, json.dumps(body).encode())).result is result


@pytest.mark.parametrize(("status", "body", "result"), [
    (204, b"", Result.DELIVERED), (200, b"<html>", Result.DELIVERED), (200, b'{"ok":false,"errcode":130101}', Result.THROTTLED),
    (200, b"[1]", Result.DELIVERED), (201, b'{"errcode":0}', Result.DELIVERED), (500, b"", Result.DOWN),
])  # fmt: skip
def test_what_a_receivers_answer_means(status: int, body: bytes, result: Result) -> None:
    assert webhook.read(Answer(status, body)).result is result


def test_a_receiver_may_say_how_long_it_wants_to_be_left_alone() -> None:
    assert webhook.read(Answer(429, b"", 90.0)).retry_after == timedelta(seconds=90)


def test_a_seal_opens_only_in_its_place_and_with_its_key() -> None:
    vault = Vault("ab" * 32)
    sealed = vault.seal("SEC1", "order_group/secret")

    assert b"SEC1" not in sealed
    assert vault.open(sealed, "order_group/secret") == "SEC1"
    assert vault.open(sealed, "planner/secret") == ""
    assert Vault("cd" * 32).open(sealed, "order_group/secret") == ""
    assert vault.seal("SEC1", "order_group/secret") != sealed
    with pytest.raises(SecretsKeyMissing):
        Vault().seal("x", "y")
