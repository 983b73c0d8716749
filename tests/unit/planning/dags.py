"""Random bills for property tests: phantoms, scrap, setup, packs, units, bases, dates, components shared and repeated."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st

from planning_service.domain.effectivity import Span
from planning_service.domain.item import Supply
from tests.unit.planning.builders import DAY, catalogue, item, line, version

PROOF = os.environ.get("ORDERHUB_PROOF") == "1"
EXAMPLES = settings(max_examples=3000 if PROOF else 120, deadline=None)

PER = st.sampled_from(["0", "0.1", "0.2", "0.35", "1", "2", "3", "0.000001", "7.5", "12"])
RATE = st.sampled_from(["0", "0", "0.01", "0.03", "0.1", "0.5"])
BASE = st.sampled_from([1, 1, 1, 3, 7, 10, 100])
SETUP = st.sampled_from(["0", "0", "0", "0.25", "2", "7"])
PACK = st.sampled_from([None, None, None, "0.3", "2.5", "6", "100"])
UNIT = st.sampled_from(["m", "kg", "件", "个"])
SPAN = st.sampled_from(
    [
        (None, None),
        (None, None),
        (DAY, None),
        (None, DAY),
        (DAY + timedelta(days=1), None),
        (None, DAY - timedelta(days=1)),
    ]
)
UNITS_OF = {"m": [None, "m", "cm", "卷"], "kg": [None, "g", "箱"], "件": [None, "箱"], "个": [None]}


@st.composite
def dags(draw, least: int = 2, most: int = 9):
    """Return a catalogue whose item N0 is made; N(i) uses only items behind it, so there is no loop."""
    count = draw(st.integers(least, most))
    supplies = ["make"] + [draw(st.sampled_from(["make", "buy", "phantom"])) for _ in range(1, count)]
    items = [item(f"N{i}", supplies[i], draw(UNIT), units={"卷": "100", "箱": "12"}) for i in range(count)]
    boms = {}
    for index in range(count):
        if supplies[index] != "buy" and index + 1 < count:
            boms[f"N{index}"] = draw(_versions(items, index))
        elif supplies[index] != "buy":
            items[index] = replace(items[index], supply=Supply.BUY)
    return catalogue(items, **boms)


@st.composite
def _versions(draw, items, index):
    first = draw(_version(items, index, None))
    if draw(st.integers(0, 3)):
        return [first]
    start = draw(st.sampled_from([DAY - timedelta(days=3), DAY, DAY + timedelta(days=1)]))
    return [first, draw(_version(items, index, start))]


@st.composite
def _version(draw, items, index, start: date | None):
    lines = []
    for _ in range(draw(st.integers(1, 4))):
        child = items[draw(st.integers(index + 1, len(items) - 1))]
        span_start, span_end = draw(SPAN)
        override = draw(st.sampled_from([None, None, None, "buy"]))
        drawn = line(
            child.code,
            draw(PER),
            scrap_rate=draw(RATE),
            unit=draw(st.sampled_from(UNITS_OF[child.unit])) if child.units else None,
            setup_quantity=draw(SETUP),
            **({"supply": override} if override else {}),
            **({"rounding_multiple": multiple} if (multiple := draw(PACK)) else {}),
        )
        lines.append(_dated(drawn, span_start, span_end))
    return version(*lines, base=draw(BASE), start=start)


def _dated(drawn, start, end):
    return replace(drawn, effective=Span(start, end))


AMOUNT = st.sampled_from([Decimal(n) for n in ("0", "1", "2", "5", "17", "1000")])
