"""Secrets at rest: AES-256-GCM with a key from the settings; without a key nothing secret is stored."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from notify_service.domain.errors import SecretsKeyMissing

NONCE_BYTES = 12


class Vault:
    """Seals texts for one place each (`place` is bound into the seal), so that rows can't be swapped."""

    def __init__(self, key_hex: str = "") -> None:
        self._box = AESGCM(bytes.fromhex(key_hex)) if key_hex else None

    def seal(self, text: str, place: str) -> bytes:
        """Return the sealed text; raise SecretsKeyMissing."""
        if self._box is None:
            raise SecretsKeyMissing(allowed=[])
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._box.encrypt(nonce, text.encode(), place.encode())

    def open(self, sealed: bytes | None, place: str) -> str:
        """Return the text; empty when there is none, or when the key is not the one it was sealed with."""
        if sealed is None or self._box is None:
            return ""
        try:
            return self._box.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.encode()).decode()
        except InvalidTag:
            return ""
