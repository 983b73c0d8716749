"""Tracking tokens: a keyed hash over the order and an epoch, shown again at will, revoked by raising the epoch (S30)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from uuid import UUID

MAC_BYTES = 17  # 136 bits: with the 16 of the id no padding is needed
TOKEN_LENGTH = 44


def tracking_token(key: bytes, order_id: UUID, epoch: int) -> str:
    """Return the token of an order; it carries the id so that it can be found without a table of tokens."""
    return base64.urlsafe_b64encode(order_id.bytes + _mac(key, order_id, epoch)).decode()


def order_id_in(token: str) -> UUID | None:
    """Return the order a token names; it proves nothing yet."""
    if len(token) != TOKEN_LENGTH or not token.isascii():
        return None
    try:
        return UUID(bytes=base64.urlsafe_b64decode(token)[:16])
    except (binascii.Error, ValueError):
        return None


def is_genuine(key: bytes, token: str, order_id: UUID, epoch: int) -> bool:
    """True when the token was made with this key for this order and epoch (constant time)."""
    return hmac.compare_digest(token.encode(), tracking_token(key, order_id, epoch).encode())


def _mac(key: bytes, order_id: UUID, epoch: int) -> bytes:
    return hmac.new(key, order_id.bytes + epoch.to_bytes(4, "big"), hashlib.sha256).digest()[:MAC_BYTES]
