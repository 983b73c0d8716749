"""What repositories run statements on."""

from __future__ import annotations

from typing import Any, Protocol

from sqlalchemy import TextClause

from chassis.sql import Rows


class Executor(Protocol):
    """A transaction, or a connection for queries."""

    async def execute(self, statement: TextClause, params: Any = None) -> Rows: ...
