"""Points at which a test may let a process die (reliability.md 6, rule c); in production there are none.

ORDERHUB_FAILPOINTS names them with their chance: `after_commit:0.01,after_confirm:0.02`.
"""

from __future__ import annotations

import os
import random

import structlog

VARIABLE = "ORDERHUB_FAILPOINTS"
AFTER_COMMIT, AFTER_CONFIRM = "after_commit", "after_confirm"
POINTS = (AFTER_COMMIT, AFTER_CONFIRM)
DEATH = 9
_armed: dict[str, float] = {}
log = structlog.get_logger()


def arm(profile: str, wanted: str | None = None) -> dict[str, float]:
    """Arm what the environment names, never in production; raise ValueError for a point that does not exist."""
    _armed.clear()
    wanted = os.environ.get(VARIABLE, "") if wanted is None else wanted
    if wanted and profile == "production":
        log.error("failpoints_ignored", profile=profile)
    elif wanted:
        _armed.update(_read(wanted))
        log.warning("failpoints_armed", points=dict(_armed))
    return dict(_armed)


def _read(wanted: str) -> dict[str, float]:
    points = {name.strip(): float(chance) for name, _, chance in (one.partition(":") for one in wanted.split(","))}
    if unknown := points.keys() - set(POINTS):
        raise ValueError(f"no such failpoint: {', '.join(sorted(unknown))}")
    return points


def reach(point: str) -> None:
    """Die here, without any farewell, when armed and chance says so."""
    if _armed and random.random() < _armed.get(point, 0.0):  # noqa: S311  not a secret
        os._exit(DEATH)
