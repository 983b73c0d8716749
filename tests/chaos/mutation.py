"""Planting a mutant, and saying whether the account noticed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.chaos.pipeline import RIGHT

Plant = Callable[[pytest.MonkeyPatch], None]


def none(plant: pytest.MonkeyPatch) -> None:
    """The code as it stands."""


def both(*planted: Plant) -> Plant:
    def plant_all(plant: pytest.MonkeyPatch) -> None:
        for one in planted:
            one(plant)

    return plant_all


def caught(account: dict[str, int], mutant: Plant) -> None:
    """Assert that the account is right without a mutant, and wrong with one."""
    assert (account == RIGHT) is (mutant is none), account
