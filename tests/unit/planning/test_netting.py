"""Netting, pick list, shortages, alternates."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from planning_service.domain.bom import Alternate
from planning_service.domain.explosion import explode
from planning_service.domain.item import Supply
from planning_service.domain.plan import DemandLine, plan_order
from planning_service.domain.structure import compile_structure
from tests.unit.planning import oracle
from tests.unit.planning.builders import DAY, catalogue, d, item, line, version
from tests.unit.planning.dags import EXAMPLES, dags


def plan(cat, *demands, **available):
    lines = [DemandLine(n, code, Decimal(str(q)), DAY) for n, (code, q) in enumerate(demands, 1)]
    stock = {code.replace("_", "-"): Decimal(str(q)) for code, q in available.items()}
    return plan_order(lines, cat, stock)


def picks(made):
    return {p.item.code: (p.required, p.reserved, p.short) for p in made.pick_list()}


def drafts(made):
    return {(x.line_no, x.item.code): x.quantity for x in made.drafts()}


def motor_factory():
    return catalogue(
        [item("A", "make", "台"), item("B", "make", "台"), item("C"), item("WIRE"), item("CASE", unit="个")],
        A=version(line("WIRE", "7.5"), line("CASE", 1)),
        B=version(line("WIRE", 10), line("CASE", 2)),
    )


def test_half_a_piece_in_stock_is_no_piece() -> None:
    made = plan(motor_factory(), ("A", 3), CASE="2.5", WIRE="22.5")

    assert picks(made) == {"CASE": (d(3), d(2), d(1)), "WIRE": (d("22.5"), d("22.5"), d(0))}


def test_the_article_order_gives_production_orders_one_pick_list_and_the_shortage() -> None:
    made = plan(motor_factory(), ("A", 2), ("B", 1), ("C", 5), C=100, WIRE=20, CASE=10)

    assert drafts(made) == {(1, "A"): d(2), (2, "B"): d(1)}
    assert picks(made) == {"C": (d(5), d(5), d(0)), "CASE": (d(4), d(4), d(0)), "WIRE": (d(25), d(20), d(5))}
    assert [(s.item_code, s.short) for s in made.shortages()] == [("WIRE", d(5))]


def test_enough_to_the_millimetre_is_no_shortage() -> None:
    assert plan(motor_factory(), ("A", 2), WIRE=15, CASE=2).shortages() == []


def test_finished_goods_in_stock_are_used_before_making_more() -> None:
    made = plan(motor_factory(), ("A", 5), A=2, WIRE=100, CASE=100)

    assert drafts(made) == {(1, "A"): d(3)}
    assert picks(made)["A"] == (d(2), d(2), d(0))
    assert picks(made)["WIRE"] == (d("22.5"), d("22.5"), d(0))


def sub_factory():
    return catalogue(
        [item("A", "make", "台"), item("B", "make", "台"), item("S", "make", "个"), item("C")],
        A=version(line("S", 2)),
        B=version(line("S", 1)),
        S=version(line("C", 3)),
    )


def test_sub_assemblies_are_netted_first_and_the_rest_becomes_a_child() -> None:
    made = plan(sub_factory(), ("A", 5), S=4, C=100)

    assert drafts(made) == {(1, "A"): d(5), (1, "S"): d(6)}
    child = next(x for x in made.drafts() if x.item.code == "S")
    assert made.drafts()[child.parent].item.code == "A"
    assert picks(made) == {"S": (d(4), d(4), d(0)), "C": (d(18), d(18), d(0))}


def test_a_shared_sub_assembly_in_stock_is_counted_once_over_two_lines() -> None:
    made = plan(sub_factory(), ("A", 2), ("B", 3), S=5, C=100)

    assert drafts(made) == {(1, "A"): d(2), (2, "B"): d(3), (2, "S"): d(2)}
    assert picks(made)["C"] == (d(6), d(6), d(0))


def test_the_earlier_due_line_takes_stock_first() -> None:
    lines = [DemandLine(1, "B", d(3), DAY), DemandLine(2, "A", d(2), DAY - timedelta(days=1))]

    made = plan_order(lines, sub_factory(), {"S": d(4), "C": d(100)})

    assert drafts(made) == {(2, "A"): d(2), (1, "B"): d(3), (1, "S"): d(3)}


def test_pieces_are_rounded_up_once_over_the_whole_pick_list() -> None:
    # 10 x 1.03 + 10 x 1.03 = 20.6 screws: 21, not 11 + 11
    cat = catalogue(
        [item("A", "make", "台"), item("B", "make", "台"), item("SCREW", unit="个")],
        A=version(line("SCREW", 1, scrap_rate="0.03")),
        B=version(line("SCREW", 1, scrap_rate="0.03")),
    )

    made = plan(cat, ("A", 10), ("B", 10), SCREW=100)

    assert picks(made) == {"SCREW": (d(21), d(21), d(0))}
    assert [n.required // 1_000_000 for x in made.drafts() for n in x.components.values()] == [11, 10]


def test_a_fractional_sub_assembly_is_made_whole_and_its_parts_stay_exact() -> None:
    cat = catalogue(
        [item("A", "make", "台"), item("S", "make", "个"), item("C")],
        A=version(line("S", 1, scrap_rate="0.03")),
        S=version(line("C", 2)),
    )

    made = plan(cat, ("A", 10), C=100)

    assert drafts(made) == {(1, "A"): d(10), (1, "S"): d(11)}
    assert picks(made)["C"][0] == d("20.6")


def test_a_rounding_multiple_rounds_the_consolidated_pick() -> None:
    cat = catalogue(
        [item("A", "make", "台"), item("B", "make", "台"), item("C")],
        A=version(line("C", 3, rounding_multiple=100)),
        B=version(line("C", 4, rounding_multiple=100)),
    )

    assert picks(plan(cat, ("A", 10), ("B", 10), C=1000))["C"][0] == d(100)


def test_a_line_that_cannot_be_planned_takes_nothing_and_stops_nobody() -> None:
    cat = catalogue(
        [item("A", "make", "台"), item("S", "make"), item("B", "make", "台"), item("C"), item("N", "make", "台")],
        A=version(line("C", 10), line("S", 1)),
        B=version(line("C", 10)),
        N=version(line("C", 1), routing=None),
    )

    made = plan(cat, ("A", 1), ("B", 1), ("N", 1), ("GHOST", 1), ("B", "1.5"), C=10)

    assert [(u.line_no, u.refusal.reason, u.refusal.params.get("item")) for u in made.unplanned] == [
        (1, "NO_BOM", "S"),
        (3, "NO_ROUTING", "N"),
        (4, "ITEM_UNKNOWN", "GHOST"),
        (5, "QUANTITY_NOT_WHOLE", "B"),
    ]
    assert picks(made) == {"C": (d(10), d(10), d(0))}


def test_a_sub_assembly_without_bill_is_no_problem_while_stock_covers_it() -> None:
    cat = catalogue([item("A", "make", "台"), item("S", "make")], A=version(line("S", 1)))

    made = plan(cat, ("A", 1), S=1)

    assert made.unplanned == []


def test_no_version_on_the_need_date() -> None:
    cat = catalogue(
        [item("A", "make", "台"), item("C")],
        A=[version(line("C"), end=DAY - timedelta(days=1)), version(line("C"), start=DAY + timedelta(days=1))],
    )

    assert plan(cat, ("A", 1)).unplanned[0].refusal.reason == "NO_EFFECTIVE_BOM"


def alternates_factory():
    choices = (Alternate("ALT2", 2, d(1)), Alternate("ALT1", 1, d("1.5")))
    return catalogue(
        [item("A", "make", "台"), item("C", unit="个"), item("ALT1"), item("ALT2")],
        A=version(line("C", 1, alternates=choices)),
    )


def test_alternates_cover_by_priority_and_ratio_and_the_rest_is_short() -> None:
    # 10 wanted, 4 here; ALT1 at 1.5 covers 2 with its 3; ALT2 covers 3; 1 stays short
    made = plan(alternates_factory(), ("A", 10), C=4, ALT1="3.2", ALT2=3)

    assert picks(made) == {"C": (d(5), d(4), d(1)), "ALT1": (d(3), d(3), d(0)), "ALT2": (d(3), d(3), d(0))}
    stand_ins = {n.item.code: n.substitutes for n in made.needs() if n.substitutes}
    assert stand_ins == {"ALT1": "C", "ALT2": "C"}


def test_alternates_are_left_alone_while_the_component_suffices() -> None:
    assert set(picks(plan(alternates_factory(), ("A", 4), C=4, ALT1=100, ALT2=100))) == {"C"}


def test_a_phantom_with_own_stock_uses_it_first() -> None:
    cat = catalogue(
        [item("A", "make", "台"), item("P", "phantom", "个", stock_first=True), item("C")],
        A=version(line("P", 1)),
        P=version(line("C", 2)),
    )

    assert picks(plan(cat, ("A", 5), P=2, C=100)) == {"P": (d(2), d(2), d(0)), "C": (d(6), d(6), d(0))}


def test_phantom_components_belong_to_the_parent_that_asked() -> None:
    cat = catalogue(
        [item("A", "make", "台"), item("S", "make", "个"), item("P", "phantom"), item("C")],
        A=version(line("S", 1), line("P", 2)),
        S=version(line("P", 3)),
        P=version(line("C", 1)),
    )

    made = plan(cat, ("A", 1), C=100)

    assert {x.item.code: {c: n.required // 10**6 for c, n in x.components.items()} for x in made.drafts()} == {
        "A": {"S": 1, "C": 2},
        "S": {"C": 3},
    }


def test_the_setup_of_a_phantom_is_lost_once_as_the_explosion_says() -> None:
    # A takes 2 P itself and 3 through S: 5 C and one setup of 7, in the preview and in the plan alike
    cat = catalogue(
        [item("A", "make", "台"), item("S", "make", "个"), item("P", "phantom"), item("C")],
        A=version(line("S", 1), line("P", 2)),
        S=version(line("P", 3)),
        P=version(line("C", 1, setup_quantity=7)),
    )
    structure = compile_structure(cat, "A", DAY, supply=Supply.MAKE)

    assert picks(plan(cat, ("A", 1), C=100))["C"][0] == d(12)
    assert {r.item.code: r.required for r in explode(structure, d(1))} == {"S": d(1), "C": d(12)}


def test_an_absurd_quantity_is_refused_not_rounded() -> None:
    cat = catalogue([item("A", "make", "台"), item("C")], A=version(line("C", 999999)))

    made = plan(cat, ("A", 999999999), C=1)

    assert made.unplanned[0].refusal.reason == "QUANTITY_NOT_REPRESENTABLE"


STOCK = st.dictionaries(st.sampled_from([f"N{i}" for i in range(9)]), st.integers(0, 40), max_size=6)
ORDER = st.lists(st.integers(1, 30), min_size=1, max_size=3)


@EXAMPLES
@given(cat=dags(), stock=STOCK, quantities=ORDER)
def test_netting_equals_the_oracle(cat, stock, quantities) -> None:
    for code in cat.items:
        if cat.items[code].supply == "make" and code not in cat.boms:
            return
    made = plan_order(
        [DemandLine(n, "N0", Decimal(q), DAY) for n, q in enumerate(quantities, 1)],
        cat,
        {code: Decimal(q) for code, q in stock.items()},
    )

    if made.unplanned:
        assert {u.refusal.reason for u in made.unplanned} <= {"NO_EFFECTIVE_BOM", "NO_BOM"}
        return
    expected_picks, expected_made = oracle.net(
        cat, [("N0", q) for q in quantities], {c: Fraction(q) for c, q in stock.items()}, DAY
    )
    found = {p.item.code: Fraction(p.required) for p in made.pick_list()}
    for code in found.keys() | expected_picks.keys():
        assert found.get(code, 0) == expected_picks.get(code, 0), code
    totals: dict[str, Fraction] = {}
    for draft in made.drafts():
        totals[draft.item.code] = totals.get(draft.item.code, Fraction(0)) + Fraction(draft.quantity)
    for code in totals.keys() | expected_made.keys():
        assert totals.get(code, 0) == expected_made.get(code, 0), code


@EXAMPLES
@given(cat=dags(), stock=STOCK, quantities=ORDER)
def test_what_is_picked_is_covered_or_short_and_stock_is_never_claimed_twice(cat, stock, quantities) -> None:
    available = {code: Decimal(q) for code, q in stock.items()}
    made = plan_order([DemandLine(n, "N0", Decimal(q), DAY) for n, q in enumerate(quantities, 1)], cat, available)

    for pick in made.pick_list():
        assert pick.required == pick.reserved + pick.short
        assert pick.reserved <= available.get(pick.item.code, 0)
        if pick.short:
            assert available.get(pick.item.code, Decimal(0)) - pick.reserved < 1
    for need in made.needs():
        assert need.short >= 0
        assert min(need.required, need.from_stock, need.from_production) >= 0
