"""Passwords: Argon2id in a thread, two at a time, the same work for an unknown user (reliability.md 5, row 7)."""

from __future__ import annotations

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

AT_ONCE = 2
MIN_LENGTH = 8
MAX_LENGTH = 256


class Passwords:
    """Hashes and checks; each hash costs about 64 MiB and a tenth of a second."""

    def __init__(self, memory_kib: int = 65536) -> None:
        self._hasher = PasswordHasher(memory_cost=memory_kib)
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """Return the Argon2id hash of a password."""
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, stored: str | None, password: str) -> bool:
        """Compare with the stored hash; without one, do the same work and say no."""
        self._nobody = self._nobody or await self.hash(secrets.token_hex())  # by whoever comes first, known or not
        async with self._turn:
            return await asyncio.to_thread(self._verify, stored or self._nobody, password) and bool(stored)

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False
