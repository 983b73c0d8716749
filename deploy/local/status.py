"""`make status`: one line per part."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy.local import fleet, health, plan, process, records
from deploy.local.fleet import Part
from deploy.local.plan import Plan
from deploy.local.records import Record
from deploy.local.supervisor import NAME

HEADINGS = ("part", "health", "port", "pid", "memory MB", "up", "restarts")


def main() -> int:
    """Print the table; return 1 unless every part is healthy and the supervisor runs."""
    wanted, kept = plan.current(), records.of_run()
    living = kept.living()
    parts = fleet.parts(wanted)
    with ThreadPoolExecutor(len(parts)) as pool:
        good = list(pool.map(lambda part: judged(part, wanted, living.get(part.name)), parts))
    rows = [row(part.name, word, str(part.port), living.get(part.name)) for part, word in zip(parts, good, strict=True)]
    keeper = living.get(NAME)
    rows.append(row(NAME, "running" if keeper else "stopped", "", keeper))
    print(table([HEADINGS, *rows]))
    print(f"\ntogether {sum(memory_kib(record) for record in living.values()) / 1024:.0f} MB")
    return 0 if all(word == "healthy" for word in good) and keeper else 1


def judged(part: Part, wanted: Plan, record: Record | None) -> str:
    """Return the word for a part's health."""
    if record is None:
        return "stopped"
    return "healthy" if health.healthy(part, wanted) else "not ready"


def row(name: str, word: str, port: str, record: Record | None) -> tuple[str, ...]:
    """Return the cells of one line."""
    if record is None:
        return (name, word, port, "", "", "", "")
    memory = f"{memory_kib(record) / 1024:.0f}"
    return (name, word, port, str(record.pid), memory, lasting(record.uptime_s()), str(record.restarts))


def lasting(seconds: float) -> str:
    """Return a duration as people say it: 42s, 5m, 3h, 2d."""
    for size, letter in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds / size:.0f}{letter}"
    return f"{seconds:.0f}s"


def memory_kib(record: Record) -> int:
    """Return a part's memory; the parts are the supervisor's children and count for themselves."""
    return own_kib(record.pid) if record.name == NAME else tree_kib(record.pid)


def tree_kib(pid: int) -> int:
    """Return the memory of a process and its children (Postgres has many) in KiB, shared pages counted once by share."""
    return sum(own_kib(one) for one in (pid, *children(pid)))


def own_kib(pid: int) -> int:
    """Return the memory of one process in KiB, shared pages by share where the kernel tells."""
    return proportional_kib(pid) or process.resident_kib(pid)


def children(pid: int) -> list[int]:
    """Return the pids of all descendants."""
    found = []
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            direct = [int(text) for text in listed.read_text().split()]
        except OSError:
            continue
        found += [one for child in direct for one in (child, *children(child))]
    return found


def proportional_kib(pid: int) -> int:
    """Return the proportional set size in KiB; 0 where the kernel does not tell."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as aligned columns."""
    widths = [max(len(cells[index]) for cells in rows) for index in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip() for cells in rows]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
