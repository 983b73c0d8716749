"""What every channel module speaks: a call to build, a request to send, an answer to read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from notify_service.adapters.egress import Answer
from notify_service.domain.outcome import DELIVERED, Outcome, Result

JSON_TYPE = "application/json; charset=utf-8"
# DingTalk 130101; WeCom and WeChat 45009, 45033, 45047; Feishu 11232, 99991400.
TOO_MANY = frozenset((130101, 45009, 45033, 45047, 11232, 99991400))


@dataclass(frozen=True, slots=True)
class Call:
    """One message on its way to one address."""

    url: str
    secret: str
    text: str
    message_id: str
    event_id: str
    event_type: str
    recipient: str
    now: datetime
    event: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A POST to make."""

    url: str
    content: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": JSON_TYPE})


def json_bytes(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def read_status(answer: Answer) -> Outcome:
    """Judge by the HTTP status alone; a redirect is a refusal (reliability.md 5.23)."""
    status = answer.status
    if 200 <= status < 300:
        return DELIVERED
    if status == 429:
        after = None if answer.retry_after is None else timedelta(seconds=min(answer.retry_after, 3600.0))
        return Outcome(Result.THROTTLED, answer.shown, after)
    if status == 410:
        return Outcome(Result.GONE, answer.shown)
    return Outcome(Result.DOWN if status == 408 or status >= 500 else Result.REFUSED, answer.shown)


def read_receiver(answer: Answer) -> Outcome:
    """Judge by the status, and by an error code where a receiver that is no robot gives one all the same."""
    outcome = read_status(answer)
    if outcome.result is not Result.DELIVERED or "errcode" not in answer.json():
        return outcome
    return _judged(answer, answer.code("errcode"))


def read_errcode(answer: Answer) -> Outcome:
    """Judge a robot's answer: status, then its error code; 200 without a code is nobody we know."""
    outcome = read_status(answer)
    if outcome.result is not Result.DELIVERED:
        return outcome
    return _judged(answer, answer.code("errcode", "code", "StatusCode"))


def _judged(answer: Answer, code: int | None) -> Outcome:
    """Return what an error code means; nought is well."""
    if code == 0:
        return DELIVERED
    return Outcome(Result.THROTTLED if code in TOO_MANY else Result.REFUSED, answer.shown)
