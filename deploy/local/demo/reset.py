"""`make demo-reset`: the demo factory as on its first day; refuses anything that is not a demo."""

from __future__ import annotations

import os
import sys
import time

from deploy.local import demo_reset, layout, records, up
from deploy.local.layout import LocalError

WORD = "demo-reset"


def main(arguments: list[str]) -> None:
    """Reset; `--asked` for one an administrator asked for on the settings page."""
    demo_reset.check_profile(up.profile(), records.of_run())
    if "--asked" not in arguments:
        confirm()
        demo_reset.note(layout.RUN, key="", by="operator", reason="make demo-reset", at=demo_reset.now(), ended_at="")
    began = time.monotonic()
    demo_reset.note(layout.RUN, state=demo_reset.RUNNING)
    try:
        with up.exclusive():
            up.bring_up(up.decide(), records.of_run())
    except BaseException as error:
        demo_reset.note(layout.RUN, state=demo_reset.FAILED, said=str(error)[-300:])
        raise
    print(f"The demo factory stands as on its first day ({time.monotonic() - began:.0f} s).")


def confirm() -> None:
    """Make sure of it: the word typed, or YES=1."""
    if os.environ.get("YES") == "1":
        return
    print("Every order, plan, stock movement and message of the demo factory will be gone; people and devices stay.")
    if not sys.stdin.isatty() or input(f"Type {WORD} to go on: ").strip() != WORD:
        raise LocalError("Nothing was changed. YES=1 answers the question for scripts.")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except LocalError as error:
        sys.exit(f"orderhub: {error}")
