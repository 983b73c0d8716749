"""Keeps logs from filling the disk: the newest part stays, one older copy beside it."""

from __future__ import annotations

import shutil
from pathlib import Path

CAP_BYTES = 20 * 1024 * 1024


def rotate(log: Path, cap: int = CAP_BYTES) -> bool:
    """Copy a log over the cap to `<log>.1` and empty it; its writers append, so they go on at the start."""
    if not log.exists() or log.stat().st_size <= cap:
        return False
    shutil.copyfile(log, log.with_name(log.name + ".1"))
    with log.open("r+b") as out:
        out.truncate(0)
    return True


def rotate_all(folder: Path, cap: int = CAP_BYTES) -> None:
    """Rotate every log under a folder that is over the cap."""
    for log in folder.glob("**/*.log"):
        rotate(log, cap)
