"""Alembic's entry; the chassis runs it inside its advisory lock."""

from chassis.migrate import run_environment

run_environment()
