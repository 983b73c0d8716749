"""What repositories run statements on."""

from __future__ import annotations

from typing import Any, Protocol

from sqlalchemy import CursorResult, Executable


class Executor(Protocol):
    """A transaction, or a connection for queries."""

    async def execute(self, statement: Executable, params: Any = None) -> CursorResult[Any]: ...
