"""Set-based inserts: one statement for any number of rows, columns as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import TextClause, text

from chassis.database import Transaction


class BulkInsert:
    """INSERT INTO table SELECT FROM unnest(...): columns by name and Postgres type."""

    def __init__(self, table: str, columns: Mapping[str, str], on_conflict: str = "") -> None:
        self._columns = tuple(columns)
        names = ", ".join(columns)
        arrays = ", ".join(f"CAST(:{name} AS {_array_of(kind)})" for name, kind in columns.items())
        chosen = ", ".join(f"CAST({name} AS jsonb)" if kind == "jsonb" else name for name, kind in columns.items())
        # Table and column names are constants of this package, never input.
        self.statement: TextClause = text(
            f"INSERT INTO {table} ({names}) SELECT {chosen} FROM unnest({arrays}) AS t ({names}) {on_conflict}"  # noqa: S608
        )

    async def run(self, unit: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert the rows; none is fine."""
        if rows:
            await unit.execute(self.statement, {name: [row[name] for row in rows] for name in self._columns})

    async def take(self, unit: Transaction, things: Sequence[object]) -> None:
        """Insert objects whose attributes have the columns' names."""
        if things:
            await unit.execute(self.statement, {name: [getattr(it, name) for it in things] for name in self._columns})


def _array_of(kind: str) -> str:
    return "text[]" if kind == "jsonb" else f"{kind}[]"
