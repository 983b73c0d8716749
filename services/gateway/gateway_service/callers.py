"""Where a request comes from: the address behind named proxies, and the network whose limits it shares."""

from __future__ import annotations

import ipaddress

from starlette.requests import Request

HOST_BITS = 64  # one customer's IPv6 line: whoever has it may change address with every request


def address(request: Request) -> str:
    """Return the caller's address; an empty text where there is none."""
    return request.client.host if request.client else ""


def network(request: Request) -> str:
    """Return what limits count: an IPv4 address, also one written as IPv6, or the /64 an IPv6 address lies in."""
    return network_of(address(request))


def network_of(said: str) -> str:
    """Return the network of an address; what is no address counts as it is."""
    try:
        found = ipaddress.ip_address(said)
    except ValueError:
        return said
    if isinstance(found, ipaddress.IPv4Address):
        return said
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Address(int(found) >> HOST_BITS << HOST_BITS))
