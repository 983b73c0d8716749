"""What the writers tried and what they were told: the one side of the account."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tests.e2e.client import Json

NAMED_BY = {
    "order": "number", "plan": "order_number", "movement": "movement_id", "shipment": "number", "receipt": "number",
    "scan": "scan_id",
}  # fmt: skip


@dataclass
class Command:
    """One command under one idempotency key, sent until it is answered or the drill is over."""

    kind: str
    path: str
    body: Json
    key: str
    answer: Json | None = None
    refused: str = ""

    @property
    def name(self) -> str:
        """Return what the answer says this command made."""
        return "" if self.answer is None else str(self.answer[NAMED_BY[self.kind]])

    @property
    def in_doubt(self) -> bool:
        """True when nobody knows: neither acknowledged nor refused."""
        return self.answer is None and not self.refused


@dataclass
class History:
    """Everything sent in one drill. `surprises` counts answers that no client should ever see."""

    commands: list[Command] = field(default_factory=list)
    surprises: Counter[str] = field(default_factory=Counter)
    wrong_ids: list[tuple[str, str]] = field(default_factory=list)
    sent: int = 0

    def of(self, kind: str) -> list[Command]:
        return [command for command in self.commands if command.kind == kind]

    def acknowledged(self, kind: str) -> list[Command]:
        return [command for command in self.of(kind) if command.answer is not None]

    def told(self, command: Command, answer: Json) -> None:
        """Keep the first answer; another name under the same key is the worst thing that can happen."""
        if command.answer is None:
            command.answer = answer
        elif command.name != str(answer[NAMED_BY[command.kind]]):
            self.wrong_ids.append((command.name, str(answer[NAMED_BY[command.kind]])))
