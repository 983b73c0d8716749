"""The self-check's sections about orders: stored states against facts, and against the history of events (S97)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from chassis.database import Database
from chassis.self_check import Check, Finding, Section, judged
from chassis.sql import text
from order_service.adapters import order_rows as rows
from order_service.adapters.self_check import SelfCheck
from order_service.domain.replay import Known, replayed_state

LOOK_BACK = timedelta(days=35)
AT_ONCE = 500
_NEWEST = text(f"{rows.SELECT_HEADER} ORDER BY o.updated_at DESC LIMIT :limit")
_HISTORY = text("""
SELECT t.order_id, array_agg(t.what ORDER BY t.id) AS words, bool_or(t.what = 'OrderPlanned') AS planned
FROM timeline t WHERE t.order_id = ANY(CAST(:ids AS uuid[])) GROUP BY t.order_id
""")
_STATES = text("SELECT id, state FROM customer_order WHERE id = ANY(CAST(:ids AS uuid[]))")
_SNAPSHOT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


@dataclass(frozen=True)
class OrderChecks:
    """What only the order service can check."""

    database: Database
    caches: SelfCheck

    def checks(self) -> Mapping[str, Check]:
        """Return the checks by code."""
        return {"order_states": self.states, "order_history": self.history}

    async def states(self) -> Section:
        """Orders changed in the last 35 days whose stored state or sums are not what their facts say."""
        wrong = await self.caches.drifts(LOOK_BACK, AT_ONCE)
        return judged([_drift(d.order_number, d.what, d.stored, d.derived) for d in wrong])

    async def history(self) -> Section:
        """Orders changed last whose state does not follow from their events."""
        async with self.database.transaction(who="self-check") as unit:
            await unit.execute(_SNAPSHOT)
            headers = (await unit.execute(_NEWEST, {"limit": AT_ONCE})).all()
            ids = {"ids": [row.id for row in headers]}
            lines = (await unit.execute(rows.LINES, ids)).all()
            stored = {row.id: row.state for row in await unit.execute(_STATES, ids)}
            told = {row.order_id: row for row in await unit.execute(_HISTORY, ids)}
        found = []
        for order in rows.joined(headers, lines):
            history = told.get(order.id)
            words = [] if history is None else history.words
            planned = history is not None and history.planned and order.planned_at is not None
            known = Known(planned, order.capacity_required, [line.facts() for line in order.lines])
            state = replayed_state(words, known)
            if state != stored[order.id] or not words:
                found.append(_drift(order.number, "history", stored[order.id], state if words else ""))
        return judged(found)


def _drift(order: str, what: str, stored: str, derived: str) -> Finding:
    return Finding(order, {"what": what, "stored": stored, "derived": derived})
