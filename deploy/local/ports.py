"""Finding TCP ports nobody listens on."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

LOOPBACK = "127.0.0.1"
SEARCH_WIDTH = 200


def is_free(port: int, host: str = LOOPBACK) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def answers(port: int, host: str = LOOPBACK, timeout: float = 0.5) -> bool:
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
    yield from range(wanted, min(wanted + SEARCH_WIDTH, 65536))


def any_free(count: int) -> list[int]:
    """Return `count` different ports the kernel says are free."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((LOOPBACK, 0))
        return [int(probe.getsockname()[1]) for probe in probes]
