"""A channel: where messages go, how many a minute, and when it is quiet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
CUSTOMER_CHANNEL = "customer"
FALLBACK_CHANNEL = "sales"  # passes on what a customer without a bound identity should hear
MAILBOX_CHANNEL = "mailbox"  # read inside the house
OPERATIONS_CHANNEL = "escalation"  # hears of messages that could not be sent
HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a kind of channel is like. Sizes are bytes of UTF-8; `hosts` are the vendor's own (empty: any public host)."""

    name: str
    per_minute: int
    most_per_minute: int
    text_bytes: int
    group: bool  # many people read it: no phone numbers, may be merged into a digest
    remote: bool = True
    hosts: tuple[str, ...] = ()


# DingTalk mutes a robot for ten minutes above 20 a minute, WeCom refuses above 20; 18 leaves room for clock differences.
KINDS = {
    kind.name: kind
    for kind in (
        Kind("dingtalk", 18, 20, 18_000, group=True, hosts=("oapi.dingtalk.com",)),
        Kind("wecom", 18, 20, 2_000, group=True, hosts=("qyapi.weixin.qq.com",)),
        Kind("feishu", 90, 100, 18_000, group=True, hosts=("open.feishu.cn", "open.larksuite.com")),
        Kind("wechat_mp", 300, 6000, 2_000, group=False, hosts=("api.weixin.qq.com",)),
        Kind("email", 60, 600, 60_000, group=True),
        Kind("webhook", 600, 6000, 60_000, group=False),
        Kind("in_app", 6000, 6000, 60_000, group=False, remote=False),
        Kind("null", 6000, 6000, 60_000, group=False, remote=False),
    )
}


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel as stored; `url` and `secret` are in clear here and only here."""

    code: str
    kind: str
    name: str = ""
    url: str = ""
    secret: str = ""
    per_minute: int = 0
    active: bool = True
    quiet_from: time | None = None
    quiet_to: time | None = None
    version: int = 1

    @property
    def traits(self) -> Kind:
        return KINDS[self.kind]

    @property
    def rate(self) -> int:
        """Messages a minute; the kind's own number unless set."""
        return self.per_minute or self.traits.per_minute

    @property
    def for_customers(self) -> bool:
        """True when a customer reads it: an unclear send then waits for a person."""
        return self.kind == "wechat_mp" or self.code == CUSTOMER_CHANNEL

    @property
    def digests(self) -> bool:
        """True when waiting messages may be merged into one."""
        return self.traits.group and not self.for_customers

    @property
    def is_mailbox(self) -> bool:
        """True when its messages are read inside the house (GET /inbox)."""
        return self.kind == "in_app"

    @property
    def carries_event(self) -> bool:
        """True when a system reads it: it gets the event itself beside the text."""
        return self.kind == "webhook"

    @property
    def needs_address(self) -> bool:
        """True when each recipient must be known to the vendor; the demo's sink takes everybody."""
        return self.kind == "wechat_mp" and bool(self.url)

    def connected(self, fallback: str = "") -> bool:
        """True when a message can leave; `fallback` is the address of the demo's sink."""
        return self.active and bool(self.url or fallback or not self.traits.remote)


def masked(url: str) -> str:
    """Return the address without what could be a key: query values and the last path segment are hidden."""
    if not url:
        return ""
    parts = urlsplit(url)
    head, _, tail = parts.path.rpartition("/")
    path = f"{head}/{HIDDEN}" if len(tail) >= 16 else parts.path
    query = urlencode([(name, HIDDEN) for name, _ in parse_qsl(parts.query, keep_blank_values=True)], safe="*")
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], path, query, ""))


def carries_secret(url: str) -> bool:
    """True when the address itself would let anybody send."""
    return bool(url) and masked(url) != url
