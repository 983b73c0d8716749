"""The days of reports."""

from __future__ import annotations

from datetime import date

import pytest

from order_service.entrypoints.periods import days_before


@pytest.mark.parametrize(
    ("first", "last", "before"),
    [
        ("2026-03-01", "2026-03-31", ("2026-01-29", "2026-02-28")),
        ("2026-03-01", "2026-03-01", ("2026-02-28", "2026-02-28")),
        ("2000-01-01", "8999-12-31", ("1970-01-01", "1999-12-31")),
        ("1970-01-01", "2026-12-31", ("1970-01-01", "1970-01-01")),
    ],
)
def test_the_period_before_is_as_long_and_begins_with_the_calendar(
    first: str, last: str, before: tuple[str, str]
) -> None:
    found = days_before(date.fromisoformat(first), date.fromisoformat(last))

    assert tuple(day.isoformat() for day in found) == before
