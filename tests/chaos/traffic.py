"""Writers as a factory has them: the order desk, the warehouse, shipping, receipts and scanners, all with repeated keys."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tests.chaos.history import Command, History
from tests.chaos.patience import BUSY, PatientApi
from tests.e2e.client import Api, Json
from tests.e2e.factory import Factory, build
from tests.e2e.stack import Stack

AGAIN = {401, 429, 502, 503, 504}  # what a client tries again; 401: the session has to be renewed
REPEATED_SHARE = 0.2  # a double click, a retrying proxy
PAUSE_SECONDS = 0.1
JOB_QUANTITY = "90000"


@dataclass
class Traffic:
    """One factory on one stack; `run` keeps its writers busy until told to stop, then lets each finish."""

    stack: Stack
    seed: int
    history: History = field(default_factory=History)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    patience: float = 60.0
    api: Api = field(init=False)
    factory: Factory = field(init=False)
    scanned_job: Json = field(init=False)
    received_job: str = field(init=False)
    _chance: random.Random = field(init=False)
    _quantities: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    async def prepare(self) -> None:
        """Make the master data, stock, one job to scan and one whose goods may be received."""
        self.api = await PatientApi(self.stack.gateway_url).sign_in("admin", self.stack.password("admin"))
        await self._furnish()
        await self.close()
        self.api = await Api(self.stack.gateway_url).sign_in("admin", self.stack.password("admin"))

    async def _furnish(self) -> None:
        self.factory = await build(self.api)
        lines = [{"item_code": self.factory.cable, "quantity": "1000000"}]
        await self.api.post("/stock/movements", {"kind": "receipt", "lines": lines, "reason": "opening"})
        self.scanned_job = await self._job(self.factory.motor)
        done = await self._job(self.factory.controller)
        for operation in done["operations"]:
            await self.api.post("/scans", scan(done, operation, done["quantity"], "SETUP"), expect=200)
        self.received_job = done["number"]
        await self.api.post(f"/production-orders/{self.received_job}:inspect", {"passed": done["quantity"]})

    async def close(self) -> None:
        if hasattr(self, "api"):
            await self.api.close()

    async def _job(self, item: str) -> Json:
        order = await self.api.post("/orders", self.order(item, JOB_QUANTITY, "job"), expect=201)
        plan = await self.api.post(f"/orders/{order['number']}:plan")
        number = next(po["number"] for po in plan["production_orders"] if not po["parent_number"])
        return await self.api.post(f"/production-orders/{number}:dispatch", {"team": "drill"})

    def order(self, item: str, quantity: str, mark: str) -> Json:
        due = str(self.stack.today + timedelta(days=20))
        lines = [{"item_code": item, "quantity": quantity}]
        return {
            "customer_id": self.factory.customer_id, "channel": "api", "note": mark, "confirm": True, "due_date": due,
            "lines": lines,
        }  # fmt: skip

    async def run(self) -> None:
        """Write until `stop`."""
        writers = [*[self.order_desk] * 4, self.warehouse, self.receiver, self.scanner, self.scanner]
        await asyncio.gather(*(self._keep(writer) for writer in writers))

    async def _keep(self, writer: Callable[[], Awaitable[Any]]) -> None:
        while not self.stop.is_set():
            await writer()

    async def order_desk(self) -> None:
        """An order comes in confirmed, is planned from stock and shipped whole."""
        quantity = str(next(self._quantities))
        order = await self.send("order", "/orders", self.order(self.factory.cable, quantity, uuid.uuid4().hex))
        if order is None or await self.send("plan", f"/orders/{order['number']}:plan", {}, counted=False) is None:
            return
        line = {"order": order["number"], "line_no": 1, "quantity": quantity}
        body = {"lines": [line], "carrier": "顺丰", "tracking_numbers": [uuid.uuid4().hex[:12]]}
        await self.send("shipment", "/shipments", body)

    async def warehouse(self) -> None:
        lines = [{"item_code": self.factory.cable, "quantity": "1"}]
        await self.send("movement", "/stock/movements", {"kind": "receipt", "lines": lines, "reason": "drill"})

    async def receiver(self) -> None:
        await self.send("receipt", "/receipts", {"production_order": self.received_job, "quantity": "1"})

    async def scanner(self) -> None:
        operation = self.scanned_job["operations"][0]
        await self.send("scan", "/scans", scan(self.scanned_job, operation, "1", f"PAD-{self._chance.randrange(8)}"))

    async def send(self, kind: str, path: str, body: Json, *, counted: bool = True) -> Json | None:
        """Send one command, sometimes twice at once, under one key, until it is answered or patience ends."""
        command = Command(kind, path, body, str(uuid.uuid4()))
        if counted:
            self.history.commands.append(command)
        until = time.monotonic() + self.patience
        while command.in_doubt and time.monotonic() < until:
            copies = 2 if counted and self._chance.random() < REPEATED_SHARE else 1
            await asyncio.gather(*(self._once(command) for _ in range(copies)))
            if command.in_doubt:
                await asyncio.sleep(PAUSE_SECONDS)
        return command.answer

    async def _once(self, command: Command) -> None:
        self.history.sent += 1
        try:
            answer = await self.api.call("POST", command.path, command.body, key=command.key)
        except Exception:
            return  # the connection broke: nobody knows, the same key goes again
        if answer.status_code == 401:
            await self._sign_in()
        elif answer.status_code in (200, 201):
            self.history.told(command, answer.json())
        elif answer.status_code not in AGAIN and answer.json().get("reason") != BUSY:
            command.refused = f"{command.kind} {answer.status_code} {answer.json().get('reason', '')}"
            self.history.surprises[command.refused] += 1

    async def _sign_in(self) -> None:
        try:
            await self.api.sign_in("admin", self.stack.password("admin"))
        except Exception:
            await asyncio.sleep(PAUSE_SECONDS)

    async def repeat_all(self) -> None:
        """Send every acknowledged command once more: each must get its first answer again."""
        limit = asyncio.Semaphore(8)

        async def repeat(command: Command) -> None:
            async with limit:
                await self._once(command)

        await asyncio.gather(*(repeat(command) for command in self.history.commands if command.answer is not None))


def scan(job: Json, operation: Json, quantity: str, device: str) -> Json:
    return {
        "scan_id": str(uuid.uuid4()), "code": job["scan_code"], "device_id": device, "action": "finish",
        "operation_sequence": operation["sequence"], "quantity": quantity, "occurred_at": job["dispatched_at"],
    }  # fmt: skip
