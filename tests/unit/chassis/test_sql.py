"""Statements as Postgres reads them, and what this process knows to be applied."""

from __future__ import annotations

import pytest

from chassis.outbox import Mark
from chassis.seen import SUBJECTS, Seen
from chassis.sql import Rows, Unexpected, compiled, text


def test_a_name_used_twice_is_one_parameter_and_a_cast_is_none() -> None:
    statement = text("SELECT :b, x::text, CAST(:a AS text[]) WHERE :a <> ''")

    assert compiled(statement) == ("SELECT $1, x::text, CAST($2 AS text[]) WHERE $2 <> ''", ("b", "a"))


def test_one_row_means_one_row() -> None:
    none = Rows([])

    assert (none.first(), none.one_or_none(), none.scalar(), none.scalars(), len(none)) == (None, None, None, [], 0)
    with pytest.raises(Unexpected):
        none.one()


def test_what_was_applied_is_known_until_it_is_forgotten() -> None:
    seen = Seen()
    seen.note({("order", "orders/1"): 3})
    seen.note({("order", "orders/1"): 2})

    assert seen.has(Mark("order", "orders/1", 3))
    assert not seen.has(Mark("order", "orders/1", 4))
    assert not seen.has(Mark("planning", "orders/1", 1))
    seen.note({("order", f"orders/{n}"): 1 for n in range(2, SUBJECTS + 2)})
    assert not seen.has(Mark("order", "orders/1", 3))
