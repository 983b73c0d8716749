"""Alternates in random plans: what stands in for what equals a search for the most that can be covered (X25)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import event, given
from hypothesis import strategies as st

from planning_service.domain.bom import Alternate
from planning_service.domain.catalogue import Catalogue
from planning_service.domain.item import Supply
from planning_service.domain.plan import DemandLine, OrderPlan, plan_order
from tests.unit.planning.builders import DAY, item
from tests.unit.planning.dags import EXAMPLES, dags

MICRO = 1_000_000
SUBSTITUTES = [item("Q0"), item("Q1", unit="个"), item("Q2", unit="个", active=False), item("Q3", unit="kg")]
CODES = [f"N{n}" for n in range(9)] + [one.code for one in SUBSTITUTES]
RATIO = st.sampled_from([Decimal(ratio) for ratio in ("0.3", "0.5", "1", "1", "1.5", "2", "7")])
CHOICE = st.builds(Alternate, st.sampled_from([one.code for one in SUBSTITUTES]), st.integers(1, 2), RATIO)
STOCK = st.dictionaries(st.sampled_from(CODES), st.integers(0, 40), max_size=9)
ORDER = st.lists(st.integers(1, 30), min_size=1, max_size=3)
Needs = dict[tuple[int, int, str], tuple[int, int, int]]


@st.composite
def bills(draw):
    """Return a random catalogue whose bought lines allow alternates now and then."""
    cat = draw(dags())
    boms = {}
    for code, bom in cat.boms.items():
        versions = []
        for version in bom.versions:
            chosen = [tuple(draw(st.lists(CHOICE, min_size=1, max_size=3))) for _ in version.lines]
            lines = [replace(line, alternates=extra) for line, extra in zip(version.lines, chosen, strict=True)]
            versions.append(replace(version, lines=tuple(lines)))
        boms[code] = replace(bom, versions=tuple(versions))
    return replace(cat, boms=boms, items={**cat.items, **{one.code: one for one in SUBSTITUTES}})


def without_alternates(cat: Catalogue) -> Catalogue:
    boms = {}
    for code, bom in cat.boms.items():
        versions = [replace(v, lines=tuple(replace(ln, alternates=()) for ln in v.lines)) for v in bom.versions]
        boms[code] = replace(bom, versions=tuple(versions))
    return replace(cat, boms=boms)


def needs_of(plan: OrderPlan) -> Needs:
    return {(n.owner, n.line_no, n.item.code): (n.required, n.from_stock, n.short) for n in plan.needs()}


def searched(cat: Catalogue, plain: OrderPlan, told: OrderPlan, free: dict[str, int], refused: str) -> Needs:
    """Cover the shortages of a plan made without alternates: the largest amount that any search finds, one after another."""
    found = needs_of(plain)
    for (_, _, code), (_, taken, _) in found.items():
        free[code] = free.get(code, 0) - taken
    allowed = {(n.owner, n.line_no, n.item.code): n.alternates for n in told.needs()}
    for draft in plain.drafts():
        for need in [n for n in draft.components.values() if n.short > 0]:
            key = (need.owner, need.line_no, need.item.code)
            for choice in allowed[key]:
                other = cat.items[choice.item_code]
                if not other.active or other.code == refused:
                    continue
                required, taken, short = found[key]
                covered, used = most(
                    short, need.item.whole_units, other.whole_units, choice.ratio, free.get(other.code, 0)
                )
                if covered:
                    free[other.code] -= used
                    found[key] = (required - covered, taken, short - covered)
                    one = (need.owner, need.line_no, other.code)
                    before = found.get(one, (0, 0, 0))
                    found[one] = (before[0] + used, before[1] + used, before[2])
    return found


def most(short: int, whole: bool, other_whole: bool, ratio: Decimal, free: int) -> tuple[int, int]:
    """Return the most that can be covered and what it uses, by halving: covering more never uses less."""
    step, other_step = (MICRO if whole else 1), (MICRO if other_whole else 1)

    def uses(amount: int) -> int:
        exact = Fraction(amount * step) * Fraction(ratio) / other_step
        return -(-exact.numerator // exact.denominator) * other_step

    least, beyond = 0, short // step + 1
    while beyond - least > 1:
        middle = (least + beyond) // 2
        least, beyond = (middle, beyond) if uses(middle) <= free else (least, middle)
    return least * step, uses(least)


@EXAMPLES
@given(cat=bills(), stock=STOCK, quantities=ORDER, refused=st.sampled_from(["", "", "Q0"]))
def test_what_stands_in_equals_the_search(cat, stock, quantities, refused) -> None:
    demands = [DemandLine(n, "N0", Decimal(q), DAY) for n, q in enumerate(quantities, 1)]
    available = {code: Decimal(amount) for code, amount in stock.items()}

    told = plan_order(demands, cat, available, refused=[refused])
    plain = plan_order(demands, without_alternates(cat), available)
    expected = searched(cat, plain, told, {code: amount * MICRO for code, amount in stock.items()}, refused)

    event("something stands in" if expected != needs_of(plain) else "nothing stands in")
    assert [(draft.item.code, draft.making) for draft in told.drafts()] == [
        (draft.item.code, draft.making) for draft in plain.drafts()
    ]
    assert needs_of(told) == expected
    assert all(cat.items[n.item.code].supply is Supply.BUY for n in told.needs() if n.substitutes)
