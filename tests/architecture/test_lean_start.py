"""A running service loads nothing it never uses: each of these holds megabytes in five processes (issue 2: memory)."""

from __future__ import annotations

import subprocess
import sys

import pytest

NEVER_USED = ("sqlalchemy", "alembic", "rich", "pygments", "prompt_toolkit", "typer")
SERVICES = ("order", "planning", "inventory", "notify", "gateway")


def loaded(modules: str) -> set[str]:
    """Return which of them a fresh process holds after importing `modules`."""
    look = f"import sys, {modules}; print(*(name for name in {NEVER_USED!r} if sys.modules.get(name)))"
    told = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True, timeout=60)
    return set(told.stdout.split())


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_starts_without_what_it_never_uses(service: str) -> None:
    begins = "gateway_service.__main__" if service == "gateway" else "chassis.run"

    assert loaded(f"{service}_service, {begins}, {service}_service.wiring") == set()


def test_what_only_migrations_use_is_noticed() -> None:
    assert loaded("chassis.migrate") >= {"sqlalchemy", "alembic"}
