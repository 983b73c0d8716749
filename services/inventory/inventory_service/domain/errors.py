"""Refusals of inventory: each names its reason and carries the numbers behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One field that can't be accepted: its path, the reason, the numbers."""

    field: str
    reason: str
    params: Mapping[str, object] = dataclass_field(default_factory=dict)


class Refusal(Exception):
    """Base of every refusal; `reason` is the wire word, `params` hold the numbers, `fields` name what is wrong where."""

    def __init__(self, reason: str, fields: Iterable[FieldProblem] = (), **params: object) -> None:
        self.reason = reason
        self.fields = tuple(fields)
        self.params: dict[str, object] = params
        super().__init__(f"{reason} {params}")


class Invalid(Refusal):
    """Carries every field problem of one request at once."""

    def __init__(self, fields: Iterable[FieldProblem]) -> None:
        super().__init__("INVALID_INPUT", fields)


class NotFound(Refusal):
    """Nothing is known under the code or number asked for."""


class IllegalMove(Refusal):
    """The stock, the order or the production order does not allow this now."""


class Conflict(Refusal):
    """A name given by the caller already stands for something else."""


class Stale(Refusal):
    """Somebody changed it meanwhile."""


class Forbidden(Refusal):
    """Who asks may not do this."""
