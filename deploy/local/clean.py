"""`make clean`: removes what the stack and the tools left in this clone. Refuses while anything runs."""

from __future__ import annotations

import shutil
import sys

from deploy.local import layout, records

CACHES = (".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".import_linter_cache")


def main() -> None:
    """Remove state, .run/ and caches; leave with a sentence while anything runs."""
    if living := records.of_run().living():
        sys.exit(f"orderhub: still running: {', '.join(living)}; `make down` first.")
    state = layout.state_directory()
    if layout.RUN not in state.parents:
        shutil.rmtree(state.parent, ignore_errors=True)
    for path in (layout.RUN, *(layout.ROOT / name for name in CACHES)):
        shutil.rmtree(path, ignore_errors=True)
    print("Removed the stack's data and the caches.")


if __name__ == "__main__":
    main()
