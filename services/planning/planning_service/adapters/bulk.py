"""One statement for any number of rows, columns as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from chassis.database import Transaction
from chassis.sql import Statement, text


class BulkInsert:
    """INSERT INTO table SELECT FROM unnest(...): columns by name and Postgres type.

    `prefix` keeps the parameters of several such inserts apart, when they are parts of one statement.
    """

    def __init__(self, table: str, columns: Mapping[str, str], on_conflict: str = "", *, prefix: str = "") -> None:
        self._columns, self._prefix = dict(columns), prefix
        names = ", ".join(columns)
        arrays = ", ".join(_array_of(prefix + name, kind) for name, kind in columns.items())
        chosen = ", ".join(f"CAST({name} AS jsonb)" if kind == "jsonb" else name for name, kind in columns.items())
        # Table and column names are constants of this package, never input.
        self.sql = f"INSERT INTO {table} ({names}) SELECT {chosen} FROM unnest({arrays}) AS t ({names}) {on_conflict}"  # noqa: S608
        self.statement: Statement = text(self.sql)

    async def run(self, unit: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert the rows; none is fine."""
        if rows:
            await unit.execute(self.statement, self.values(rows))

    async def take(self, unit: Transaction, things: Sequence[object]) -> None:
        """Insert objects whose attributes have the columns' names."""
        if things:
            await unit.execute(self.statement, self.values_of(things))

    def values(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return the parameters for these rows."""
        return {
            self._prefix + name: _written(kind, [row[name] for row in rows]) for name, kind in self._columns.items()
        }

    def values_of(self, things: Sequence[object]) -> dict[str, Any]:
        """Return the parameters for objects whose attributes have the columns' names."""
        return {
            self._prefix + name: _written(kind, [getattr(it, name) for it in things])
            for name, kind in self._columns.items()
        }


def numerics(name: str) -> str:
    """Return SQL for an array of numbers that travels as one text: the driver takes six times longer for Decimals."""
    return f"CAST(CAST(:{name} AS text) AS numeric[])"


def written(numbers: Iterable[Decimal | None]) -> str:
    """Return numbers as the text of an array."""
    return "{" + ",".join(["NULL" if number is None else str(number) for number in numbers]) + "}"


def _array_of(name: str, kind: str) -> str:
    if kind == "numeric":
        return numerics(name)
    return f"CAST(:{name} AS {'text' if kind == 'jsonb' else kind}[])"


def _written(kind: str, values: list[Any]) -> Any:
    return written(values) if kind == "numeric" else values
