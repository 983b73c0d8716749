"""Fault drills: a real stack under load is hurt on purpose, and afterwards everything is counted."""
