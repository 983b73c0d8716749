"""Lists as CSV files that a spreadsheet opens without harm: UTF-8 with a mark, no cell taken for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from starlette.responses import Response

from gateway_service import texts

# What makes a cell a formula (OWASP, CSV Injection), also in full width: some spreadsheets run those.
DANGEROUS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def sheet(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Return a CSV file; `columns` are named in Chinese by the texts file."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([texts.say("columns", column) for column in columns])
    writer.writerows([[safe(cell) for cell in row] for row in rows])
    disposition = f"attachment; filename=\"{name}\"; filename*=UTF-8''{quote(name)}"
    content = buffer.getvalue().encode("utf-8-sig")
    return Response(content, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": disposition})


def safe(cell: object) -> str:
    """Return a cell as text; what a spreadsheet would run begins with an apostrophe, negative numbers stay numbers."""
    text = "" if cell is None else str(cell)
    if text.startswith(DANGEROUS) and not _is_number(text):
        return f"'{text}"
    return text


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdigit()
