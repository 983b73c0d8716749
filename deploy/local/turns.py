"""Who may start a stack: one `make up` at a time in a clone, and one at a time on the machine among those of the usual ports.

A port is chosen long before a part listens on it; two clones that start in the same moment would choose the same ones.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Hold the lock; whoever waits is told so. It ends with its process, however that ends."""
    with lock.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("  another `make up` is at work: waiting for it", flush=True)
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


def choosing_ports(*, usual: bool, folder: Path | None = None) -> AbstractContextManager[None]:
    """Let no other clone of this account choose among the usual ports until ours are taken."""
    if not usual:  # a stack beside the usual one draws its ports from a wide range
        return nullcontext()
    return alone((folder or Path(tempfile.gettempdir())) / f"orderhub-{os.getuid()}.lock")
