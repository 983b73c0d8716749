"""Statements on their way to Postgres: written with named parameters, read once, run by asyncpg itself.

What SQLAlchemy would do between the two costs more than the statements it carries (docs/decisions/0031).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import asyncpg

MOST_KEPT = 4000  # read statements; those made on the fly must not fill the memory
_NAME = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")  # not the second colon of a cast, nor one a backslash keeps
_KEPT_COLON = re.compile(r"\\(:\w*)(?![:\w])")


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as written: `:name` stands for a value, `\\:` for a colon."""

    text: str


def text(source: str) -> Statement:
    """Return `source` as a statement."""
    return Statement(source)


class Row(asyncpg.Record):  # type: ignore[misc]
    """One row: columns by name as attributes, by name and position as items; unpacks like a tuple."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Unexpected(Exception):
    """A statement gave another number of rows than its caller counts on."""


class Rows:
    """What one statement returned, in memory."""

    __slots__ = ("_rows",)

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def all(self) -> list[Row]:
        """Return every row."""
        return list(self._rows)

    def first(self) -> Row | None:
        """Return the first row; None without rows."""
        return self._rows[0] if self._rows else None

    def one_or_none(self) -> Row | None:
        """Return the only row, None without rows; raise Unexpected for more."""
        if len(self._rows) > 1:
            raise Unexpected(f"{len(self._rows)} rows instead of one")
        return self.first()

    def one(self) -> Row:
        """Return the only row; raise Unexpected for none or more."""
        if len(self._rows) != 1:
            raise Unexpected(f"{len(self._rows)} rows instead of one")
        return self._rows[0]

    def scalar(self) -> Any:
        """Return the first column of the first row; None without rows."""
        return self._rows[0][0] if self._rows else None

    def scalar_one(self) -> Any:
        """Return the first column of the only row; raise Unexpected for none or more."""
        return self.one()[0]

    def scalar_one_or_none(self) -> Any:
        """Return the first column of the only row, None without rows; raise Unexpected for more."""
        row = self.one_or_none()
        return None if row is None else row[0]

    def scalars(self) -> list[Any]:
        """Return the first column."""
        return [row[0] for row in self._rows]


class Connection:
    """One connection in somebody's hands."""

    __slots__ = ("raw",)

    def __init__(self, raw: Any) -> None:
        self.raw = raw

    async def execute(self, statement: Statement, params: Mapping[str, Any] | None = None) -> Rows:
        """Run one statement; names in it stand for the values of `params`."""
        sql, names = compiled(statement)
        return Rows(await self.raw.fetch(sql, *([params[name] for name in names] if params else ())))

    async def execute_many(self, statement: Statement, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run one statement once for each row of values, in one go; what it returns is not kept."""
        sql, names = compiled(statement)
        await self.raw.executemany(sql, [[row[name] for name in names] for row in rows])


def compiled(statement: Statement) -> tuple[str, tuple[str, ...]]:
    """Return the statement as Postgres reads it, and the names its $1, $2, … stand for."""
    return _read(statement.text)


@lru_cache(MOST_KEPT)
def _read(source: str) -> tuple[str, tuple[str, ...]]:
    places: dict[str, int] = {}
    numbered = _NAME.sub(lambda found: f"${places.setdefault(found[1], len(places) + 1)}", source)
    return _KEPT_COLON.sub(r"\1", numbered), tuple(places)
