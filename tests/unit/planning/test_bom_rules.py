"""Bills: what is refused, versions by date, content hash, loops."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from planning_service.domain.bom import Alternate, Bom, BomLine, BomVersion
from planning_service.domain.bom_rules import MAX_LINES, check_version, with_version
from planning_service.domain.catalogue import Catalogue
from planning_service.domain.cycles import find_loop
from planning_service.domain.effectivity import Span
from planning_service.domain.errors import Invalid, NoEffectiveBom
from planning_service.domain.item import MAX_QUANTITY, check_item
from planning_service.domain.routing import Routing, RoutingOperation, check_routing
from planning_service.domain.where_used import where_used
from tests.unit.planning.builders import DAY, UNITS, d, item, line, version

ITEMS = {i.code: i for i in (item("A", "make"), item("C"), item("K", unit="kg"))}


def faults(bad_version) -> set[tuple[str, str]]:
    with pytest.raises(Invalid) as refusal:
        check_version("A", bad_version, items=ITEMS, units=UNITS, routing_known=False)
    return {(f.field, f.reason) for f in refusal.value.fields}


def test_every_wrong_field_is_told_at_once() -> None:
    bad = version(
        line("GHOST", 1),
        line("C", -1, scrap_rate="-0.1", setup_quantity="-1", rounding_multiple=0),
        line("K", 1, unit="m"),
        line("C", 1, unit="furlong"),
        line("C", "0.1234567"),
        line("C", 1, alternates=(Alternate("C"), Alternate("GHOST", 2, d(0)))),
        base=0,
        routing="NOPE",
    )

    assert faults(bad) == {
        ("base_quantity", "TOO_SMALL"),
        ("routing_code", "ROUTING_UNKNOWN"),
        ("lines.0.component", "ITEM_UNKNOWN"),
        ("lines.1.quantity_per", "TOO_SMALL"),
        ("lines.1.scrap_rate", "TOO_SMALL"),
        ("lines.1.setup_quantity", "TOO_SMALL"),
        ("lines.1.rounding_multiple", "TOO_SMALL"),
        ("lines.2.unit", "UNIT_MISMATCH"),
        ("lines.3.unit", "UNIT_UNKNOWN"),
        ("lines.4.quantity_per", "TOO_MANY_DECIMALS"),
        ("lines.5.alternates.0.item_code", "DUPLICATE"),
        ("lines.5.alternates.1.item_code", "ITEM_UNKNOWN"),
        ("lines.5.alternates.1.ratio", "TOO_SMALL"),
    }


def test_limits_are_the_last_that_is_taken() -> None:
    def taken(bad_version: BomVersion) -> bool:
        try:
            check_version("A", bad_version, items=ITEMS, units=UNITS, routing_known=True)
        except Invalid:
            return False
        return True

    assert (taken(version(line("C", scrap_rate=1))), taken(version(line("C", scrap_rate="1.01")))) == (True, False)
    assert taken(version(*[line("C")] * MAX_LINES))
    assert not taken(version(*[line("C")] * (MAX_LINES + 1)))
    assert (taken(version(line("C", MAX_QUANTITY - 1))), taken(version(line("C", MAX_QUANTITY)))) == (True, False)


def test_an_items_own_packing_goes_before_what_the_unit_is_elsewhere() -> None:
    cable = item("CABLE", unit="cm", units={"m": 90, "卷": 9000})

    assert (cable.factor("m", UNITS), cable.factor("卷", UNITS), cable.factor("cm", UNITS)) == (90, 9000, 1)
    assert item("TAPE", unit="cm").factor("m", UNITS) == 100


def test_where_used_names_each_item_once_by_its_shortest_way() -> None:
    def bom(code: str, *lines: BomLine) -> Bom:
        return Bom(code, (version(*lines),))

    items = {code: item(code, "make", "个") for code in ("TOP", "S1", "S2", "BOLT")}
    boms = [bom("S1", line("BOLT", 2)), bom("S2", line("BOLT", 3)), bom("TOP", line("S1", 4), line("S2", 5))]

    found = where_used(Catalogue(items, {one.item_code: one for one in boms}, UNITS), "BOLT")

    assert [(use.item.code, use.per_unit, use.distance, use.via) for use in found] == [
        ("S1", 2, 1, "BOLT"), ("S2", 3, 1, "BOLT"), ("TOP", 4, 2, "S1"),
    ]  # fmt: skip


@pytest.mark.parametrize("absurd", ["NaN", "Infinity", "1e400", "1" + "0" * 18, "-1E+99"])
def test_absurd_numbers_are_field_errors(absurd) -> None:
    assert {f for f, _ in faults(version(line("C", absurd), routing=None))} == {"lines.0.quantity_per"}


def test_two_lines_on_one_position_must_not_share_a_day() -> None:
    first = replace(line("C", 1, position=10), effective=Span(None, DAY))
    clash = replace(line("K", 1, position=10), effective=Span(DAY, None))
    follows = replace(clash, effective=Span(DAY + timedelta(days=1), None))

    assert faults(version(first, clash, routing=None)) == {("lines.1.position", "EFFECTIVITY_OVERLAP")}
    check_version("A", version(first, follows, routing=None), items=ITEMS, units=UNITS, routing_known=True)


def test_a_later_version_ends_an_open_one() -> None:
    bom = with_version(Bom("A", (version(line("C", 1)),)), version(line("C", 2), start=DAY))

    assert bom.on(DAY - timedelta(days=1)).lines[0].quantity_per == 1
    assert bom.on(DAY).lines[0].quantity_per == 2


def test_a_version_of_the_same_start_is_replaced() -> None:
    bom = with_version(Bom("A", (version(line("C", 1)),)), version(line("C", 9)))

    assert [v.lines[0].quantity_per for v in bom.versions] == [9]


def test_overlapping_versions_are_refused() -> None:
    bom = Bom("A", (version(line("C"), start=date(2026, 1, 1), end=date(2026, 6, 30)),))

    with pytest.raises(Invalid) as refusal:
        with_version(bom, version(line("C"), start=date(2026, 6, 30)))

    assert refusal.value.fields[0].reason == "EFFECTIVITY_OVERLAP"


def test_a_gap_between_versions_has_no_bill() -> None:
    bom = Bom("A", (version(line("C"), end=DAY),))

    with pytest.raises(NoEffectiveBom):
        bom.on(DAY + timedelta(days=1))


def test_the_hash_follows_content_not_spelling_or_order() -> None:
    one = version(line("C", "2.50"), line("K", 1, unit="g"))
    same = version(line("K", "1.0", unit="g"), line("C", "2.5"), version=7)
    other = version(line("C", "2.51"), line("K", 1, unit="g"))

    assert one.content_hash() == same.content_hash()
    assert one.content_hash() != other.content_hash()


def test_loops_are_found_and_named() -> None:
    graph = {"A": ["B", "C"], "B": ["D"], "C": ["D"], "D": ["A"]}

    assert find_loop("A", lambda code: graph.get(code, [])) == ("A", "B", "D", "A")
    assert find_loop("A", lambda code: {"A": ["A"]}.get(code, [])) == ("A", "A")
    assert find_loop("A", lambda code: {"A": ["B", "C"], "B": ["C"]}.get(code, [])) is None


def test_a_deep_chain_is_walked_without_recursion() -> None:
    assert find_loop("0", lambda code: [str(int(code) + 1)] if int(code) < 5000 else []) is None


@pytest.mark.parametrize(
    ("unit", "stock", "own", "expected"),
    [
        ("g", "kg", {}, "0.001"),
        ("cm", "m", {}, "0.01"),
        ("卷", "m", {"卷": "100"}, "100"),
        ("g", "件", {"kg": "8"}, "0.008"),
        ("件", "件", {"件": "3"}, "1"),
        ("kg", "m", {}, None),
        ("箱", "件", {"卷": "5"}, None),
        ("m", "m", {}, "1"),
    ],
)
def test_unit_factors(unit, stock, own, expected) -> None:
    factor = UNITS.factor(unit, stock, item("X", unit=stock, units=own).units)

    assert factor == (None if expected is None else Decimal(expected).as_integer_ratio()[0] / _den(expected))


def _den(text: str):
    from fractions import Fraction

    return Fraction(Decimal(text).as_integer_ratio()[1])


def test_an_item_tells_all_its_faults() -> None:
    bad = item("A B", unit="furlong", units={"furlong": "1", "箱": "0"}, aliases=("A B", ""), lead_time_days=-1)

    with pytest.raises(Invalid) as refusal:
        check_item(replace(bad, name=" "), UNITS)

    assert {(f.field, f.reason) for f in refusal.value.fields} >= {
        ("code", "INVALID_CODE"),
        ("name", "REQUIRED"),
        ("unit", "UNIT_UNKNOWN"),
        ("lead_time_days", "OUT_OF_RANGE"),
        ("aliases.0", "DUPLICATE"),
        ("aliases.1", "REQUIRED"),
        ("units.1.factor", "TOO_SMALL"),
    }


def test_a_routing_needs_distinct_positive_sequences() -> None:
    step = RoutingOperation(10, "OP", "wind", "WC")

    with pytest.raises(Invalid) as refusal:
        check_routing(Routing("R", (step, step, replace(step, sequence=0, name=""))))

    assert {(f.field, f.reason) for f in refusal.value.fields} == {
        ("operations.1.sequence", "DUPLICATE"),
        ("operations.2.sequence", "OUT_OF_RANGE"),
        ("operations.2.name", "REQUIRED"),
    }


def test_days_of_a_routing_are_whole_shifts() -> None:
    routing = Routing("R", (RoutingOperation(10, "OP", "wind", "WC", d(48), d(30)),))

    assert [routing.days_for(d(n)) for n in (1, 9, 10)] == [1, 1, 2]  # 78, 462, 510 minutes of 480
