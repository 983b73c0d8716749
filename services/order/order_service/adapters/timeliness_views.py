"""How many invoice tasks were closed in time (S59)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from chassis.database import Database
from chassis.sql import text
from order_service.adapters.finance_views import TaskView, read_tasks

OVERDUE_SHOWN = 200
_COUNTS = text("""
SELECT count(*) AS opened,
  count(*) FILTER (WHERE first_at <= due_at) AS in_time,
  count(*) FILTER (WHERE first_at > due_at OR first_at IS NULL AND due_at < :now) AS late,
  count(*) FILTER (WHERE first_at IS NULL AND due_at >= :now) AS pending
FROM (
  SELECT t.opened_at + :due * interval '1 second' AS due_at,
         (SELECT min(i.recorded_at) FROM invoice i WHERE i.task_id = t.id) AS first_at
  FROM invoice_task t WHERE t.opened_at >= :begin AND t.opened_at < :end
) tasks
""")


@dataclass(frozen=True, slots=True)
class Timeliness:
    """Counts of the tasks opened in a period, and every task overdue now."""

    opened: int
    in_time: int
    late: int
    pending: int
    overdue: list[TaskView]

    @property
    def rate(self) -> Decimal | None:
        """In time of those decided; None while none is."""
        decided = self.in_time + self.late
        return (Decimal(self.in_time) / decided).quantize(Decimal("0.0001")) if decided else None


class TimelinessViews:
    """Answers about invoicing in time."""

    def __init__(self, database: Database, due_days: int) -> None:
        self._database = database
        self.due_days = due_days

    async def timeliness(self, begin: datetime, end: datetime) -> Timeliness:
        """Return the counts of tasks opened between two instants."""
        now, due = self._database.clock.now(), timedelta(days=self.due_days)
        params = {"begin": begin, "end": end, "now": now, "due": due.total_seconds()}
        async with self._database.read() as connection:
            row = (await connection.execute(_COUNTS, params)).one()
            condition = "t.state = 'open' AND t.due_from < :before"
            overdue = await read_tasks(connection, condition, {"before": now - due}, OVERDUE_SHOWN)
        return Timeliness(row.opened, row.in_time, row.late, row.pending, overdue[::-1])
