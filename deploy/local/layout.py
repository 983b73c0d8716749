"""Where the local stack keeps its files."""

from __future__ import annotations

import hashlib
import os
import pwd
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOME_RUN = ROOT / ".run"
# A second stack beside the first has a directory, servers and ports of its own (end-to-end tests start theirs so).
RUN = Path(os.environ.get("ORDERHUB_RUN_DIR") or HOME_RUN).resolve()
OUTSIDE = Path("/var/lib/orderhub")
DATABASE_ACCOUNT = "postgres"


class LocalError(Exception):
    """Something the person at the keyboard has to know, said in one sentence."""


def is_root() -> bool:
    """Say whether we run as root."""
    return os.geteuid() == 0


def database_account() -> str | None:
    """Return the account Postgres must run as: `postgres` when we are root (it refuses root), else ourselves (None)."""
    if not is_root():
        return None
    try:
        pwd.getpwnam(DATABASE_ACCOUNT)
    except KeyError:
        raise LocalError("The account 'postgres' is missing: install the postgresql package first.") from None
    return DATABASE_ACCOUNT


def reachable_by_others(path: Path) -> bool:
    """Say whether any other account may walk to `path`: every existing parent grants search."""
    return all(parent.stat().st_mode & 0o001 for parent in (path, *path.parents) if parent.exists())


def state_directory(name: str = "") -> Path:
    """Return where the databases live: under .run/, or per clone under /var/lib/orderhub when .run/ is out of reach."""
    if not is_root() or reachable_by_others(RUN):
        return RUN / name if name else RUN / "state"
    clone = hashlib.sha256(str(RUN).encode()).hexdigest()[:12]
    return OUTSIDE / clone / (name or "state")


def own_directory(path: Path, account: str | None) -> Path:
    """Make `path` for `account` (None = ourselves), private to it; its parents let others walk through."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)
    if account:
        entry = pwd.getpwnam(account)
        os.chown(path, entry.pw_uid, entry.pw_gid)
    return path


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step, readable by its owner only."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
    fresh.replace(path)
