"""Generic webhook signed by Standard Webhooks 1.0.0."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from notify_service.adapters.channels.wire import JSON_TYPE, Call, Request, json_bytes, read_receiver

read = read_receiver
PREFIX = "whsec_"


def build(call: Call) -> Request:
    """Return the message and its event as JSON; `webhook-id` is the event's id, so that a receiver can drop a repetition.

    Several secrets separated by spaces sign side by side, so that a receiver can change over.
    """
    body = json_bytes({
        "type": call.event_type, "timestamp": call.now.isoformat(),
        "data": {"id": call.message_id, "event_id": call.event_id, "recipient": call.recipient, "text": call.text,
                 "event": call.event},
    })  # fmt: skip
    stamp = str(int(call.now.timestamp()))
    headers = {"Content-Type": JSON_TYPE, "webhook-id": call.event_id, "webhook-timestamp": stamp}
    if call.secret:
        headers["webhook-signature"] = " ".join(sign(key, call.event_id, stamp, body) for key in call.secret.split())
    return Request(call.url, body, headers)


def sign(secret: str, message_id: str, stamp: str, body: bytes) -> str:
    """Return `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`."""
    signed = b".".join((message_id.encode(), stamp.encode(), body))
    return "v1," + base64.b64encode(hmac.new(key_of(secret), signed, hashlib.sha256).digest()).decode()


def key_of(secret: str) -> bytes:
    """Return the key's bytes: base64 after `whsec_`, the text itself otherwise."""
    if secret.startswith(PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            pass
    return secret.encode()
