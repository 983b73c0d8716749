"""The notify sink: what a person reads, what a vendor answers, what is kept."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from deploy.local import sink_text
from deploy.local.sink import Sink
from deploy.local.sink_store import Behaviour, Store

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[httpx2.Client]:
    server = Sink(0, tmp_path)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    with httpx2.Client(base_url=f"http://127.0.0.1:{server.server_port}", trust_env=False) as http:
        yield http
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("kind", "payload", "text"),
    [
        ("dingtalk", {"msgtype": "text", "text": {"content": "新订单"}}, "新订单"),
        ("dingtalk", {"msgtype": "markdown", "markdown": {"title": "新订单", "text": "客户：云杉"}}, "新订单\n客户：云杉"),
        ("dingtalk", {"msgtype": "markdown", "markdown": {"title": "新订单", "text": "## 新订单\n云杉"}}, "## 新订单\n云杉"),
        ("dingtalk", {"msgtype": "actionCard", "actionCard": {"title": "a", "text": "b"}}, "a\nb"),
        ("wecom", {"msgtype": "markdown", "markdown": {"content": "**产能**"}}, "**产能**"),
        ("wecom", {"msgtype": "news", "news": {"articles": [{"title": "t", "description": "d"}]}}, "t\nd"),
        ("feishu", {"msg_type": "text", "content": {"text": "缺料"}}, "缺料"),
        ("feishu", {"msg_type": "post", "content": {"post": {"zh_cn": {"title": "缺", "content": [[{"tag": "text", "text": "料"}]]}}}}, "缺\n料"),
        ("wechat_mp", {"touser": "o", "data": {"a": {"value": "SO1"}, "b": {"value": "已发出"}}}, "SO1\n已发出"),
        ("wechat_mp", {"touser": "o", "msgtype": "text", "text": {"content": "已发出"}}, "已发出"),
        ("email", {"to": "a@b.c", "subject": "发货", "text": "已发出"}, "发货\n已发出"),
        ("webhook", {"type": "x", "data": {"text": "hi"}}, "hi"),
        ("webhook", {"type": "x", "n": 1}, '{"type":"x","n":1}'),
        ("webhook", "plain words", "plain words"),
        ("dingtalk", {"msgtype": "text", "text": "odd"}, "odd"),
    ],
)  # fmt: skip
def test_the_text_is_what_a_person_reads(kind: str, payload: Any, text: str) -> None:
    assert sink_text.readable(kind, payload) == text


def test_vendors_answer_in_their_own_words(sink: httpx2.Client) -> None:
    assert sink.post("/dingtalk/group", json={}).json() == {"errcode": 0, "errmsg": "ok"}
    assert sink.post("/feishu/group", json={}).json()["code"] == 0
    assert sink.post("/webhook/erp/orders?x=1", json={}).json()["ok"] is True
    assert sink.post("/pigeon/x", json={}).status_code == 404


def test_messages_come_newest_first_and_survive_a_restart(sink: httpx2.Client, tmp_path: Path) -> None:
    for word in ("one", "two"):
        sink.post("/dingtalk/group", json={"msgtype": "text", "text": {"content": word}})

    shown = sink.get("/messages").json()["items"]

    assert [item["text"] for item in shown] == ["two", "one"]
    assert (shown[0]["channel"], shown[0]["target"], shown[0]["body"]["msgtype"]) == ("dingtalk", "group", "text")
    assert [item["text"] for item in Store(tmp_path).newest_first()] == ["two", "one"]


def test_a_line_cut_short_by_a_kill_is_dropped(tmp_path: Path) -> None:
    Store(tmp_path).add("email", "a", "whole", {}, NOON)
    with (tmp_path / "messages.jsonl").open("a") as out:
        out.write('{"id": "m2", "nu')

    again = Store(tmp_path)
    again.add("email", "a", "next", {}, NOON)

    assert [item["text"] for item in Store(tmp_path).newest_first()] == ["next", "whole"]


def test_told_to_fail_it_fails_and_keeps_nothing(sink: httpx2.Client) -> None:
    sink.put("/behaviour", json={"status": 500})
    assert sink.post("/dingtalk/group", json={}).status_code == 500
    sink.put("/behaviour", json={"errcode": 130101})
    refused = sink.post("/dingtalk/group", json={})
    assert (refused.status_code, refused.json()["errcode"]) == (200, 130101)
    assert sink.get("/messages").json()["items"] == []

    assert sink.put("/behaviour", json={}).json()["status"] == 200
    assert sink.post("/dingtalk/group", json={}).json()["errcode"] == 0


@pytest.mark.parametrize(
    "wrong", [{"status": 99}, {"speed": 1}, {"delay_ms": "1"}, {"delay_ms": -1}, [1], {"status": True}]
)
def test_a_behaviour_it_cannot_show_is_refused(sink: httpx2.Client, wrong: Any) -> None:
    assert sink.put("/behaviour", json=wrong).status_code == 422


def test_over_the_limit_a_target_is_throttled_and_others_are_not() -> None:
    now = [0.0]
    behaviour = Behaviour(clock=lambda: now[0])
    behaviour.told({"per_minute": 2})

    first = [behaviour.over_limit("a") for _ in range(3)]
    other = behaviour.over_limit("b")
    now[0] = 60.0

    assert (first, other, behaviour.over_limit("a")) == ([False, False, True], False, False)


def test_the_page_shows_messages_as_text_not_as_markup(sink: httpx2.Client) -> None:
    sink.post("/email/x", json={"subject": "<script>alert(1)</script>", "text": "你好"})

    page = sink.get("/").text

    assert "你好" in page
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_the_store_is_one_json_line_each(tmp_path: Path) -> None:
    Store(tmp_path).add("email", "a", "two\nlines", {"k": "中"}, NOON)

    lines = (tmp_path / "messages.jsonl").read_text("utf-8").splitlines()

    assert [json.loads(line)["text"] for line in lines] == ["two\nlines"]
