"""What a person would read in a vendor's message payload, and how each vendor answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

Payload = dict[str, Any]
OVER_THE_LIMIT = 130101  # DingTalk: "send too fast, exceed 20 times per minute"
KINDS = ("dingtalk", "wecom", "feishu", "wechat_mp", "email", "webhook", "in_app")


def readable(kind: str, payload: Any) -> str:
    """Return the text of a payload; an unknown shape is shown as it came."""
    if not isinstance(payload, dict):
        return payload if isinstance(payload, str) else compact(payload)
    found = READERS.get(kind, generic)(payload)
    return found or generic(payload) or compact(payload)


def compact(value: Any) -> str:
    """Return a value as JSON without blanks."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def robot(payload: Payload) -> str:
    """Read DingTalk and WeCom robots: the part named by msgtype holds the words."""
    part = payload.get(str(payload.get("msgtype", "")))
    return "\n".join(words(part)) if isinstance(part, dict) else ""


def words(part: Payload) -> Iterator[str]:
    """Yield title and text of one part; a title the text repeats is said once."""
    body = first(part, "content", "text", "description")
    title = first(part, "title")
    if title and title not in body:
        yield title
    if body:
        yield body
    for entry in part.get("links") or part.get("articles") or ():
        yield from words(entry)


def first(part: Payload, *names: str) -> str:
    """Return the first of these fields that holds a text; empty when none does."""
    return next((part[name] for name in names if isinstance(part.get(name), str) and part[name]), "")


def feishu(payload: Payload) -> str:
    """Read a Feishu message: a text, or the texts of a card in reading order."""
    content = payload.get("content") or payload.get("card") or {}
    if isinstance(content, dict) and isinstance(content.get("text"), str):
        return str(content["text"])
    return "\n".join(texts_in(content))


def texts_in(value: Any) -> Iterator[str]:
    """Yield every `text`, `content` and `title` string in nested rich text, in reading order."""
    if isinstance(value, list):
        for entry in value:
            yield from texts_in(entry)
    elif isinstance(value, dict):
        for name, entry in value.items():
            if isinstance(entry, str):
                if name in ("text", "content", "title"):
                    yield entry
            else:
                yield from texts_in(entry)


def wechat(payload: Payload) -> str:
    """Read a WeChat template message (data: {name: {value}}) or a customer-service text."""
    values = payload.get("data")
    if isinstance(values, dict):
        return "\n".join(
            str(entry.get("value", "")) if isinstance(entry, dict) else str(entry) for entry in values.values()
        )
    return robot(payload)


def email(payload: Payload) -> str:
    """Read subject and body."""
    subject, body = first(payload, "subject"), first(payload, "text", "body", "content", "html")
    return "\n".join(part for part in (subject, body) if part)


def generic(payload: Payload) -> str:
    """Read a payload of unknown shape: its own words, else those of its data."""
    inner = payload.get("data")
    own = first(payload, "text", "content", "message", "body", "title")
    return own or (first(inner, "text", "content", "message") if isinstance(inner, dict) else "") or robot(payload)


READERS: dict[str, Callable[[Payload], str]] = {
    "dingtalk": robot,
    "wecom": robot,
    "feishu": feishu,
    "wechat_mp": wechat,
    "email": email,
    "webhook": generic,
}


def answer(kind: str, errcode: int = 0) -> Payload:
    """Return what the vendor answers: 0 is success, another number its refusal."""
    good = errcode == 0
    if kind == "feishu":
        return {"code": errcode, "msg": "success" if good else "refused", "data": {}}
    if kind in ("dingtalk", "wecom", "wechat_mp"):
        words = {0: "ok", OVER_THE_LIMIT: "send too fast, exceed 20 times per minute"}
        return {"errcode": errcode, "errmsg": words.get(errcode, "refused")}
    return {"ok": good, "accepted": good} | ({} if good else {"errcode": errcode})
