"""Slows guessing of passwords without letting anyone lock another out (reliability.md 5, row 7)."""

from __future__ import annotations

from gateway_service.limits import Limiter

FAILURES = 10  # of one account from one network, at once
FAILURE_EVERY_SECONDS = 30
NETWORK_FAILURES = 200  # of one network, whatever the account: a whole warehouse sits behind one


class SignInThrottle:
    """Counts tries per (account, network) and per network before the password is looked at; good ones cost nothing.

    Counting failures afterwards would let a hundred guesses sent at the same moment all pass before the first one counts.
    """

    def __init__(self) -> None:
        self._pairs = Limiter(1 / FAILURE_EVERY_SECONDS, FAILURES)
        self._networks = Limiter(1.0, NETWORK_FAILURES)

    def wait(self, username: str, network: str) -> int:
        """Take one try; return 0, or the seconds until this account may be tried from this network again."""
        pair = _pair(username, network)
        if wait := max(self._pairs.spent(pair), self._networks.spent(network)):
            return wait
        return self._pairs.wait(pair) or self._networks.wait(network)

    def succeeded(self, username: str, network: str) -> None:
        """Forget this account's tries from this network."""
        self._pairs.forget(_pair(username, network))
        self._networks.give_back(network)


def _pair(username: str, network: str) -> str:
    return f"{username}|{network}"
