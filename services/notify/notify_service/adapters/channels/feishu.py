"""Feishu group robot, signed."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

from notify_service.adapters.channels.wire import Call, Request, json_bytes, read_errcode

read = read_errcode


def build(call: Call) -> Request:
    """Return a text message; the signature travels in the body, with seconds."""
    body: dict[str, Any] = {"msg_type": "text", "content": {"text": call.text}}
    if call.secret:
        stamp = str(int(call.now.timestamp()))
        body = {"timestamp": stamp, "sign": sign(call.secret, stamp), **body}
    return Request(call.url, json_bytes(body))


def sign(secret: str, stamp: str) -> str:
    """Base64 of HMAC-SHA256 over nothing, keyed with `timestamp\\nsecret`."""
    digest = hmac.new(f"{stamp}\n{secret}".encode(), b"", hashlib.sha256).digest()
    return base64.b64encode(digest).decode()
