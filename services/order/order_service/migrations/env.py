"""Alembic environment: the chassis gives the connection."""

from chassis.migrate import run_environment

run_environment()
