"""Which addresses a message may go to: public ones, the vendor's own, and those an administrator has named."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

HTTPS_PORTS = (443, 8443)
MAIL_PORTS = {"smtp": 25, "smtps": 465}
MAIL_OPEN_PORTS = (25, 465, 587, 2525)
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
IP = ipaddress.IPv4Address | ipaddress.IPv6Address
# Ranges that reach inwards though some of them count as global (reliability.md 5.23).
INWARD = [
    ipaddress.ip_network(net)
    for net in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32", "::/128", "::1/128", "::ffff:0:0/96", "::/96", "64:ff9b::/96",
        "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fc00::/7", "fe80::/10", "fec0::/10",
        "ff00::/8",
    )
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Address:
    """Scheme, lower-case host and port of a URL."""

    scheme: str
    host: str
    port: int

    @property
    def place(self) -> str:
        """`host:port`, as the administrator's list names it."""
        return f"{self.host}:{self.port}"


class Forbidden(Exception):
    """The address may not be called; the text says why: NOT_A_URL, USERINFO, SCHEME, PORT, HOST, FIXED_HOST, ADDRESS."""


def parse(url: str) -> Address:
    """Read a URL strictly; raise Forbidden for anything two readers could understand differently."""
    if not url.isascii() or re.search(r"[\s\\\x00-\x20\x7f]", url):
        raise Forbidden("NOT_A_URL")
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme.lower(), (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise Forbidden("NOT_A_URL") from error
    if "@" in parts.netloc:
        raise Forbidden("USERINFO")
    if scheme not in ("http", "https", *MAIL_PORTS):
        raise Forbidden("SCHEME")
    if not _is_host(host):
        raise Forbidden("HOST")
    return Address(scheme, host, port or {"http": 80, "https": 443, **MAIL_PORTS}[scheme])


def _is_host(host: str) -> bool:
    if ":" in host:
        return _as_ip(host) is not None
    labels = host.split(".")
    if not host or not all(LABEL.fullmatch(label) for label in labels):
        return False
    # 2130706433, 0x7f.1 and 0177.0.0.1 are addresses to some resolvers: a last label of digits must be a plain IPv4.
    numeric = re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1]) is not None
    return not numeric or _as_ip(host) is not None


def _as_ip(host: str) -> IP | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def judge(url: str, hosts: Collection[str], allowed: Collection[str]) -> Address:
    """Return the address when it may be looked up; raise Forbidden. `allowed` are places that need no further check."""
    address = parse(url)
    if address.place in allowed:
        return address
    if address.scheme in MAIL_PORTS:
        if address.port not in MAIL_OPEN_PORTS:
            raise Forbidden("PORT")
    elif address.scheme != "https":
        raise Forbidden("SCHEME")
    elif address.port not in HTTPS_PORTS:
        raise Forbidden("PORT")
    if hosts and address.host not in hosts:
        raise Forbidden("FIXED_HOST")
    literal = _as_ip(address.host)
    if address.host == "localhost" or address.host.endswith(".localhost") or (literal and not is_public(literal)):
        raise Forbidden("ADDRESS")
    return address


def is_public(ip: IP) -> bool:
    """True when the address is out on the internet, whatever form it is written in."""
    return ip.is_global and not any(ip in net for net in INWARD if net.version == ip.version)
