"""Small pieces every paper needs: its words, a QR picture, local instants."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import zxingcpp

from gateway_service import texts
from gateway_service.lead_time import FACTORY


def words(section: str) -> dict[str, str]:
    """Return the words of one paper."""
    return dict(texts.book()[section])


def qr(code: str) -> str:
    """Return a code as a QR picture in SVG."""
    drawn: str = zxingcpp.create_barcode(code, zxingcpp.BarcodeFormat.QRCode).to_svg()
    return drawn


def local(instant: str | datetime | None) -> str:
    """Return an instant to the minute in the factory's zone; nothing for none."""
    if not instant:
        return ""
    moment = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    return moment.astimezone(FACTORY).strftime("%Y-%m-%d %H:%M")


def with_unit(quantity: str | None, unit: str | None) -> str:
    """Return a quantity with its unit."""
    return f"{quantity or '0'} {unit or ''}".strip()


def facts(pairs: Mapping[str, object]) -> list[list[str]]:
    """Return what is known, by name; what is not is left out, and the last place is filled up."""
    known = [[name, str(value)] for name, value in pairs.items() if value]
    return known if len(known) % 2 == 0 else [*known, ["", ""]]
