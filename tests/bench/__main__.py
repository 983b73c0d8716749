"""`make bench`: every benchmark against the running stack, or one of its own; table on screen, JSON in .run/bench/."""

from __future__ import annotations

import asyncio
import math
import os
from pathlib import Path

from chassis.thrift import collect_seldom
from tests.bench import (
    avalanche,
    economy,
    flow,
    intake,
    inventory_reservations,
    memory,
    messages,
    planning_desk,
    planning_explosion,
    reports,
    screens,
)
from tests.bench.report import Row, show
from tests.e2e.stack import ROOT, Stack, down, up

RUNNING = Path(os.environ.get("ORDERHUB_RUN_DIR") or ROOT / ".run") / "stack.json"


def main() -> None:
    """Measure everything once and print the table."""
    own = not RUNNING.exists()
    stack = up() if own else Stack(RUNNING.parent)
    try:
        show(asyncio.run(measure(stack)), ROOT / ".run" / "bench")
    finally:
        if own:
            down(stack)


async def measure(stack: Stack) -> list[Row]:
    """Return the rows of all benchmarks; memory first, while the stack is idle."""
    rows = memory.rows(stack)
    rows += await messages.rows(stack)
    rows += await intake.rows(stack, superuser_url(stack.home))
    rows += await economy.rows(stack)
    rows += await flow.rows(stack)
    rows += await screens.rows(stack)
    rows += await inventory_reservations.rows(superuser_url(stack.home))
    rows += await reports.rows(superuser_url(stack.home))
    rows += await planning_desk.rows(stack)
    return rows + avalanche.rows() + explosions()


def explosions() -> list[Row]:
    """Return the curve over the sizes of bills, and how steep it is: 1 is linear, the bare walk what memory costs."""
    collect_seldom()  # as every service does when it starts
    found = [planning_explosion.measure(nodes) for nodes in planning_explosion.SIZES]
    first, last = found[1], found[-1]  # the smallest one is mostly overhead
    edges = math.log(last["edges"] / first["edges"])
    ours, bare = (math.log(last[what] / first[what]) / edges for what in ("net_ms", "limit_ms"))
    exponent = Row(
        "explode and net, growth exponent",
        f"{ours:.2f} over edges",
        f"bare walk {bare:.2f}",
        f"x{ours / bare:.2f}",
        "<= 1.1",
    )
    return [*(explosion(nodes, row) for nodes, row in zip(planning_explosion.SIZES, found, strict=True)), exponent]


def explosion(nodes: int, found: planning_explosion.Row) -> Row:
    """Return explosion with netting of one size beside a bare float walk of the same graph."""
    ours, limit = found["net_ms"], found["limit_ms"]
    goal = {6_000: "150 ms at 2,000 lines", 60_000: "< 2 s"}.get(nodes, "")
    return Row(
        f"explode and net {nodes} nodes", f"{ours:.1f} ms", f"bare walk {limit:.2f} ms", f"x{ours / limit:.0f}", goal
    )


def superuser_url(home: Path) -> str:
    """Return the URL of the stack's own Postgres for the figure it is compared with."""
    from deploy.local import keys, plan

    secrets = keys.load(home / "secrets.json")
    return plan.load(secrets, plan.remembered(home), home).admin_dsn


if __name__ == "__main__":
    main()
