"""Judges signatures as the vendors do, from their documentation and not from our sender's code."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

HOUR_S, FIVE_MINUTES_S = 3600.0, 300.0
# What each answers when the signature does not fit: HTTP status and vendor code.
REFUSALS = {"dingtalk": (200, 310000), "wecom": (200, 93000), "feishu": (200, 19021), "webhook": (401, 401)}


def refusal(
    kind: str, secret: str, *, url: str, headers: Mapping[str, str], raw: bytes, payload: Any, now: float
) -> tuple[int, int] | None:
    """Return status and code of a send that `secret` did not sign, None when it did or the kind is not signed.

    `now` is in seconds since 1970; DingTalk and Feishu forgive an hour, Standard Webhooks five minutes.
    """
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    if kind == "dingtalk":
        fits = _dingtalk(secret, query, now)
    elif kind == "wecom":
        fits = _same(query.get("key", ""), secret)
    elif kind == "feishu":
        fits = isinstance(payload, dict) and _feishu(secret, payload, now)
    elif kind == "webhook":
        fits = _standard(secret, headers, raw, now)
    else:
        return None
    return None if fits else REFUSALS[kind]


def _dingtalk(secret: str, query: Mapping[str, str], now: float) -> bool:
    stamp = query.get("timestamp", "")
    expected = _digest(secret.encode(), f"{stamp}\n{secret}".encode())
    return _is_fresh(stamp, 1000, now, HOUR_S) and _same(query.get("sign", ""), expected)


def _feishu(secret: str, payload: Mapping[str, Any], now: float) -> bool:
    stamp = str(payload.get("timestamp", ""))
    expected = _digest(f"{stamp}\n{secret}".encode(), b"")
    return _is_fresh(stamp, 1, now, HOUR_S) and _same(str(payload.get("sign", "")), expected)


def _standard(secret: str, headers: Mapping[str, str], raw: bytes, now: float) -> bool:
    """True when one of the signatures side by side is ours."""
    stamp = headers.get("webhook-timestamp", "")
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return False
    signed = b".".join((headers.get("webhook-id", "").encode(), stamp.encode(), raw))
    expected = "v1," + _digest(key, signed)
    said = headers.get("webhook-signature", "").split()
    return _is_fresh(stamp, 1, now, FIVE_MINUTES_S) and any(_same(one, expected) for one in said)


def _digest(key: bytes, content: bytes) -> str:
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def _is_fresh(stamp: str, per_second: int, now: float, forgiven_s: float) -> bool:
    return stamp.isascii() and stamp.isdigit() and abs(int(stamp) / per_second - now) <= forgiven_s


def _same(said: str, expected: str) -> bool:
    return bool(expected) and hmac.compare_digest(said.encode(), expected.encode())
