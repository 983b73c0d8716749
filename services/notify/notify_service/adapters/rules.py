"""Subscriptions and channels, kept in memory for as long as nobody changes them."""

from __future__ import annotations

from chassis.sql import text
from notify_service.adapters.quiet_hours import SqlQuietHours
from notify_service.adapters.repositories import Runs, SqlChannels, SqlSubscriptions
from notify_service.adapters.staff import SqlStaff
from notify_service.adapters.vault import Vault
from notify_service.app.ports import Rules
from notify_service.domain.quiet import by_name
from notify_service.domain.subscription import Subscription

# Every change raises its row's version and nothing is ever deleted, so that the sums name one state of the tables.
_VERSION = text("""
SELECT concat_ws(' ', (SELECT concat(count(*), '/', sum(version)) FROM subscription),
                      (SELECT concat(count(*), '/', sum(version)) FROM channel),
                      (SELECT concat(count(*), '/', sum(version)) FROM quiet_hours),
                      (SELECT revision FROM staff))
""")


class KeptRules:
    """One cheap look a batch says whether what is kept still holds, whichever replica changed it."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._kept = Rules("", {}, {})

    async def current(self, runs: Runs) -> Rules:
        """Return the rules as the transaction sees them."""
        version = str((await runs.execute(_VERSION)).scalar_one())
        if version != self._kept.version:
            self._kept = await self._read(runs, version)
        return self._kept

    async def _read(self, runs: Runs, version: str) -> Rules:
        by_event: dict[str, list[Subscription]] = {}
        for entry in await SqlSubscriptions(runs).listed():
            if entry.active:
                by_event.setdefault(entry.event_type, []).append(entry)
        channels = {channel.code: channel for channel in await SqlChannels(runs, self._vault).listed()}
        quiet = by_name(await SqlQuietHours(runs).listed())
        return Rules(version, by_event, channels, quiet, await SqlStaff(runs).get())
