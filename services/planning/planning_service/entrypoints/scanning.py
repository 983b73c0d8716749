"""RecordScans: scans as devices send them to scan reports and verdicts."""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from orderhub.common.v1.common_pb2 import CommandContext
from orderhub.planning.v1 import production_pb2 as pb

from chassis import notes, page_token, principal
from chassis.commands import Commands
from chassis.database import Transaction, is_transient
from chassis.outbox import Mark
from planning_service.adapters.messages import Messages
from planning_service.adapters.scanned_orders import ScannedOrderRows
from planning_service.adapters.scans import ScanRows
from planning_service.app.record_scan import Entry, record_scans
from planning_service.domain.floor_settings import FloorSettings
from planning_service.domain.production_order import ProductionOrder
from planning_service.domain.scan import ScanAction, ScanOutcome, ScanReport, ScanResult, refused
from planning_service.domain.scan_code import MAX_SERIAL, read_code
from planning_service.entrypoints import production_proto as form
from planning_service.entrypoints.reading import Reading, instant
from planning_service.entrypoints.scope import work_centers_asking

MAX_ID_LENGTH = 128
TOGETHER = 64  # scans in one transaction: more would keep their rows locked too long


def _render(scan: ScanReport, outcome: ScanOutcome, order: ProductionOrder | None) -> bytes:
    return form.verdict_message(scan.scan_id, outcome, order).SerializeToString(deterministic=True)


def _answer(result: ScanResult, kept: bytes) -> pb.ScanVerdict:
    verdict = pb.ScanVerdict.FromString(kept)
    if result is ScanResult.CONFLICT and verdict.result != ScanResult.CONFLICT.value:
        verdict.reason = "SCAN_ID_REUSED"
    verdict.result = result.value
    return verdict


@dataclass(slots=True)
class Waiting:
    """A scan and whoever waits for its verdict and the marks of what it told."""

    entry: Entry
    verdict: asyncio.Future[tuple[pb.ScanVerdict, list[Mark]]]


class ScanDesk:
    """Takes scans by device time, those that wait together in one transaction, and answers in the order sent."""

    def __init__(self, commands: Commands, usual: FloorSettings) -> None:
        self._commands, self._usual = commands, usual
        self._waiting: deque[Waiting] = deque()
        self._runner: asyncio.Task[None] | None = None

    async def record(self, scans: Sequence[pb.Scan]) -> list[pb.ScanVerdict]:
        """Return one verdict per scan."""
        verdicts: dict[int, pb.ScanVerdict] = {}
        readable: list[tuple[datetime, int, ScanReport]] = []
        for index, scan in enumerate(scans):
            read = _read(scan)
            if isinstance(read, ScanReport):
                readable.append((read.occurred_at, index, read))
            else:
                verdicts[index] = form.verdict_message(scan.scan_id, read, None)
        readable.sort(key=lambda entry: entry[:2])
        who, places = principal.actor(), work_centers_asking()
        entries = [Entry(report, _fingerprint(scans[index]), who, places) for _, index, report in readable]
        for (_, index, _), (verdict, marks) in zip(readable, await self._judged(entries), strict=True):
            verdicts[index] = verdict
            notes.note_marks(marks)
        return [verdicts[index] for index in range(len(scans))]

    async def _judged(self, entries: Sequence[Entry]) -> list[tuple[pb.ScanVerdict, list[Mark]]]:
        loop = asyncio.get_running_loop()
        mine = [Waiting(entry, loop.create_future()) for entry in entries]
        self._waiting.extend(mine)
        if self._runner is None or self._runner.done():
            # A context of its own: what runs for many callers carries none of them.
            self._runner = loop.create_task(self._run(), context=Context())
        return list(await asyncio.gather(*(waiting.verdict for waiting in mine)))

    async def _run(self) -> None:
        while self._waiting:
            together = [self._waiting.popleft() for _ in range(min(TOGETHER, len(self._waiting)))]
            await self._settle([waiting for waiting in together if not waiting.verdict.done()])

    async def _settle(self, together: Sequence[Waiting]) -> None:
        """Give everybody a verdict; when the round fails for a reason of its own, each is judged alone."""
        try:
            answers = await self._round([waiting.entry for waiting in together])
        except Exception as error:
            if len(together) > 1 and not is_transient(error):
                for waiting in together:
                    await self._settle([waiting])
                return
            for waiting in together:
                if not waiting.verdict.done():
                    waiting.verdict.set_exception(error)
            return
        for waiting, answer in zip(together, answers, strict=True):
            if not waiting.verdict.done():
                waiting.verdict.set_result(answer)

    async def _round(self, entries: Sequence[Entry]) -> list[tuple[pb.ScanVerdict, list[Mark]]]:
        beside = notes.Notes()
        notes.current.set(beside)

        async def work(unit: Transaction) -> pb.RecordScansResponse:
            rows = ScanRows(unit), ScannedOrderRows(unit), Messages(unit)

            def speak_for(who: str) -> None:
                unit.actor = who

            found = await record_scans(
                entries, *rows, render=_render, now=unit.now, usual=self._usual, speak_for=speak_for
            )
            return pb.RecordScansResponse(verdicts=[_answer(*one) for one in found])

        answered = (await self._commands.run(CommandContext(), pb.RecordScansResponse, work)).verdicts
        marks = {mark.subject: mark for mark in beside.marks}
        return [(one, _marks_of(one, marks)) for one in answered]


