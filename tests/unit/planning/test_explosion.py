"""Gross explosion: exact, one row per item, low-level codes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given

from planning_service.domain.effectivity import Span
from planning_service.domain.errors import BomCycle, TooDeep
from planning_service.domain.explosion import explode
from planning_service.domain.item import Supply
from planning_service.domain.structure import compile_structure
from tests.unit.planning import oracle
from tests.unit.planning.builders import DAY, catalogue, d, item, line, version
from tests.unit.planning.dags import AMOUNT, EXAMPLES, dags


def rows(cat, root="A", quantity="1", day=DAY):
    structure = compile_structure(cat, root, day, supply=Supply.MAKE)
    return {r.item.code: (r.level, r.required) for r in explode(structure, Decimal(quantity))}


def test_quantity_per_times_demand() -> None:
    cat = catalogue([item("A", "make"), item("C")], A=version(line("C", 3)))

    assert rows(cat, quantity="5") == {"C": (1, d(15))}


def test_the_same_child_twice_is_summed() -> None:
    cat = catalogue([item("A", "make"), item("C")], A=version(line("C", 3), line("C", 2)))

    assert rows(cat) == {"C": (1, d(5))}


def test_a_part_at_two_levels_has_its_low_level_code_and_one_row() -> None:
    cat = catalogue(
        [item("A", "make"), item("S", "make"), item("C")],
        A=version(line("S", 2), line("C", 1)),
        S=version(line("C", 3)),
    )

    assert rows(cat, quantity="10") == {"S": (1, d(20)), "C": (2, d(70))}


@pytest.mark.parametrize("deep_first", [True, False])
def test_the_longest_way_decides_the_level_whatever_line_comes_first(deep_first) -> None:
    # root > X > Y > C is longer than root > Z > C
    lines = [line("X"), line("Z")]
    cat = catalogue(
        [item(code, "make") for code in ("A", "X", "Y", "Z")] + [item("C")],
        A=version(*(lines if deep_first else lines[::-1])),
        X=version(line("Y")),
        Y=version(line("C")),
        Z=version(line("C")),
    )

    assert {code: level for code, (level, _) in rows(cat).items()} == {"X": 1, "Z": 1, "Y": 2, "C": 3}


def test_nested_phantoms_are_exploded_through_and_left_out() -> None:
    cat = catalogue(
        [item("A", "make"), item("P", "phantom"), item("Q", "phantom"), item("C")],
        A=version(line("P", 2)),
        P=version(line("Q", 3)),
        Q=version(line("C", "0.5")),
    )

    assert rows(cat) == {"C": (3, d(3))}


def test_the_same_item_phantom_on_one_line_and_bought_on_another() -> None:
    cat = catalogue(
        [item("A", "make"), item("P", "phantom"), item("C")],
        A=version(line("P", 2), line("P", 5, supply="buy")),
        P=version(line("C", 1)),
    )

    assert rows(cat) == {"P": (1, d(5)), "C": (2, d(2))}


def test_scrap_compounds_level_by_level() -> None:
    # 1000 x 1.1 = 1100 of S; 1100 x 0.5 x 1.05 = 577.5 of C
    cat = catalogue(
        [item("A", "make"), item("S", "make"), item("C")],
        A=version(line("S", 1, scrap_rate="0.1")),
        S=version(line("C", "0.5", scrap_rate="0.05")),
    )

    assert rows(cat, quantity="1000") == {"S": (1, d(1100)), "C": (2, d("577.5"))}


def test_pieces_stay_fractional_until_they_are_picked() -> None:
    cat = catalogue([item("A", "make"), item("C", unit="件")], A=version(line("C", 1, scrap_rate="0.03")))

    assert rows(cat, quantity="10") == {"C": (1, d("10.3"))}


def test_setup_is_lost_once_per_making_and_never_for_nothing() -> None:
    cat = catalogue([item("A", "make"), item("C")], A=version(line("C", 2, setup_quantity="5")))

    assert rows(cat, quantity="10") == {"C": (1, d(25))}
    assert rows(cat, quantity="0") == {"C": (1, d(0))}


def test_a_zero_line_stays_zero() -> None:
    cat = catalogue([item("A", "make"), item("C")], A=version(line("C", 0)))

    assert rows(cat, quantity="10") == {"C": (1, d(0))}


def test_base_quantity_divides_exactly() -> None:
    # one third of a metre three times is one metre, not 0.999999
    cat = catalogue([item("A", "make"), item("C")], A=version(line("C", 1), base=3))

    assert rows(cat, quantity="3") == {"C": (1, d(1))}
    assert rows(cat, quantity="1") == {"C": (1, d("0.333334"))}


def test_decimals_do_not_drift() -> None:
    cat = catalogue([item("A", "make"), item("C")], A=version(line("C", "0.1"), line("C", "0.2")))

    assert rows(cat, quantity="3") == {"C": (1, d("0.9"))}


def test_units_convert_exactly() -> None:
    # 35 cm and 0.02 rolls of 100 m are 2.35 m
    cat = catalogue(
        [item("A", "make"), item("C", units={"卷": "100"})],
        A=version(line("C", 35, unit="cm"), line("C", "0.02", unit="卷")),
    )

    assert rows(cat) == {"C": (1, d("2.35"))}


def test_lines_are_chosen_by_the_need_date() -> None:
    new = DAY + timedelta(days=1)

    cat = catalogue(
        [item("A", "make"), item("OLD"), item("NEW")],
        A=version(replace(line("OLD"), effective=Span(None, DAY)), replace(line("NEW"), effective=Span(new, None))),
    )

    assert set(rows(cat, day=DAY)) == {"OLD"}
    assert set(rows(cat, day=new)) == {"NEW"}


def test_versions_are_chosen_by_the_need_date() -> None:
    cat = catalogue(
        [item("A", "make"), item("C")], A=[version(line("C", 1)), version(line("C", 2), start=DAY + timedelta(days=1))]
    )

    assert rows(cat, day=DAY) == {"C": (1, d(1))}
    assert rows(cat, day=DAY + timedelta(days=1)) == {"C": (1, d(2))}


def test_a_loop_is_named() -> None:
    cat = catalogue(
        [item("A", "make"), item("B", "make"), item("C", "make")],
        A=version(line("B")),
        B=version(line("C")),
        C=version(line("B")),
    )

    with pytest.raises(BomCycle) as refusal:
        compile_structure(cat, "A", DAY, supply=Supply.MAKE)

    assert refusal.value.loop == ("B", "C", "B")


def test_a_thousand_levels_need_no_deep_stack() -> None:
    items = [item(f"L{i}", "make") for i in range(1000)] + [item("L1000")]
    cat = catalogue(items, **{f"L{i}": version(line(f"L{i + 1}", 1, scrap_rate="0.01")) for i in range(1000)})

    found = rows(cat, "L0")

    assert found["L1000"][0] == 1000
    assert found["L1000"][1] == oracle_rounded(Fraction(101, 100) ** 1000)


def test_absurd_depth_is_refused() -> None:
    items = [item(f"L{i}", "make") for i in range(2002)] + [item("L2002")]
    cat = catalogue(items, **{f"L{i}": version(line(f"L{i + 1}")) for i in range(2002)})

    with pytest.raises(TooDeep):
        rows(cat, "L0")


def test_a_broken_component_is_marked_and_the_rest_goes_on() -> None:
    cat = catalogue(
        [item("A", "make"), item("S", "make"), item("X", active=False), item("K", unit="kg"), item("C")],
        A=version(line("S"), line("X"), line("K", 1, unit="m"), line("C", 4), line("GHOST")),
    )

    structure = compile_structure(cat, "A", DAY, supply=Supply.MAKE)
    problems = {r.item.code: r.problem for r in explode(structure, Decimal(1))}

    assert problems == {
        "S": "NO_BOM",
        "X": "INACTIVE_ITEM",
        "K": "UNIT_MISMATCH",
        "C": None,
        "GHOST": "ITEM_UNKNOWN",
    }


def oracle_rounded(value: Fraction) -> Decimal:
    micro = -(-value.numerator * 1_000_000 // value.denominator)
    return Decimal(micro) / 1_000_000


@EXAMPLES
@given(cat=dags(), quantity=AMOUNT)
def test_explosion_equals_the_enumeration_of_all_paths(cat, quantity) -> None:
    structure = compile_structure(cat, "N0", DAY, supply=Supply.MAKE)

    found = explode(structure, quantity)

    expected = oracle.gross(cat, "N0", Fraction(quantity), DAY)
    assert {r.item.code: r.exact for r in found} == expected
    levels = oracle.longest(cat, "N0", DAY)
    assert {r.item.code: r.level for r in found} == levels


@EXAMPLES
@given(cat=dags())
def test_each_piece_more_takes_the_same_more(cat) -> None:
    structure = compile_structure(cat, "N0", DAY, supply=Supply.MAKE)

    one, two, three = ({r.item.code: r.exact for r in explode(structure, Decimal(q))} for q in (1, 2, 3))

    assert {code: two[code] - one[code] for code in one} == {code: three[code] - two[code] for code in one}
