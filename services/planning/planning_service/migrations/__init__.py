"""Migrations of the planning database."""
