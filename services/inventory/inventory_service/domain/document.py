"""Numbers people see: prefix, the factory's date, a running number."""

from __future__ import annotations

from datetime import date

RECEIPT, SHIPMENT, RETURN, EXPECTED = "GR", "SH", "RT", "ER"


def document_number(prefix: str, day: date, running: int) -> str:
    """Return for example SH20261122-0001; the running number has four digits or more, gaps allowed."""
    return f"{prefix}{day:%Y%m%d}-{running:04d}"
