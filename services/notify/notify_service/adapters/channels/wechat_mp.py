"""WeChat service message to one customer. `secret` is `appid:appsecret`; the token is the courier's."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from notify_service.adapters.channels.wire import Call, Request, json_bytes, read_errcode

TOKEN_URL = "https://api.weixin.qq.com/cgi-bin/stable_token"  # noqa: S105  an address, not a token
TOKEN_STALE = frozenset((40001, 40014, 42001))
read = read_errcode


def build(call: Call) -> Request:
    """Return a text message to the recipient's openid."""
    body = {"touser": call.recipient, "msgtype": "text", "text": {"content": call.text}}
    return Request(call.url, json_bytes(body))


def is_vendor(url: str) -> bool:
    """True when the message goes to WeChat itself; only then a token is asked for, nobody else gets one."""
    return urlsplit(url).hostname == urlsplit(TOKEN_URL).hostname


def with_token(url: str, token: str) -> str:
    """Return the address with the access token."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode({'access_token': token})}"


def token_request(secret: str) -> Request:
    """Return the request for a token; the stable form gives every replica the same one."""
    appid, _, key = secret.partition(":")
    return Request(TOKEN_URL, json_bytes({"grant_type": "client_credential", "appid": appid, "secret": key}))
