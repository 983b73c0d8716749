"""Channels and subscriptions in this service's database."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from typing import Any, Protocol

from chassis.sql import Statement, text
from notify_service.adapters.vault import Vault
from notify_service.domain.channel import Channel, carries_secret
from notify_service.domain.subscription import Subscription

_CHANNEL = """code, kind, name, url, sealed_url, sealed_secret, per_minute, active, quiet_from, quiet_to, version"""
_CHANNELS = text(  # columns are constants
    f"SELECT {_CHANNEL} FROM channel WHERE :everything OR code = ANY(CAST(:codes AS text[])) ORDER BY code"  # noqa: S608
)
_SAVE_CHANNEL = text("""
INSERT INTO channel (code, kind, name, url, sealed_url, sealed_secret, per_minute, active, quiet_from, quiet_to)
VALUES (:code, :kind, :name, :url, :sealed_url, :sealed_secret, :per_minute, :active, :quiet_from, :quiet_to)
ON CONFLICT (code) DO UPDATE SET kind = EXCLUDED.kind, name = EXCLUDED.name, url = EXCLUDED.url,
  sealed_url = EXCLUDED.sealed_url, sealed_secret = EXCLUDED.sealed_secret, per_minute = EXCLUDED.per_minute,
  active = EXCLUDED.active, quiet_from = EXCLUDED.quiet_from, quiet_to = EXCLUDED.quiet_to, version = channel.version + 1
RETURNING version
""")
# A changed channel is tried at once: whatever it was resting for may be mended.
_SAVE_STATE = text("""
INSERT INTO channel_state (code) VALUES (:code)
ON CONFLICT (code) DO UPDATE SET blocked_until = 'epoch', ready_at = 'epoch', failures = 0
""")
_SUBSCRIPTION = """code, event_type, condition, channel, role, template, active, expire_hours, once_per, escalate_minutes,
  escalate_channel, quiet_from, quiet_to, version"""
_SUBSCRIPTIONS = text(f"SELECT {_SUBSCRIPTION} FROM subscription WHERE :everything OR code = :code ORDER BY code")  # noqa: S608
_SAVE_SUBSCRIPTION = text("""
INSERT INTO subscription (code, event_type, condition, channel, role, template, active, expire_hours, once_per,
  escalate_minutes, escalate_channel, quiet_from, quiet_to)
VALUES (:code, :event_type, :condition, :channel, :role, :template, :active, :expire_hours, :once_per,
  :escalate_minutes, :escalate_channel, :quiet_from, :quiet_to)
ON CONFLICT (code) DO UPDATE SET event_type = EXCLUDED.event_type, condition = EXCLUDED.condition,
  channel = EXCLUDED.channel, role = EXCLUDED.role, template = EXCLUDED.template, active = EXCLUDED.active,
  expire_hours = EXCLUDED.expire_hours, once_per = EXCLUDED.once_per, escalate_minutes = EXCLUDED.escalate_minutes,
  escalate_channel = EXCLUDED.escalate_channel, quiet_from = EXCLUDED.quiet_from, quiet_to = EXCLUDED.quiet_to,
  version = subscription.version + 1
RETURNING version
""")


class Runs(Protocol):
    """A transaction or a read connection."""

    async def execute(self, statement: Statement, params: dict[str, Any] | None = None, /) -> Any: ...


class SqlChannels:
    """Channels; addresses that carry a key and secrets are sealed."""

    def __init__(self, runs: Runs, vault: Vault) -> None:
        self._runs = runs
        self._vault = vault

    async def get(self, code: str) -> Channel | None:
        return next(iter(await self.listed([code])), None)

    async def listed(self, codes: Collection[str] | None = None) -> list[Channel]:
        rows = await self._runs.execute(_CHANNELS, {"everything": codes is None, "codes": list(codes or ())})
        return [channel_of(row, self._vault) for row in rows]

    async def save(self, channel: Channel) -> Channel:
        hidden = carries_secret(channel.url)
        values = {
            "code": channel.code, "kind": channel.kind, "name": channel.name, "per_minute": channel.per_minute,
            "active": channel.active, "quiet_from": channel.quiet_from, "quiet_to": channel.quiet_to,
            "url": "" if hidden else channel.url,
            "sealed_url": self._vault.seal(channel.url, f"{channel.code}/url") if hidden else None,
            "sealed_secret": self._vault.seal(channel.secret, f"{channel.code}/secret") if channel.secret else None,
        }  # fmt: skip
        await self._runs.execute(_SAVE_CHANNEL, values)
        await self._runs.execute(_SAVE_STATE, {"code": channel.code})
        saved = await self.get(channel.code)
        assert saved is not None
        return saved


def channel_of(row: Any, vault: Vault) -> Channel:
    """Return the channel of a row that has its columns."""
    return Channel(
        code=row.code, kind=row.kind, name=row.name, per_minute=row.per_minute, active=row.active,
        url=row.url or vault.open(row.sealed_url, f"{row.code}/url"),
        secret=vault.open(row.sealed_secret, f"{row.code}/secret"),
        quiet_from=row.quiet_from, quiet_to=row.quiet_to, version=row.version,
    )  # fmt: skip


class SqlSubscriptions:
    """Subscriptions as they are now."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs

    async def get(self, code: str) -> Subscription | None:
        rows = await self._runs.execute(_SUBSCRIPTIONS, {"everything": False, "code": code})
        return next((_subscription(row) for row in rows), None)

    async def listed(self) -> list[Subscription]:
        return [
            _subscription(row) for row in await self._runs.execute(_SUBSCRIPTIONS, {"everything": True, "code": ""})
        ]

    async def save(self, subscription: Subscription) -> Subscription:
        await self._runs.execute(_SAVE_SUBSCRIPTION, asdict(subscription))
        saved = await self.get(subscription.code)
        assert saved is not None
        return saved


def _subscription(row: Any) -> Subscription:
    return Subscription(**row)
