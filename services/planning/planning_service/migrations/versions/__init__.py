"""Versions, oldest first; pre adds, post removes."""
