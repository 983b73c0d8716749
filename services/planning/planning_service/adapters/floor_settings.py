"""The floor's settings: one row, absent until somebody changes them."""

from __future__ import annotations

from chassis.database import Transaction
from chassis.sql import text
from planning_service.adapters.catalogue_cache import Reader
from planning_service.domain.errors import Stale
from planning_service.domain.floor_settings import FloorSettings
from planning_service.domain.scan import ScanPolicy

_GET = text("SELECT scan_policy, bounce_seconds, acknowledge_minutes, version FROM floor_setting")
_PUT = text("""
INSERT INTO floor_setting (scan_policy, bounce_seconds, acknowledge_minutes, version, changed_at, changed_by)
VALUES (:policy, :bounce, :minutes, 1, :now, :who)
ON CONFLICT (one) DO UPDATE SET scan_policy = :policy, bounce_seconds = :bounce, acknowledge_minutes = :minutes,
  version = floor_setting.version + 1, changed_at = :now, changed_by = :who
WHERE CAST(:expected AS bigint) IS NULL OR floor_setting.version = :expected
RETURNING version
""")


async def settings_now(reader: Reader, usual: FloorSettings) -> FloorSettings:
    """Return the settings as they hold now; `usual` until somebody has changed them."""
    row = (await reader.execute(_GET)).one_or_none()
    if row is None:
        return usual
    return FloorSettings(ScanPolicy(row.scan_policy), row.bounce_seconds, row.acknowledge_minutes, row.version)


async def put_settings(unit: Transaction, wanted: FloorSettings, expected: int | None) -> FloorSettings:
    """Keep new settings; raises Stale when the caller saw older ones."""
    values = {
        "policy": wanted.policy.value, "bounce": wanted.bounce_seconds, "minutes": wanted.acknowledge_minutes,
        "now": unit.now, "who": unit.actor, "expected": expected or None,
    }  # fmt: skip
    version = (await unit.execute(_PUT, values)).scalar_one_or_none()
    if version is None:
        raise Stale(key="floor-settings", expected=expected, actual="newer")
    return FloorSettings(wanted.policy, wanted.bounce_seconds, wanted.acknowledge_minutes, version)
