"""Slows guessing of passwords without letting anyone lock another out (reliability.md 5, row 7)."""

from __future__ import annotations

from gateway_service.limits import Limiter

FAILURES = 10  # of one account from one address, at once
FAILURE_EVERY_SECONDS = 30
ADDRESS_FAILURES = 200  # of one address, whatever the account: a whole warehouse sits behind one


class SignInThrottle:
    """Counts failed sign-ins per (account, address) and per address; good ones cost nothing."""

    def __init__(self) -> None:
        self._pairs = Limiter(1 / FAILURE_EVERY_SECONDS, FAILURES)
        self._addresses = Limiter(1.0, ADDRESS_FAILURES)

    def wait(self, username: str, address: str) -> int:
        """Return the seconds until this account may be tried from this address again; 0 for now."""
        return max(self._pairs.spent(f"{username}|{address}"), self._addresses.spent(address))

    def failed(self, username: str, address: str) -> None:
        """Count a wrong password."""
        self._pairs.wait(f"{username}|{address}")
        self._addresses.wait(address)

    def succeeded(self, username: str, address: str) -> None:
        """Forget this account's failures from this address."""
        self._pairs.forget(f"{username}|{address}")
