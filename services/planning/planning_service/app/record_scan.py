"""Record scans: each id is taken once, applied under the production order's lock, its verdict kept for every replay.

Scans that wait at the same moment share one transaction: a handful of statements for all of them, and each is judged
against what those before it left behind, as if it had come alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from planning_service.app.ports import Tell
from planning_service.domain.bounce import EarlierScan
from planning_service.domain.floor_settings import FloorSettings
from planning_service.domain.production_order import ProductionOrder
from planning_service.domain.scan import ScanOutcome, ScanReport, ScanResult, apply_scan, refused
from planning_service.domain.scan_code import read_code, why_unknown

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One scan that waits: the report, the hash of what was sent, who sent it, and where they may report."""

    scan: ScanReport
    fingerprint: str
    who: str
    work_centers: frozenset[str] = frozenset()  # empty: everywhere

    @property
    def key(self) -> Key:
        """Return what a scan is known by."""
        return self.scan.device_id, self.scan.scan_id


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict as it is kept, and what it is about."""

    entry: Entry
    outcome: ScanOutcome
    answer: bytes
    production_order_number: str | None
    operation_sequence: int | None


Render = Callable[[ScanReport, ScanOutcome, ProductionOrder | None], bytes]


class KeptScans(Protocol):
    """Where scan ids and verdicts are kept."""

    async def look_up(
        self, entries: Sequence[Entry], usual: FloorSettings
    ) -> tuple[dict[Key, tuple[str, bytes]], FloorSettings]:
        """Return fingerprint and verdict of the scans that took these ids, and the settings as they hold now."""
        ...

    async def recent(self, numbers: Sequence[str], since: datetime, until: datetime) -> list[EarlierScan]:
        """Return applied scans of these production orders by device time."""
        ...

    async def keep(self, verdicts: Sequence[Verdict]) -> None:
        """Take the ids and keep the verdicts; raises what makes the transaction try again when a twin was faster."""
        ...


class ScannedOrders(Protocol):
    """Production orders that scans move."""

    async def locked_for_scans(self, keys: Sequence[str], serials: Sequence[str]) -> Mapping[str, ProductionOrder]:
        """Return production orders by number or id, locked in one order, with the passes of these serials."""
        ...

    async def items_among(self, codes: Sequence[str]) -> Mapping[str, str]:
        """Return the names of the items that these codes or aliases stand for."""
        ...

    async def save_scanned(self, moved: Sequence[tuple[ProductionOrder, int]]) -> None:
        """Write back what scans moved: production orders, each with how often; their operations; passes of pieces."""
        ...


@dataclass(slots=True)
class Round:
    """One round of judging: what is known of ids, orders and recent scans, growing with every scan."""

    known: dict[Key, tuple[str, bytes]]
    orders: Mapping[str, ProductionOrder]
    earlier: list[EarlierScan]
    settings: FloorSettings
    now: datetime
    render: Render
    items: Mapping[str, str]

    def judge(self, entry: Entry) -> Verdict:
        """Return the verdict of one scan and let it take effect."""
        scan = entry.scan
        order = self.orders.get(read_code(scan.code).key)
        outcome = self._outcome(order, entry)
        index = outcome.index
        sequence = order.operations[index].sequence if order and index is not None else None
        if outcome.result is ScanResult.APPLIED:
            self.earlier.append(EarlierScan(scan.device_id, scan.code, scan.action.value, sequence, scan.occurred_at))
        answer = self.render(scan, outcome, order)
        self.known[entry.key] = entry.fingerprint, answer
        return Verdict(entry, outcome, answer, order.number if order else None, sequence)

    def _outcome(self, order: ProductionOrder | None, entry: Entry) -> ScanOutcome:
        scan = entry.scan
        if order is None and scan.code in self.items:
            return refused("CODE_IS_ITEM", code=scan.code, item=self.items[scan.code])
        if order is None:
            return refused(why_unknown(scan.code), code=scan.code)
        within = timedelta(seconds=self.settings.bounce_seconds)
        if within and not scan.serial and any(one.bounces(scan, within) for one in self.earlier):
            return ScanOutcome(ScanResult.CONFLICT, "BOUNCE", {"seconds": str(self.settings.bounce_seconds)})
        return apply_scan(order, scan, self.now, self.settings.policy, entry.work_centers)


async def record_scans(
    entries: Sequence[Entry],
    scans: KeptScans,
    orders: ScannedOrders,
    tell: Tell,
    *,
    render: Render,
    now: datetime,
    usual: FloorSettings,
    speak_for: Callable[[str], None],
) -> list[tuple[ScanResult, bytes]]:
    """Return a result and a verdict for each; a repeated id gets the first verdict, as a duplicate, or as a conflict
    when it differs. `speak_for` says whose doing is told next."""
    round_ = await _prepared(entries, scans, orders, render=render, now=now, usual=usual)
    results, verdicts = list[tuple[ScanResult, bytes]](), list[Verdict]()
    for entry in entries:
        first = round_.known.get(entry.key)
        if first is not None:
            same = first[0] == entry.fingerprint
            results.append((ScanResult.DUPLICATE if same else ScanResult.CONFLICT, first[1]))
            continue
        verdict = round_.judge(entry)
        verdicts.append(verdict)
        results.append((verdict.outcome.result, verdict.answer))
        if verdict.outcome.result is ScanResult.APPLIED:
            speak_for(entry.who)
            tell.scanned(round_.orders[_key(entry)], entry.scan, verdict.outcome)
    await _save(verdicts, round_.orders, orders)
    await scans.keep(verdicts)
    return results


async def _prepared(
    entries: Sequence[Entry],
    scans: KeptScans,
    orders: ScannedOrders,
    *,
    render: Render,
    now: datetime,
    usual: FloorSettings,
) -> Round:
    """Return all that judging these scans needs, their production orders locked."""
    known, settings = await scans.look_up(entries, usual)
    fresh = [entry for entry in entries if entry.key not in known]
    found = await orders.locked_for_scans(*_wanted(fresh)) if fresh else {}
    strange = sorted({entry.scan.code for entry in fresh if _key(entry) not in found})
    items = await orders.items_among(strange) if strange else {}
    earlier = await _earlier(fresh, found, settings, scans)
    return Round(known, found, earlier, settings, now, render, items)


def _key(entry: Entry) -> str:
    return read_code(entry.scan.code).key


def _wanted(entries: Sequence[Entry]) -> tuple[list[str], list[str]]:
    keys = sorted({_key(entry) for entry in entries})
    return keys, sorted({entry.scan.serial for entry in entries if entry.scan.serial})


async def _earlier(
    entries: Sequence[Entry], found: Mapping[str, ProductionOrder], settings: FloorSettings, scans: KeptScans
) -> list[EarlierScan]:
    """Return what a bounce could be a bounce of; nothing is asked while the window is shut."""
    if not settings.bounce_seconds or not found:
        return []
    moments = [entry.scan.occurred_at for entry in entries]
    around = timedelta(seconds=settings.bounce_seconds)
    numbers = sorted({order.number for order in found.values()})
    return await scans.recent(numbers, min(moments) - around, max(moments) + around)


async def _save(verdicts: Sequence[Verdict], found: Mapping[str, ProductionOrder], orders: ScannedOrders) -> None:
    moved: dict[str, int] = {}
    for verdict in verdicts:
        if verdict.outcome.result is ScanResult.APPLIED and verdict.production_order_number:
            number = verdict.production_order_number
            moved[number] = moved.get(number, 0) + 1
    by_number = {order.number: order for order in found.values()}
    if moved:
        await orders.save_scanned([(by_number[number], times) for number, times in sorted(moved.items())])
