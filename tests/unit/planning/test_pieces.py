"""A trigger pulled twice, and single pieces by serial (X36)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from planning_service.domain.bounce import EarlierScan
from planning_service.domain.piece_passes import PiecePasses
from planning_service.domain.scan import ScanAction, ScanReport
from planning_service.domain.scan_code import ScanCode, read_code
from tests.unit.planning.builders import NOW, d

EARLIER = EarlierScan("pad", "PO1", "finish", 10, NOW)
TWO_SECONDS = timedelta(seconds=2)


def scan(seconds: float, *, device: str = "pad", action: str = "finish", sequence: int | None = None) -> ScanReport:
    return ScanReport("s2", device, "PO1", NOW + timedelta(seconds=seconds), ScanAction(action), sequence)


@pytest.mark.parametrize(
    ("again", "expected"),
    [
        (scan(2), True),
        (scan(-2), True),  # told in another order than scanned
        (scan(2.1), False),
        (scan(-2.1), False),
        (scan(1, sequence=10), True),
        (scan(1, sequence=20), False),
        (scan(1, device="phone"), False),
        (scan(1, action="start"), False),
    ],
)
def test_a_second_pull_is_alike_in_all_but_its_id(again: ScanReport, expected: bool) -> None:
    assert EARLIER.bounces(again, TWO_SECONDS) is expected


def test_a_piece_passes_once_and_once_more_for_each_that_was_sent_back() -> None:
    pieces = PiecePasses()
    first = pieces.may_pass(10, "7", d(0))
    pieces.record(10, "7")

    assert (first, pieces.may_pass(10, "7", d(0)), pieces.may_pass(20, "7", d(0))) == (True, False, True)
    assert pieces.may_pass(10, "7", d(1))

    pieces.record(10, "7")

    assert not pieces.may_pass(10, "7", d(1))
    assert pieces.may_pass(10, "8", d(1))
    assert (pieces.passes[10, "7"], pieces.fresh[10, "7"]) == (2, 2)


@pytest.mark.parametrize(
    ("text", "key", "sequence", "serial"),
    [
        ("PO20261122-0001", "PO20261122-0001", None, None),
        (" PO20261122-0001.20 ", "PO20261122-0001", 20, None),
        ("PO20261122-0001-U7", "PO20261122-0001", None, "7"),
        ("PO20261122-12345-UA7z.20", "PO20261122-12345", 20, "A7z"),
        ("PO20261122-0001-U", "PO20261122-0001-U", None, None),
        ("PO20261122-0001.", "PO20261122-0001.", None, None),
        ("4006381333931", "4006381333931", None, None),
    ],
)
def test_a_code_names_a_job_perhaps_an_operation_perhaps_a_piece(
    text: str, key: str, sequence: int | None, serial: str | None
) -> None:
    assert read_code(text) == ScanCode(key, sequence, serial)
