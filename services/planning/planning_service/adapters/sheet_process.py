"""A sheet is read in a process of its own: what a file does to its reader ends with that process (security, row 19).

The process has no secrets in its environment, opens neither file nor connection once it reads, and may take so much
memory, processor time and patience; beyond that it is ended and the file refused. The service lives on.
"""

from __future__ import annotations

import codecs
import json
import os
import resource
import subprocess
import sys
import threading

import structlog

from planning_service.adapters.sheet_file import ENCODINGS, rows_of
from planning_service.domain.bom_sheet import SheetRow
from planning_service.domain.errors import FieldError, Invalid

MEMORY_BYTES = 512 * 1024 * 1024
CPU_SECONDS = 8
DEADLINE_SECONDS = 10.0
AT_ONCE = 2  # readers, so that a flood of files leaves the box its memory
OPEN_FILES = 3  # the three pipes it was born with
NAMES_IN_ARCHIVES = ("cp437", "utf-8", "ascii")
OUT_OF_MEMORY = 3
READER = "planning_service.adapters.sheet_process"
_turn = threading.BoundedSemaphore(AT_ONCE)
log = structlog.get_logger()


def rows_apart(content: bytes) -> list[SheetRow]:
    """Return the data rows of a sheet, read apart; raise Invalid for what is no table, or too much of one."""
    if not _turn.acquire(timeout=DEADLINE_SECONDS):
        raise _too_heavy()
    try:
        ended = subprocess.run(  # noqa: S603  a constant command
            [sys.executable, "-m", READER], input=content, capture_output=True, timeout=DEADLINE_SECONDS,
            check=False, env=_plain_environment(),
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise _too_heavy() from error
    finally:
        _turn.release()
    return _rows(ended)


def _plain_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("ORDERHUB_")}


def _rows(ended: subprocess.CompletedProcess[bytes]) -> list[SheetRow]:
    if ended.returncode < 0 or ended.returncode == OUT_OF_MEMORY:
        log.warning("sheet_reader_ended", code=ended.returncode)
        raise _too_heavy()
    if ended.returncode:
        log.warning("sheet_reader_failed", code=ended.returncode, error=ended.stderr[-500:].decode(errors="replace"))
        raise Invalid([FieldError("content", "FILE_UNREADABLE")])
    said = json.loads(ended.stdout)
    if "refused" in said:
        raise Invalid([FieldError(*one) for one in said["refused"]])
    return [SheetRow(number, (a, b, c, d, e)) for number, (a, b, c, d, e) in said["rows"]]


def _too_heavy() -> Invalid:
    return Invalid([FieldError("content", "FILE_TOO_HEAVY")])


def _confine() -> None:
    """Give up what reading a table does not need; nothing gives it back."""
    for codec in (*ENCODINGS, *NAMES_IN_ARCHIVES):  # a codec is a file: read before files are out of reach
        codecs.lookup(codec)
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CPU, CPU_SECONDS), (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_NOFILE, OPEN_FILES),
    ):  # fmt: skip
        resource.setrlimit(what, (most, most))


def main() -> int:
    """Read a file from standard input, write its rows or why there are none."""
    content = sys.stdin.buffer.read()
    _confine()
    try:
        said: dict[str, object] = {"rows": [(row.number, row.cells) for row in rows_of(content)]}
    except Invalid as refused:
        said = {"refused": [(one.field, one.reason, dict(one.params)) for one in refused.fields]}
    except MemoryError:
        return OUT_OF_MEMORY
    json.dump(said, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
