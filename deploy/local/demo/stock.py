"""Brings stock to where the story starts, whatever was done before: short of one item by exactly so much."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from deploy.local.demo.rest import Json, Rest


def required(api: Rest, lines: list[Json]) -> dict[str, Decimal]:
    """Return what the story's lines need of every bought item, gross."""
    needs: dict[str, Decimal] = {}
    for line in lines:
        code, quantity = line["item_code"], line["quantity"]
        if api.get(f"/items/{code}")["supply"] == "buy":
            needs[code] = needs.get(code, Decimal(0)) + Decimal(quantity)
            continue
        explosion = api.get(f"/boms/{code}/explosion?quantity={quantity}")
        for row in explosion["requirements"]:
            if row["supply"] == "buy":
                needs[row["item_code"]] = needs.get(row["item_code"], Decimal(0)) + Decimal(row["required"])
    return needs


def corrections(
    needs: Mapping[str, Decimal], available: Mapping[str, Decimal], short_item: str, short_by: Decimal
) -> dict[str, Decimal]:
    """Return signed quantities to book: the short item exactly to need - short_by, others up to the need."""
    found = {}
    for code, need in needs.items():
        have = available.get(code, Decimal(0))
        change = need - short_by - have if code == short_item else max(need - have, Decimal(0))
        if change:
            found[code] = change
    return found


def prepare(api: Rest, story: Json, made: list[str]) -> dict[str, Decimal]:
    """Book the corrections, and take out free finished parts a plan would use; return what was booked."""
    needs = required(api, story["lines"])
    available = {code: Decimal(api.get(f"/stock/{code}")["available"]) for code in [*needs, *made]}
    wanted = corrections(needs, available, story["short_item"], Decimal(story["short_by"]))
    wanted |= {code: -available[code] for code in made if available[code] > 0}
    for kind, sign in (("receipt", 1), ("issue", -1)):
        lines = [
            {"item_code": code, "quantity": str(abs(change))} for code, change in wanted.items() if change * sign > 0
        ]
        if lines:
            api.post("/stock/movements", {"kind": kind, "lines": lines, "reason": "演示开始前调整"})
    return wanted
