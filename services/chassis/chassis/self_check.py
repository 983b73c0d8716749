"""What a service finds when it looks at its own books: one section per check; found, told, never repaired in silence."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

GOOD, ATTENTION, BAD = "good", "attention", "bad"
MOST_FINDINGS = 50
CHECK_SECONDS = 2.0  # the whole look must fit into the deadline of its call
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be. `parked_id` names an event that can be replayed or discarded."""

    object: str
    params: Mapping[str, str] = field(default_factory=dict)
    since: datetime | None = None
    parked_id: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """The outcome of one check; `count` also counts findings left out."""

    state: str
    count: int = 0
    findings: Sequence[Finding] = ()
    failed: bool = False


Check = Callable[[], Awaitable[Section]]


def judged(findings: Sequence[Finding], state: str = BAD, count: int | None = None) -> Section:
    """Return good without findings, else `state` with the first of them."""
    if not findings:
        return Section(GOOD)
    return Section(state, len(findings) if count is None else count, findings[:MOST_FINDINGS])


async def look(checks: Mapping[str, Check]) -> dict[str, Section]:
    """Run every check; one that fails or takes too long says so and keeps no other from its answer."""
    outcomes = await asyncio.gather(*(_safely(code, check) for code, check in checks.items()))
    return dict(zip(checks, outcomes, strict=True))


async def _safely(code: str, check: Check) -> Section:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await check()
    except Exception as error:
        log.warning("check_failed", check=code, error=repr(error))
        return Section(ATTENTION, failed=True)
