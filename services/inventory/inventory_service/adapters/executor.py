"""What repositories run statements on."""

from __future__ import annotations

from typing import Any, Protocol

from chassis.sql import Rows, Statement


class Executor(Protocol):
    """A transaction, or a connection for queries."""

    async def execute(self, statement: Statement, params: Any = None) -> Rows: ...
