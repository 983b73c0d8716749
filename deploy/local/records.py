"""What is remembered of a running part, so that any later command can find, judge and adopt it."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.local import layout
from deploy.local.layout import write_private
from deploy.local.process import Identity


@dataclass(frozen=True, slots=True)
class Record:
    """One start of one part: its process, when (epoch seconds), from which code, and how often it was restarted."""

    name: str
    pid: int
    start: int
    since: float
    fingerprint: str
    restarts: int = 0

    @property
    def identity(self) -> Identity:
        """Return the process it was."""
        return Identity(self.pid, self.start)

    def alive(self) -> bool:
        """Say whether that process still lives."""
        return self.identity.alive()

    def uptime_s(self) -> float:
        """Return for how many seconds it has run."""
        return time.time() - self.since


@dataclass(frozen=True, slots=True)
class Records:
    """The folder of records, one JSON file per part."""

    folder: Path

    def read(self, name: str) -> Record | None:
        """Return what is remembered of a part, None when nothing readable is."""
        try:
            return Record(**json.loads((self.folder / f"{name}.json").read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, record: Record) -> None:
        """Remember a start."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_private(self.folder / f"{record.name}.json", json.dumps(asdict(record)))

    def forget(self, name: str) -> None:
        """Forget a part."""
        (self.folder / f"{name}.json").unlink(missing_ok=True)

    def living(self) -> dict[str, Record]:
        """Return the records of parts that live, by name."""
        found = (self.read(path.stem) for path in sorted(self.folder.glob("*.json")))
        return {record.name: record for record in found if record and record.alive()}


def of_run(run: Path = layout.RUN) -> Records:
    """Return the records of a stack."""
    return Records(run / "parts")
