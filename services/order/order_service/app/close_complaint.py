"""Say how a complaint ended, and which stage was responsible (S88)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from order_service.app.ports import Complaints, Orders
from order_service.domain.complaint import ComplaintAnswer
from order_service.domain.events import ComplaintClosed


async def close_complaint(
    complaint_id: str, answer: ComplaintAnswer, *, orders: Orders, complaints: Complaints, by: str, now: datetime
) -> UUID:
    """Return the id of the complaint; a closed one stays as it was. Raise Invalid, NotFound, IllegalMove."""
    answer.check()
    order = await orders.get(await complaints.order_of(complaint_id))
    complaint = await complaints.get(complaint_id)
    complaint.close(answer, by, now)
    await complaints.save(complaint)
    order.record(ComplaintClosed(str(complaint.id), complaint.kind, complaint.stage, now))
    await orders.save(order)
    return complaint.id
