"""`make down`: everything of this clone stopped, every port free, whether a supervisor lives or not."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

from deploy.local import layout, plan, process, records, stack, start
from deploy.local.supervisor import INFRA, NAME

PATIENCE_S = 90.0


def main() -> None:
    """Send the supervisor away, then stop what is left: services before servers."""
    kept = records.of_run()
    supervisor = kept.read(NAME)
    if supervisor and supervisor.alive():
        process.stop(supervisor.pid, patience_s=PATIENCE_S)
    kept.forget(NAME)
    left = set(kept.living())
    if left:
        wanted = plan.current()
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda name: start.stop(name, kept, wanted), sorted(left - set(INFRA))))
            list(pool.map(lambda name: start.stop(name, kept, wanted), sorted(left & set(INFRA))))
    (layout.RUN / stack.STACK_FILE).unlink(missing_ok=True)
    print("OrderHub is stopped; its data stay in .run/ (make clean removes them).")


if __name__ == "__main__":
    try:
        main()
    except layout.LocalError as error:
        sys.exit(f"orderhub: {error}")
