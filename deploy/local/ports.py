"""Finding TCP ports nobody listens on."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

LOOPBACK = "127.0.0.1"
SEARCH_WIDTH = 200
# Ports the kernel does not lend to outgoing connections (Linux, Documentation/networking/ip-sysctl.rst). A connection that
# borrowed the port of a part that restarts would keep it from coming back for as long as the connection lives.
RESERVED = Path("/proc/sys/net/ipv4/ip_local_reserved_ports")
LENT = Path("/proc/sys/net/ipv4/ip_local_port_range")


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Say whether nobody listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def answers(port: int, host: str = LOOPBACK, timeout: float = 0.5) -> bool:
    """Say whether somebody takes connections within `timeout` seconds."""
    try:
        socket.create_connection((host, port), timeout).close()
    except OSError:
        return False
    return True


def free_from(wanted: int, taken: frozenset[int] = frozenset()) -> int:
    """Return `wanted`, or the next port above it that is free and not in `taken`."""
    for port in candidates(wanted):
        if port not in taken and is_free(port):
            return port
    raise OSError(f"no free port in {wanted}..{wanted + SEARCH_WIDTH}")


def candidates(wanted: int) -> Iterator[int]:
    """Yield the ports to try, upwards from the one wanted."""
    yield from range(wanted, min(wanted + SEARCH_WIDTH, 65536))


def reserve(wanted: Iterable[int], reserved: Path = RESERVED, lent: Path = LENT) -> None:
    """Keep the kernel from lending those of these ports it would; without the right to, leave things as they are."""
    with suppress(OSError, ValueError):
        first, last = map(int, lent.read_text().split())
        before = reserved.read_text().strip()
        missing = sorted({port for port in wanted if first <= port <= last} - _numbers(before))
        if missing:
            reserved.write_text(",".join([*filter(None, [before]), *map(str, missing)]))


def _numbers(ranges: str) -> set[int]:
    """Read `8080,50051-50054`."""
    found: set[int] = set()
    for one in filter(None, ranges.split(",")):
        first, _, last = one.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


def any_free(count: int) -> list[int]:
    """Return `count` different ports the kernel says are free."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((LOOPBACK, 0))
        return [int(probe.getsockname()[1]) for probe in probes]
