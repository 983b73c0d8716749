"""DingTalk group robot, signed."""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import urlencode

from notify_service.adapters.channels.wire import Call, Request, json_bytes, read_errcode

read = read_errcode


def build(call: Call) -> Request:
    """Return a text message; the signature travels in the address, with milliseconds."""
    body = {"msgtype": "text", "text": {"content": call.text}, "at": {"atMobiles": [], "isAtAll": False}}
    if not call.secret:
        return Request(call.url, json_bytes(body))
    stamp = str(int(call.now.timestamp() * 1000))
    query = urlencode({"timestamp": stamp, "sign": sign(call.secret, stamp)})
    return Request(f"{call.url}{'&' if '?' in call.url else '?'}{query}", json_bytes(body))


def sign(secret: str, stamp: str) -> str:
    """Base64 of HMAC-SHA256 over `timestamp\\nsecret`, keyed with the secret."""
    digest = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()
