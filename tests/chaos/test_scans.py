"""Chaos of scans: dropped answers, doubles and shuffles end exactly as the clean run (issue 4, reliability rows 17 and 18).

500 scans in `make test`, 10,000 with ORDERHUB_PROOF=1.
"""

from __future__ import annotations

import asyncio
import os
import random
from dataclasses import dataclass
from datetime import timedelta

import pytest
from orderhub.planning.v1 import production_pb2 as pb

from tests.service.planning.conftest import World, world
from tests.service.planning.test_floor import dispatched

__all__ = ["world"]

PROOF = bool(os.environ.get("ORDERHUB_PROOF"))
SCANS = 10_000 if PROOF else 500
DEVICES = 8
OPERATIONS = (10, 20)
SHIFT = timedelta(hours=4)
LOST_ANSWERS, DOUBLED, BATCH = 0.2, 0.1, 50
SEEDS = (1, 2, 3) if PROOF else (20261122,)


@dataclass(frozen=True)
class Floor:
    """One production order whose every piece is scanned at both operations by one of eight devices."""

    number: str
    scans: tuple[pb.Scan, ...]

    @classmethod
    def of(cls, number: str, count: int = SCANS) -> Floor:
        scans = (
            pb.Scan(
                scan_id=f"s{n}-{sequence}", device_id=f"pad-{n % DEVICES}", code=number, action="finish", quantity="1",
                operation_sequence=sequence, occurred_at=f"2026-11-22T1{n * 3 // count}:{n % 60:02d}:00+08:00",
            )
            for n in range(count // len(OPERATIONS)) for sequence in OPERATIONS
        )  # fmt: skip
        return cls(number, tuple(scans))


async def send(world: World, batch: list[pb.Scan]) -> list[pb.ScanVerdict]:
    return list((await world.planning.RecordScans(pb.RecordScansRequest(scans=batch), None)).verdicts)


def in_batches(scans: list[pb.Scan]) -> list[list[pb.Scan]]:
    return [scans[at : at + BATCH] for at in range(0, len(scans), BATCH)]


@dataclass
class Device:
    """A scanner with a bad connection: it sends what it is not sure about again, in any order, until each was answered."""

    scans: list[pb.Scan]
    chance: random.Random
    doubles: int = 0
    lost_answers: int = 0

    async def empty_its_queue(self, world: World) -> dict[str, pb.ScanVerdict]:
        verdicts: dict[str, pb.ScanVerdict] = {}
        while queue := [scan for scan in self.scans if scan.scan_id not in verdicts]:
            extra = [scan for scan in self.scans if self.chance.random() < DOUBLED]
            self.doubles += len(extra)
            queue += extra
            self.chance.shuffle(queue)
            for batch in in_batches(queue):
                answered = await send(world, batch)
                kept = [verdict for verdict in answered if self.chance.random() >= LOST_ANSWERS]
                self.lost_answers += len(answered) - len(kept)
                verdicts.update((verdict.scan_id, verdict) for verdict in kept)
        return verdicts


async def end_of(world: World, number: str) -> dict[str, object]:
    """Return where a production order stands, without its name and the moments it was written."""
    job = await world.production_order(number)
    told = [event for event in await world.told() if event.subject == f"production-orders/{number}"]
    operations = [
        (o.sequence, o.state, o.good_quantity, o.scrap_quantity, o.started_at, o.finished_at) for o in job.operations
    ]
    kinds = [event.type.rsplit(".", 1)[1] for event in told]
    return {
        "state": job.state, "operations": operations, "finished_at": job.finished_at,
        "events": {kind: kinds.count(kind) for kind in set(kinds) if not kind.startswith("Operation")},
        "good_told": {event.data["operation_sequence"]: event.data["good_quantity"] for event in told if "OperationFinished" in event.type},
    }  # fmt: skip


@dataclass(frozen=True)
class Account:
    """The same scans, once clean and once over bad connections: where both ended and what the chaos was."""

    pieces: int
    clean: dict[str, object]
    rough: dict[str, object]
    words: set[str]
    answered: int
    doubles: int
    lost: int

    @property
    def right(self) -> bool:
        return self.complete and self.rough == self.clean and self.words == {"applied", "duplicate"}

    @property
    def complete(self) -> bool:
        """True when the clean run counted every piece at every operation: both could be wrong alike."""
        told = self.clean["good_told"]
        return self.clean["state"] == "awaiting_inspection" and told == dict.fromkeys(OPERATIONS, str(self.pieces))


async def both_ways(world: World, seed: int, count: int = SCANS) -> Account:
    """Send `count` scans clean, and the like of them dropped, doubled and shuffled by eight devices."""
    pieces = count // len(OPERATIONS)
    clean = Floor.of(await dispatched(world, pieces), count)
    world.orders.add("SO2", ("A", pieces))
    number = (await world.plan("SO2")).production_orders[0].number
    request = pb.DispatchProductionOrderRequest(context=world.context(), production_order=number, team="一班")
    await world.planning.DispatchProductionOrder(request, None)
    rough = Floor.of(number, count)
    mine = [[scan for scan in rough.scans if scan.device_id == f"pad-{n}"] for n in range(DEVICES)]
    for scan in rough.scans:
        scan.scan_id = f"rough-{scan.scan_id}"  # ids are a device's own; the clean run has used the plain ones
    devices = [Device(scans, random.Random(seed + n)) for n, scans in enumerate(mine)]

    world.clock.advance(SHIFT)  # every scan lies in the past, so that each instant counts as it is
    for batch in in_batches(list(clean.scans)):
        assert {verdict.result for verdict in await send(world, batch)} == {"applied"}
    answers = await asyncio.gather(*(device.empty_its_queue(world) for device in devices))
    return Account(
        pieces=pieces,
        clean=await end_of(world, clean.number), rough=await end_of(world, number),
        words={verdict.result for each in answers for verdict in each.values()}, answered=sum(map(len, answers)),
        doubles=sum(device.doubles for device in devices), lost=sum(device.lost_answers for device in devices),
    )  # fmt: skip


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", SEEDS)
async def test_scans_dropped_doubled_and_shuffled_end_as_the_clean_run(world: World, seed: int) -> None:
    account = await both_ways(world, seed)

    print(f"seed {seed}: {SCANS} scans, {account.doubles} doubles, {account.lost} answers lost")
    assert account.doubles > SCANS * DOUBLED / 2  # the chaos happened
    assert account.lost > SCANS * LOST_ANSWERS / 2
    assert account.complete
    assert account.rough == account.clean
    assert account.words == {"applied", "duplicate"}
    assert account.answered == SCANS


async def test_the_same_queue_sent_thrice_changes_nothing_after_the_first(world: World) -> None:
    floor = Floor.of(await dispatched(world, SCANS // len(OPERATIONS)))
    some = list(floor.scans[:100])
    await send(world, some)
    first = await end_of(world, floor.number)

    again = await send(world, some)
    await send(world, some[::-1])

    assert {verdict.result for verdict in again} == {"duplicate"}
    assert await end_of(world, floor.number) == first
