"""Record that a customer complained about an order (S2, S88)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from order_service.app.ports import Complaints, Orders
from order_service.domain.complaint import Complaint, ComplaintEntry
from order_service.domain.events import ComplaintRecorded


async def record_complaint(
    entry: ComplaintEntry, new_id: UUID, *, orders: Orders, complaints: Complaints, by: str, now: datetime
) -> UUID:
    """Return the id of the complaint; the order tells of it, whatever its state. Raise Invalid, NotFound."""
    entry.check(now)
    order = await orders.get(entry.order)
    at = entry.complained_at or now
    text = entry.text.strip()
    complaint = Complaint(new_id, order.id, order.number, entry.kind, text, entry.stage, at, now, by)
    await complaints.add(complaint)
    order.record(ComplaintRecorded(str(complaint.id), complaint.kind, complaint.stage, at))
    await orders.save(order)
    return complaint.id
