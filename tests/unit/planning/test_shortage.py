"""What is short, and who could give way for it."""

from __future__ import annotations

from datetime import date

from planning_service.domain.component import Component
from planning_service.domain.giving_way import Claim, behind, displace, rank_of
from planning_service.domain.priority import Urgency
from planning_service.domain.shortage import Shortage, one_per_item, open_shortages
from tests.unit.planning.builders import DAY, d

LATER = date(2027, 1, 1)


def component(item: str, short: int, job: str = "PO1") -> Component:
    return Component("SO1", job, 1, item, f"name of {item}", "m", DAY, d(99), held_short=d(short))


def claim(order: str, reserved: int, urgency: Urgency = Urgency.GREEN, due: date | None = DAY) -> Claim:
    return Claim(order, f"PO-{order}", 1, "WIRE", d(reserved), "m", urgency, due)


def test_shortages_of_one_item_are_added_and_what_is_covered_is_left_out() -> None:
    found = open_shortages(
        [component("WIRE", 3), component("BOLT", 0), component("WIRE", 4, "PO2"), component("CASE", 1)]
    )

    assert found == [Shortage("CASE", "name of CASE", d(1), "m"), Shortage("WIRE", "name of WIRE", d(7), "m")]


def test_of_each_item_the_component_that_lacks_most_is_explained_with_what_all_lack() -> None:
    found = one_per_item([component("WIRE", 3), component("WIRE", 4, "PO2"), component("BOLT", 1)])

    assert [(one.item_code, one.production_order_number, short) for one, short in found] == [
        ("BOLT", "PO1", d(1)), ("WIRE", "PO2", d(7)),
    ]  # fmt: skip


def test_only_those_behind_give_way_the_very_last_first() -> None:
    claims = [
        claim("equal", 1), claim("later", 2, due=LATER), claim("undated", 3, due=None), claim("red", 4, Urgency.RED),
        claim("empty", 0, due=LATER), claim("SO1", 5, due=LATER),
    ]  # fmt: skip

    found = behind(claims, "SO1", rank_of(Urgency.GREEN, DAY))

    assert [one.order_number for one in found] == ["undated", "later"]


def test_each_gives_what_it_holds_until_nothing_is_short() -> None:
    given, left = displace(d(4), [claim("A", 3), claim("B", 3)])
    all_given, still_short = displace(d(9), [claim("A", 3), claim("B", 3)])

    assert [(one.claim.order_number, one.quantity) for one in given] == [("A", d(3)), ("B", d(1))]
    assert (left, len(all_given), still_short) == (d(0), 2, d(3))