def _marks_of(verdict: pb.ScanVerdict, marks: Mapping[str, Mark]) -> list[Mark]:
    mark = marks.get(f"production-orders/{verdict.production_order.number}")
    return [mark] if mark else []


def _read(scan: pb.Scan) -> ScanReport | ScanOutcome:
    """Return the scan, or why it can't be read; an unreadable one is not kept."""
    reading = Reading()
    scan_id = reading.text("scan_id", scan.scan_id, MAX_ID_LENGTH)
    device_id = reading.text("device_id", scan.device_id, MAX_ID_LENGTH)
    code = reading.text("code", scan.code, MAX_ID_LENGTH)
    action = reading.choice("action", scan.action, ScanAction) or ScanAction.FINISH
    quantity = _quantity(reading, "quantity", scan.quantity)
    scrap = _quantity(reading, "scrap", scan.scrap)
    serial = reading.text("serial", scan.serial, MAX_SERIAL) or read_code(code).serial
    occurred_at = instant(scan.occurred_at)
    if reading.errors:
        first = reading.errors[0]
        return refused("SCAN_UNREADABLE", field=first.field, problem=first.reason)
    if not scan_id or not code:
        return refused("SCAN_UNREADABLE", field="scan_id" if not scan_id else "code", problem="REQUIRED")
    if occurred_at is None:
        return refused("OCCURRED_AT_INVALID", occurred_at=scan.occurred_at[:40])
    if not _may_speak_for(device_id):
        return refused("DEVICE_MISMATCH", device_id=device_id)
    sequence = scan.operation_sequence or None
    return ScanReport(scan_id, device_id, code, occurred_at, action, sequence, quantity, scrap, serial)


def _quantity(reading: Reading, field: str, text: str) -> Decimal | None:
    return reading.decimal(field, text) if text else None


def _may_speak_for(device_id: str) -> bool:
    """A device token speaks for its own device; a person may name any."""
    who = principal.current.get()
    return who is None or who.kind != "device" or who.subject == f"device:{device_id}"


def _fingerprint(scan: pb.Scan) -> str:
    return hashlib.sha256(scan.SerializeToString(deterministic=True)).hexdigest()


def scan_cursor(token: str) -> tuple[datetime, str]:
    """Return the point a page of scans goes on from; the future without a token."""
    first = (datetime.max.replace(tzinfo=UTC), "")
    at, scan_id = page_token.read("scans", token, _moment, page_token.text, first=first)
    return at, scan_id


def _moment(said: str) -> datetime:
    found = instant(said)
    if found is None:
        raise ValueError(said)
    return found
