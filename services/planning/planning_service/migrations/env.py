"""Alembic's entry: the chassis runs it."""

from chassis.migrate import run_environment

run_environment()
