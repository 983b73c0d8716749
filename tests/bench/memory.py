"""G13: the idle stack's memory, shared pages counted once (proportional set size), and the plain sum beside it."""

from __future__ import annotations

from pathlib import Path

from tests.bench.report import Row
from tests.e2e.stack import Stack


def rows(stack: Stack) -> list[Row]:
    """Return what the five services, Postgres and RabbitMQ hold while idle."""
    facts = stack.facts
    parts = {**facts["services"], **facts["infra"]}
    names = ("order", "planning", "inventory", "notify", "gateway", "postgres", "rabbitmq")
    pids = [pid for name in names if name in parts for pid in family(int(parts[name]["pid"]))]
    proportional, resident = (sum(field(pid, word) for pid in pids) // 1024 for word in ("Pss:", "Rss:"))
    return [
        Row("G13 idle memory", f"{proportional} MB", f"{resident} MB with shared pages counted again", "", "< 900 MB")
    ]


def family(pid: int) -> list[int]:
    """Return a process and all its descendants; one that ends meanwhile has none."""
    try:
        below = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        below = []
    return [pid, *(descendant for child in below for descendant in family(child))]


def field(pid: int, word: str) -> int:
    """Return a figure of /proc/<pid>/smaps_rollup in kB; 0 when the process is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(word)), 0)
