"""Spreadsheets as people send them: xlsx, xls or csv to rows of text. A bomb is refused before it is unpacked."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from python_calamine import CalamineWorkbook

from planning_service.domain.bom_sheet import SheetRow
from planning_service.domain.errors import FieldError, Invalid

MAX_BYTES = 3 * 1024 * 1024
MAX_UNPACKED_BYTES = 100 * 1024 * 1024
MAX_ENTRIES = 1000
MACROS = "vbaproject.bin"
MAX_RATIO = 100
MAX_ROWS = 50_000
ENCODINGS = ("utf-8-sig", "gb18030")
COLUMNS = 5


def rows_of(content: bytes) -> list[SheetRow]:
    """Return the data rows of the first sheet; raises Invalid for what is no table of five columns."""
    if not content or len(content) > MAX_BYTES:
        raise _refuse("FILE_TOO_LARGE" if content else "REQUIRED", max_mb=MAX_BYTES // 1024 // 1024)
    table = _spreadsheet(content) if content[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0") else _csv(content)
    if len(table) > MAX_ROWS:
        raise _refuse("TOO_MANY", max=MAX_ROWS)
    rows = [SheetRow(number, _five(cells)) for number, cells in enumerate(table, 1)]
    first = next((i for i, row in enumerate(rows) if not row.is_blank()), len(rows))
    return [row for row in rows[_after_header(rows, first) :] if not row.is_blank()]


def _after_header(rows: Sequence[SheetRow], first: int) -> int:
    """Return the index of the first data row: titles and the header have no number where the quantity stands."""
    for index in range(first, min(first + 10, len(rows))):
        if _is_number(rows[index].cells[3]):
            return index
    return min(first + 1, len(rows))


def _is_number(text: str) -> bool:
    try:
        Decimal(text.strip())
    except ArithmeticError:
        return False
    return True


def _five(cells: Sequence[Any]) -> tuple[str, str, str, str, str]:
    texts = [_text(cell) for cell in cells[:COLUMNS]] + [""] * (COLUMNS - len(cells))
    return texts[0], texts[1], texts[2], texts[3], texts[4]


def _text(cell: Any) -> str:
    """Return a cell as people see it: a spreadsheet keeps 7 as 7.0 and 0.1 as the nearest binary number."""
    if isinstance(cell, float):
        return format(Decimal(repr(cell)).normalize(), "f") if cell == cell and abs(cell) < 1e30 else str(cell)
    return str(cell).replace("\x00", "")


def _spreadsheet(content: bytes) -> list[list[Any]]:
    if content[:2] == b"PK":
        _refuse_bomb(content)
    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    except MemoryError:
        raise
    except Exception as error:  # the reader has an error class for each of its formats
        raise _refuse("FILE_UNREADABLE") from error


def _refuse_bomb(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except zipfile.BadZipFile as error:
        raise _refuse("FILE_UNREADABLE") from error
    if any(entry.filename.lower().endswith(MACROS) for entry in entries):
        raise _refuse("FILE_HAS_MACROS")
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED_BYTES or unpacked > MAX_RATIO * len(content):
        raise _refuse("FILE_TOO_LARGE", max_mb=MAX_UNPACKED_BYTES // 1024 // 1024)


def _csv(content: bytes) -> list[list[str]]:
    for encoding in ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        delimiter = max(",;\t", key=text[:2000].count)
        try:
            return list(csv.reader(io.StringIO(text), delimiter=delimiter))
        except csv.Error as error:
            raise _refuse("FILE_UNREADABLE") from error
    raise _refuse("FILE_UNREADABLE")


def _refuse(reason: str, **params: object) -> Invalid:
    return Invalid([FieldError("content", reason, params)])
