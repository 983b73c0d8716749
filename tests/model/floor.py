"""What the floor does with jobs: dispatches, scans rightly and wrongly, inspects, receives."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.e2e.client import Json
from tests.model.beginning import Beginning, few, which
from tests.model.ledger import Job


class Floor(Beginning):
    """Production orders and scans."""

    @precondition(lambda self: self.ledger.jobs)
    @rule(n=which, steps=st.integers(1, 6), part=few)
    def work(self, n: int, steps: int, part: int) -> None:
        """Do what the floor does next with a job, several times: dispatch, report, inspect, receive; partly or whole."""
        self._work(self._job(n), steps, Decimal(part))

    def _work(self, job: Job, steps: int, part: Decimal) -> None:
        for _ in range(steps):
            found = self.house.get(f"/production-orders/{job.number}")
            job.quantity = Decimal(found["quantity"])
            if not self._step(job, found, part):
                break

    def _step(self, job: Job, found: Json, part: Decimal) -> bool:
        path, waiting = f"/production-orders/{job.number}", job.passed - job.received
        if found["state"] == "created":
            return bool(self.house.post(f"{path}:dispatch", {"team": "model"}).status_code == 200)
        if waiting > 0:
            return self._receive(job, min(part, waiting))
        if found["state"] in ("dispatched", "in_progress"):
            reported = [self._report(job, op["sequence"], part) for op in found["operations"]]
            return any(reported)
        if found["state"] == "awaiting_inspection":
            return self._inspect(job, min(part, job.good[20] - job.passed))
        return False

    def _inspect(self, job: Job, quantity: Decimal) -> bool:
        path = f"/production-orders/{job.number}:inspect"
        if self.house.post(path, {"passed": str(quantity)}).status_code != 200:
            return False
        job.passed += quantity
        return True

    def _report(self, job: Job, sequence: int, part: Decimal) -> bool:
        left = job.quantity - job.good[sequence]
        if left <= 0:
            return False
        verdict = self._scan(job.scan_code, sequence, min(part, left))
        return bool(verdict["result"] == "applied")

    def _scan(self, code: str, sequence: int, quantity: Decimal, *, late: int = 0) -> Json:
        scan: Json = {
            "scan_id": str(uuid.uuid4()), "code": code, "device_id": "MODEL", "operation_sequence": sequence,
            "quantity": str(quantity), "action": "finish",
            "occurred_at": (datetime.now(UTC) - timedelta(hours=late)).isoformat(),
        }  # fmt: skip
        verdict: Json = self.house.post("/scans", scan).json()
        self.ledger.scans.append((scan, verdict))
        job = next((job for job in self.ledger.jobs.values() if job.scan_code == code), None)
        if job is not None and verdict["result"] == "applied":
            job.good[sequence] += quantity
        return verdict

    @precondition(lambda self: self.ledger.jobs)
    @rule(n=which, quantity=st.integers(1, 9), kind=st.sampled_from(["unknown", "stale", "too much"]))
    def a_scan_that_is_odd(self, n: int, quantity: int, kind: str) -> None:
        job = self._job(n)
        if kind == "unknown":
            assert self._scan(f"NO-{job.scan_code}", 10, Decimal(1))["result"] == "rejected"
        elif kind == "stale":
            self._scan(job.scan_code, 10, Decimal(1), late=30)
        else:
            verdict = self._scan(job.scan_code, 20, job.quantity - job.good[20] + quantity)
            assert verdict["result"] in ("rejected", "conflict"), verdict

    @precondition(lambda self: self.ledger.scans)
    @rule(data=st.data())
    def an_offline_queue_again(self, data: st.DataObject) -> None:
        """A device sends a part of its queue again, in any order."""
        kept = data.draw(st.lists(st.sampled_from(range(len(self.ledger.scans))), min_size=1, max_size=6))
        answer = self.house.post("/scans:batch", {"scans": [self.ledger.scans[n][0] for n in kept]})
        assert answer.status_code == 200, answer.text

    def _receive(self, job: Job, quantity: Decimal) -> bool:
        body = {"scan_id": str(uuid.uuid4()), "production_order": job.number, "quantity": str(quantity)}
        first, second = (self.house.post("/receipts", body) for _ in range(2))
        if first.status_code != 201:
            return False
        assert second.status_code in (200, 201), second.text
        job.received += quantity
        self.ledger.orders[job.order].received[job.line_no] += quantity
        return True

    @precondition(lambda self: self.ledger.jobs)
    @rule(n=which)
    def receive_too_much(self, n: int) -> None:
        job = self._job(n)
        over = job.quantity - job.received + 1
        answer = self.house.post("/receipts", {"production_order": job.number, "quantity": str(over)})
        assert answer.status_code == 409, answer.text
