"""`make doctor`: names every broken dependency in Chinese, with the mend. Runs with a bare Python, and when nothing runs."""

from __future__ import annotations

import json
import shutil
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from deploy.local import databases, fleet, health, layout, plan, ports, postgres, rabbitmq, records
from deploy.local.fleet import Part
from deploy.local.keys import SERVICES
from deploy.local.layout import LocalError
from deploy.local.plan import Plan
from deploy.local.records import Record
from deploy.local.supervisor import NAME

TEXTS: dict[str, Any] = tomllib.loads(Path(__file__).with_name("texts_zh_CN.toml").read_text("utf-8"))
LEAST_FREE_GB = 2
FONTS = Path("/usr/share/fonts")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: its check's name in the texts, whether it is good, and the numbers for the words."""

    check: str
    good: bool
    facts: dict[str, object]

    def lines(self) -> list[str]:
        """Return the finding in Chinese: one line when good, else what is wrong and the mend."""
        words = TEXTS["check"][self.check]
        name = words["name"].format(**self.facts)
        if self.good:
            return [f"  ✓ {name}：{TEXTS['good']}"]
        bad, mend = words["bad"].format(**self.facts), words["mend"].format(**self.facts)
        return [f"  ✗ {name}：{bad}", f"      {TEXTS['mend']}：{mend}"]


def findings() -> Iterator[Finding]:
    """Yield everything looked at; on a clone that never ran only the machine itself."""
    yield from machine()
    if not (layout.RUN / "secrets.json").exists():
        yield Finding("never", False, {})
        return
    wanted, living = plan.current(), records.of_run().living()
    yield Finding("supervisor", NAME in living, {})
    for part in fleet.parts(wanted):
        yield of_part(part, wanted, living.get(part.name))
    yield from outside(wanted)
    yield from of_databases(wanted)
    yield from readiness(wanted)


def machine() -> Iterator[Finding]:
    """Look at programs, fonts, the environment and the disk."""
    for what, package, find in (
        ("postgres", "postgresql", postgres.program),
        ("rabbitmq-server", "rabbitmq-server", rabbitmq.program),
    ):
        yield Finding("program", installed(find, what), {"what": what, "package": package})
    yield Finding("font", any(FONTS.rglob("wqy-microhei*")) or any(FONTS.rglob("NotoSansCJK*")), {})
    environment = layout.ROOT / ".venv" / "bin" / "python"
    yield Finding("environment", environment.exists(), {})
    free = shutil.disk_usage(layout.ROOT).free // 10**9
    yield Finding("disk", free >= LEAST_FREE_GB, {"free": free, "least": LEAST_FREE_GB})


def installed(find: Any, what: str) -> bool:
    """Say whether a program is found."""
    try:
        return bool(find(what))
    except LocalError:
        return False


def of_part(part: Part, wanted: Plan, record: Record | None) -> Finding:
    """Look at one part: runs, answers, or whose its port is."""
    facts: dict[str, object] = {"part": TEXTS["part"][part.name], "port": part.port, "log": part.name}
    if record is None:
        return Finding("stopped" if ports.is_free(part.port) else "taken", False, facts)
    good = health.healthy(part, wanted)
    # The gateway's own readiness gets a line with its detail below; here it only has to answer.
    good = good or (part.name == "gateway" and health.fetched(f"{wanted.gateway_url}/healthz")[0] == 200)
    return Finding("healthy" if good else "unhealthy", good, facts | {"pid": record.pid})


def outside(wanted: Plan) -> Iterator[Finding]:
    """Look at servers somebody brought: do they answer at all."""
    for part, variable, url, usual in (
        ("postgres", "ORDERHUB_POSTGRES_URL", wanted.outside_postgres, 5432),
        ("rabbitmq", "ORDERHUB_AMQP_URL", wanted.outside_amqp, 5672),
    ):
        if url:
            place = urlsplit(url)
            host, port = place.hostname or "127.0.0.1", place.port or usual
            facts: dict[str, object] = {"part": TEXTS["part"][part], "address": f"{host}:{port}", "variable": variable}
            yield Finding("outside", ports.answers(port, host), facts)


def of_databases(wanted: Plan) -> Iterator[Finding]:
    """Ask each service's database as that service."""
    for name in SERVICES:
        reason = ""
        try:
            postgres.execute(databases.dsn(wanted.admin_dsn, name, wanted.secrets), "SELECT 1")
        except LocalError as error:
            reason = str(error)
        yield Finding("database", not reason, {"part": TEXTS["part"][name], "reason": reason})


def readiness(wanted: Plan) -> Iterator[Finding]:
    """Ask the gateway how the house is; nothing when it does not answer."""
    status, answer = health.fetched(f"{wanted.gateway_url}/readyz")
    if status:
        good = status == 200 and "degraded" not in json.dumps(answer)
        yield Finding("degraded", good, {"detail": json.dumps(answer, ensure_ascii=False)})


def main() -> int:
    """Print every finding; return 1 when one is bad."""
    print(TEXTS["title"])
    bad = 0
    for finding in findings():
        bad += not finding.good
        print("\n".join(finding.lines()), flush=True)
    print(TEXTS["some_bad"].format(count=bad) if bad else TEXTS["all_good"])
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
