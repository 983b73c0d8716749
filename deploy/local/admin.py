"""`make admin`: creates the first administrator, or gives one a new password."""

from __future__ import annotations

import getpass
import subprocess
import sys

from deploy.local import fleet, layout, plan
from deploy.local.layout import LocalError

SHORTEST = 8


def main() -> int:
    """Ask for a name and a password and let the gateway keep them; return its exit code."""
    if not (layout.RUN / "secrets.json").exists():
        raise LocalError("Nothing runs here: start it with `make up`.")
    username = (input("user name [admin]: ") if sys.stdin.isatty() else sys.stdin.readline()).strip() or "admin"
    done = subprocess.run(
        [sys.executable, "-m", "gateway_service", "create-admin", "--username", username],
        env=fleet.service_env("gateway", plan.current()), cwd=layout.ROOT, input=asked_password() + "\n",
        text=True, check=False,
    )  # fmt: skip
    return done.returncode


def asked_password() -> str:
    """Return the password typed twice, or the next line where nobody types; raise LocalError."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    word = getpass.getpass("password: ")
    if len(word) < SHORTEST:
        raise LocalError(f"The password needs at least {SHORTEST} characters.")
    if getpass.getpass("again: ") != word:
        raise LocalError("The two passwords differ.")
    return word


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LocalError as error:
        sys.exit(f"orderhub: {error}")
