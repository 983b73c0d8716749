"""WeCom group robot; the key in the address is its only secret."""

from __future__ import annotations

from notify_service.adapters.channels.wire import Call, Request, json_bytes, read_errcode

read = read_errcode


def build(call: Call) -> Request:
    """Return a text message that mentions nobody."""
    return Request(call.url, json_bytes({"msgtype": "text", "text": {"content": call.text, "mentioned_list": []}}))
