"""Public order forms: a code per salesperson or group, printed as a QR, revocable (S23, S24)."""

from __future__ import annotations

import re
import secrets
import struct
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import zxingcpp

from chassis.database import Database, Transaction
from chassis.sql import text

CODE = re.compile(r"[A-Za-z0-9_-]{1,64}")
CODE_BYTES = 9  # 72 random bits: nobody finds a form by trying
PIXELS_EACH = 8
_COLUMNS = "code, label, sales_owner, created_by, created_at, revoked_at, item_codes, version"
_ADD = text(f"""
INSERT INTO forms (code, label, sales_owner, created_by, created_at, item_codes)
VALUES (:code, :label, :owner, :who, :now, :items)
RETURNING {_COLUMNS}
""")  # noqa: S608  constants
_FIND = text(f"SELECT {_COLUMNS} FROM forms WHERE code = :code")  # noqa: S608  constants
_LIST = text(f"""
SELECT {_COLUMNS} FROM forms WHERE (created_at, code) < (:at, :code) ORDER BY created_at DESC, code DESC LIMIT :limit
""")  # noqa: S608  constants
_REVOKE = text(f"""
UPDATE forms SET revoked_at = coalesce(revoked_at, :now) WHERE code = :code RETURNING {_COLUMNS}
""")  # noqa: S608  constants
_CHANGE = text(f"""
UPDATE forms SET label = coalesce(CAST(:label AS text), label), sales_owner = coalesce(CAST(:owner AS text), sales_owner),
  item_codes = coalesce(CAST(:items AS text[]), item_codes), version = version + 1
WHERE code = :code AND revoked_at IS NULL AND version = :version RETURNING {_COLUMNS}
""")  # noqa: S608  constants
FIRST = (datetime(9999, 1, 1, tzinfo=UTC), "")


def shown(row: Any, public_url: str) -> dict[str, Any]:
    """Return a form as its owners see it."""
    return {
        "code": row.code, "label": row.label, "sales_owner": row.sales_owner or None, "created_by": row.created_by,
        "created_at": row.created_at.isoformat(timespec="microseconds"),
        "item_codes": list(row.item_codes), "version": row.version,
        "revoked_at": row.revoked_at and row.revoked_at.isoformat(timespec="milliseconds"),
        "url": f"{public_url.rstrip('/')}/f/{row.code}",
    }  # fmt: skip


async def add(unit: Transaction, label: str, sales_owner: str, items: Sequence[str] = ()) -> Any:
    """Make a form with a code of its own; without items it offers whatever the factory makes."""
    code = secrets.token_urlsafe(CODE_BYTES)
    params = {"code": code, "label": label, "owner": sales_owner, "who": unit.actor, "now": unit.now}
    return (await unit.execute(_ADD, params | {"items": list(dict.fromkeys(items))})).one()


async def change(unit: Transaction, code: str, version: int, given: Mapping[str, Any]) -> Any:
    """Change name, owner or goods of an open form; None when it is closed or somebody was faster."""
    items = given.get("item_codes")
    values = {
        "code": code, "version": version, "label": given.get("label"), "owner": given.get("sales_owner"),
        "items": None if items is None else list(dict.fromkeys(items)),
    }  # fmt: skip
    return (await unit.execute(_CHANGE, values)).one_or_none()


async def revoke(unit: Transaction, code: str) -> Any:
    """Close a form for good."""
    return (await unit.execute(_REVOKE, {"code": code, "now": unit.now})).one_or_none()


async def find(database: Database, code: str) -> Any:
    """Return one form, closed ones too."""
    if not CODE.fullmatch(code):
        return None
    async with database.read() as connection:
        return (await connection.execute(_FIND, {"code": code})).one_or_none()


async def listed(database: Database, before: tuple[datetime, str], limit: int) -> list[Any]:
    """Return forms, newest first."""
    async with database.read() as connection:
        params = {"at": before[0], "code": before[1], "limit": limit}
        return list(await connection.execute(_LIST, params))


def qr_png(content: str) -> bytes:
    """Return a QR code as a black and white PNG (ISO/IEC 15948), ready to print."""
    drawn: Any = zxingcpp.create_barcode(content, zxingcpp.BarcodeFormat.QRCode).to_image(scale=PIXELS_EACH)
    image = memoryview(drawn)
    height, width = image.shape or (0, 0)
    pixels = image.tobytes()
    rows = b"".join(b"\x00" + pixels[line * width : (line + 1) * width] for line in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in chunks)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
