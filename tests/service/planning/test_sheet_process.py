"""What a file does to its reader ends with the reader: a bomb is refused and the service lives on (security, row 19)."""

from __future__ import annotations

import io
import os
import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
from orderhub.planning.v1 import master_pb2 as m

from planning_service.adapters import sheet_process
from planning_service.adapters.sheet_process import rows_apart
from planning_service.domain.errors import Invalid
from tests.service.planning.conftest import World

MOST_CPU_SECONDS = 2.0  # of the reader, which needs 0.3; it is ended at CPU_SECONDS


def book(rows: int = 1, sheet: Callable[[bytes], bytes] = lambda said: said, **beside: bytes) -> bytes:
    """Return a workbook; `sheet` changes its first sheet's XML, `beside` adds entries."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as workbook:
        page = workbook.add_worksheet()
        for n in range(rows):
            page.write_row(n, 0, ["A", "WIRE", "", 1 + n, "R1"])
    changed = io.BytesIO()
    with zipfile.ZipFile(made) as before, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            said = before.read(name)
            after.writestr(name, sheet(said) if name.endswith("sheet1.xml") else said)
        for name, said in beside.items():
            after.writestr(name, said)
    return changed.getvalue()


def said_by(process: Path) -> str:
    try:
        return process.read_text()
    except OSError:  # it is gone
        return ""


def cpu_of_children() -> float:
    """Return the processor seconds all ended children took: unlike the clock, the same on a busy box."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def reason(content: bytes) -> str:
    with pytest.raises(Invalid) as refused:
        rows_apart(content)
    return str(refused.value.fields[0].reason)


def far(said: bytes) -> bytes:
    """Two cells at the opposite ends of a sheet: a reader that lays out what is between needs hundreds of gigabytes."""
    return said.replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')


def test_a_table_is_the_same_read_apart() -> None:
    assert [row.cells for row in rows_apart(book(3))] == [("A", "WIRE", "", str(n), "R1") for n in (1, 2, 3)]
    assert rows_apart("甲,乙,丙,1,丁\n".encode("gb18030"))[0].cells == ("甲", "乙", "丙", "1", "丁")


def test_memory_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_process, "READER", "tests.service.planning.greedy_reader")

    assert reason(b"memory") == "FILE_TOO_HEAVY"


def test_work_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_process, "READER", "tests.service.planning.greedy_reader")
    monkeypatch.setenv("GREEDY_CPU_SECONDS", "1")

    assert reason(b"work") == "FILE_TOO_HEAVY"


def test_waiting_without_end_is_refused_and_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_process, "READER", "tests.service.planning.greedy_reader")
    monkeypatch.setattr(sheet_process, "DEADLINE_SECONDS", 1.0)

    assert reason(b"wait") == "FILE_TOO_HEAVY"
    assert not [one for one in Path("/proc").glob("[0-9]*/cmdline") if "greedy_reader" in said_by(one)]


def test_the_reader_holds_no_secret_and_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_process, "READER", "tests.service.planning.greedy_reader")
    monkeypatch.setenv("ORDERHUB_SIGNING_KEY", "secret")

    for what in (b"environment", b"file", b"socket"):
        assert rows_apart(what)[0].cells[0] == "none"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (book(sheet=lambda said: said + b" " * 60_000_000), "FILE_TOO_LARGE"),
        (book(sheet=far), "FILE_TOO_HEAVY"),
        (book(**{f"x/{n}.xml": b"" for n in range(1000)}), "FILE_TOO_LARGE"),
        (book(**{"xl/vbaProject.bin": b"x"}), "FILE_HAS_MACROS"),
        (book(sheet=lambda said: b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]>" + said[:50]), ""),
    ],
    ids=["blown up", "two cells far apart", "a thousand entries", "macros", "entities"],
)
def test_a_bomb_is_refused_soon(content: bytes, expected: str) -> None:
    before = cpu_of_children()

    if expected:
        assert reason(content) == expected
    else:
        assert reason(content) in {"FILE_UNREADABLE", "REQUIRED"} or rows_apart(content) == []
    assert cpu_of_children() - before < MOST_CPU_SECONDS


def test_a_directory_that_lies_about_sizes_is_caught() -> None:
    honest = book(sheet=lambda said: said.replace(b"<sheetData>", b"<sheetData>" + b"<row><c/></row>" * 14_000_000))
    with zipfile.ZipFile(io.BytesIO(honest)) as archive:
        size = next(entry.file_size for entry in archive.infolist() if entry.filename.endswith("sheet1.xml"))
    lying = honest.replace(size.to_bytes(4, "little"), (900).to_bytes(4, "little"))

    assert size > 200_000_000
    assert lying != honest
    assert reason(honest) == "FILE_TOO_LARGE"
    assert reason(lying) in {"FILE_TOO_HEAVY", "FILE_UNREADABLE"}


async def test_the_service_lives_on(world: World) -> None:
    await world.motor_factory()
    pid = os.getpid()
    with pytest.raises(Invalid):
        await world.master.ImportBoms(m.ImportBomsRequest(context=world.context(), content=book(sheet=far)), None)

    answer = await world.master.ImportBoms(m.ImportBomsRequest(context=world.context(), content=book()), None)

    assert (os.getpid(), answer.row_count) == (pid, 1)


def test_the_reader_starts_with_what_a_table_needs_and_no_more() -> None:
    """A reader that loaded the whole service would take longer than the table."""
    found = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", f"import {sheet_process.READER}"], capture_output=True, text=True,
        check=True, cwd=Path.cwd(),
    )  # fmt: skip

    assert "grpc" not in found.stderr
    assert "asyncpg" not in found.stderr
