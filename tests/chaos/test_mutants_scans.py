"""Seeded mutants of the scan desk are caught by the chaos of scans; the real code is not accused."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import uuid4

import pytest

from planning_service.adapters.scans import ScanRows
from planning_service.app import record_scan
from planning_service.app.record_scan import Entry, Key, Verdict
from planning_service.domain.floor_settings import FloorSettings
from planning_service.domain.operation import Operation
from tests.chaos.mutation import Plant, none
from tests.chaos.test_scans import both_ways
from tests.service.planning.conftest import World, world

__all__ = ["world"]

FEW = 160  # scans: enough chaos for each mutant to show


def no_memory_of_ids(plant: pytest.MonkeyPatch) -> None:
    """Every scan counts as new, however often it comes."""
    look_up, keep = ScanRows.look_up, ScanRows.keep

    async def forget(
        self: ScanRows, entries: Sequence[Entry], usual: FloorSettings
    ) -> tuple[dict[Key, tuple[str, bytes]], FloorSettings]:
        return {}, (await look_up(self, entries, usual))[1]

    async def keep_each(self: ScanRows, verdicts: Sequence[Verdict]) -> None:
        renamed = [
            dataclasses.replace(verdict, entry=dataclasses.replace(
                verdict.entry, scan=dataclasses.replace(verdict.entry.scan, scan_id=str(uuid4()))
            ))
            for verdict in verdicts
        ]  # fmt: skip
        await keep(self, renamed)

    plant.setattr(ScanRows, "look_up", forget)
    plant.setattr(ScanRows, "keep", keep_each)


def last_arrival_begins(plant: pytest.MonkeyPatch) -> None:
    """An operation began when the scan that came last says, not when the earliest does."""

    def touch(self: Operation, at: datetime) -> None:
        self.started_at = at

    plant.setattr(Operation, "touch", touch)


def reports_overwrite(plant: pytest.MonkeyPatch) -> None:
    """A report says how much there is instead of adding to it."""

    def report(self: Operation, good: Decimal, scrap: Decimal, at: datetime) -> None:
        self.touch(at)
        self.good, self.scrap, self.last_report_at = good, scrap, at

    plant.setattr(Operation, "report", report)


def verdict_without_effect(plant: pytest.MonkeyPatch) -> None:
    """Some scans get their verdict and are not written into the job."""
    save, rounds = record_scan._save, [0]

    async def forget_every_fifth(*args: object) -> None:
        rounds[0] += 1
        if rounds[0] % 5:
            await save(*args)  # type: ignore[arg-type]

    plant.setattr(record_scan, "_save", forget_every_fifth)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "mutant", [none, no_memory_of_ids, last_arrival_begins, reports_overwrite, verdict_without_effect]
)
async def test_the_chaos_of_scans_catches_it(world: World, mutant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant(monkeypatch)

    account = await both_ways(world, 5, FEW)

    assert account.right is (mutant is none), account
