"""Command line: python -m notify_service serve|migrate|check|replay-dead|republish|audit-verify."""

from __future__ import annotations

from chassis.run import main
from notify_service.wiring import Settings, build

main("notify", Settings, build, append_only=("delivery_attempt",))
