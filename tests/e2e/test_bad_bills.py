"""Bad bills of materials and quantities are refused by name, or planned in part; never a 500 or a wrong number (issue 3)."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.client import Api, Json
from tests.e2e.factory import Factory, build
from tests.e2e.stack import Stack
from tests.e2e.test_bad_input import assert_problem
from tests.e2e.test_planning_desk import confirmed

pytestmark = [pytest.mark.timeout(300)]
ABSURD = "999999999999"
PROOF = os.environ.get("ORDERHUB_PROOF") == "1"
LEVELS = {"phantom": 1_000 if PROOF else 250, "make": 1_000 if PROOF else 60}
"""Each level costs a PUT of its item, each made one a production order; the proof goes all the way."""
COLUMNS = "item_code,component_code,component_name,quantity_per,routing_code"


@dataclass(frozen=True)
class Bench:
    """A factory, its API, and codes of its own."""

    api: Api
    factory: Factory
    stack: Stack

    def code(self, name: str) -> str:
        return f"{name}-{self.factory.suffix}"

    async def item(self, name: str, supply: str = "make", unit: str = "件", **more: Any) -> str:
        code = self.code(name)
        await self.api.put(f"/items/{code}", {"name": name, "unit": unit, "supply": supply, **more})
        return code

    async def bill(self, name: str, *lines: Json, **more: Any) -> Any:
        body = {"routing_code": self.code("RT-R"), "lines": list(lines), **more}
        return await self.api.call("PUT", f"/boms/{self.code(name)}", body)

    async def load(self, *rows: str) -> Json:
        headers = {"Authorization": f"Bearer {self.api.token}", "Idempotency-Key": str(uuid.uuid4())}
        file = {"file": ("bills.csv", "\n".join([COLUMNS, *rows]).encode())}
        answer = await self.api.http.post("/boms:import", files=file, headers=headers)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def plan(self, *lines: tuple[str, str]) -> Json:
        number = await confirmed(self.api, self.factory, self.stack, *lines)
        return await self.api.post(f"/orders/{number}:plan")


def line(component: str, quantity_per: str = "1", **more: Any) -> Json:
    return {"component": component, "quantity_per": quantity_per, **more}


def made(plan: Json) -> list[tuple[str, str]]:
    return [(one["item_code"].split("-")[0], one["quantity"]) for one in plan["production_orders"]]


def unplanned(plan: Json) -> list[tuple[int, str]]:
    assert all(any("\u4e00" <= sign <= "\u9fff" for sign in one["message"]) for one in plan["unplanned_lines"]), plan
    return [(one["line_no"], one["reason"]) for one in plan["unplanned_lines"]]


@pytest_asyncio.fixture(scope="session")
async def bench(stack: Stack) -> AsyncIterator[Bench]:
    api = await Api(stack.gateway_url).sign_in(stack.username("admin"), stack.password("admin"))
    api.http.timeout = 60
    yield Bench(api, await build(api), stack)
    await api.close()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"component": "NO-SUCH-ITEM"}, "ITEM_UNKNOWN"),
        ({"unit": "furlong"}, "UNIT_UNKNOWN"),
        ({"unit": "kg"}, "UNIT_MISMATCH"),
        ({"quantity_per": "-1"}, "TOO_SMALL"),
        ({"quantity_per": "0.1234567"}, None),
        ({"quantity_per": "1234567890123456789"}, None),
        ({"quantity_per": "NaN"}, None),
        ({"scrap_rate": "-0.1"}, None),
        ({"scrap_rate": "1.5"}, "OUT_OF_RANGE"),
        ({"setup_quantity": "-1"}, "TOO_SMALL"),
        ({"rounding_multiple": "0"}, None),
        ({"effective_from": "2027-01-02", "effective_to": "2027-01-01"}, "ENDS_BEFORE_START"),
    ],
)
async def test_a_bad_line_refuses_the_bill_and_is_named(bench: Bench, change: Json, reason: str | None) -> None:
    await bench.item("BAD")
    good = line(bench.factory.magnet)

    answer = await bench.bill("BAD", good, {**line(bench.factory.copper), **change})

    problem = assert_problem(answer, 422, reason)
    assert any(error["field"].startswith("lines.1.") for error in problem["errors"]), problem
    assert (await bench.api.call("GET", f"/boms/{bench.code('BAD')}")).status_code == 404


async def test_too_many_lines_are_refused(bench: Bench) -> None:
    await bench.item("WIDE")

    assert_problem(await bench.bill("WIDE", *[line(bench.factory.magnet)] * 2_001), 422)
    problem = assert_problem(await bench.bill("WIDE", *[line("NO-SUCH-ITEM")] * 2_000), 422, "ITEM_UNKNOWN")
    assert len(problem["errors"]) >= 50


async def test_a_loop_is_refused_by_name_on_every_way_in(bench: Bench) -> None:
    one, two, three = [await bench.item(name) for name in ("L1", "L2", "L3")]
    assert (await bench.bill("L1", line(two))).status_code == 200
    assert (await bench.bill("L2", line(three))).status_code == 200

    refused = assert_problem(await bench.bill("L3", line(one)), 422, "BOM_CYCLE")
    itself = assert_problem(await bench.bill("L3", line(three)), 422, "BOM_CYCLE")
    loaded = await bench.load(f"{three},{one},L1,1,", f"{bench.factory.controller},{three},L3,1,")

    assert all(code in refused["detail"] for code in (one, two, three)), refused
    assert three in itself["detail"]
    assert [(row["result"], row["reason"]) for row in loaded["verdicts"]] == [
        ("rejected", "BOM_CYCLE"), ("accepted", None),
    ]  # fmt: skip
    assert (await bench.api.call("GET", f"/boms/{three}")).status_code == 404


async def test_two_halves_of_a_loop_written_at_once_leave_one(bench: Bench) -> None:
    one, two = [await bench.item(name) for name in ("H1", "H2")]

    answers = await asyncio.gather(bench.bill("H1", line(two)), bench.bill("H2", line(one)))

    assert sorted(answer.status_code for answer in answers) == [200, 422]
    (loser,) = [answer for answer in answers if answer.status_code == 422]
    assert_problem(loser, 422, "BOM_CYCLE")


async def test_what_can_not_be_planned_stops_no_other_line(bench: Bench) -> None:
    """A gap in effectivity, an inactive child, no bill at all: each line says why, the good one is planned."""
    past = {"effective_to": str(bench.stack.today)}
    gap, dead, bare = [await bench.item(name) for name in ("GAP", "DEAD", "BARE")]
    gone = await bench.item("GONE", "buy")
    assert (await bench.bill("GAP", line(bench.factory.magnet), **past)).status_code == 200
    assert (await bench.bill("DEAD", line(gone))).status_code == 200
    await bench.api.put(f"/items/{gone}", {"name": "GONE", "unit": "件", "supply": "buy", "active": False})

    plan = await bench.plan((gap, "1"), (dead, "1"), (bare, "1"), (bench.code("ROTOR"), "2"))

    assert unplanned(plan) == [(1, "NO_EFFECTIVE_BOM"), (2, "INACTIVE_ITEM"), (3, "NO_BOM")]
    assert made(plan) == [("ROTOR", "2")]


async def test_numbers_too_large_to_keep_are_said_and_other_lines_go_on(bench: Bench) -> None:
    much, more = await bench.item("MUCH"), await bench.item("MORE")
    assert (await bench.bill("MORE", line(bench.factory.magnet, ABSURD))).status_code == 200
    assert (await bench.bill("MUCH", line(more, ABSURD))).status_code == 200

    plan = await bench.plan((much, "2"), (bench.code("ROTOR"), "1"))
    explosion = await bench.api.call("GET", f"/boms/{much}/explosion?quantity=2")

    assert unplanned(plan) == [(1, "QUANTITY_NOT_REPRESENTABLE")]
    assert made(plan) == [("ROTOR", "1")]
    assert_problem(explosion, 422, "QUANTITY_NOT_REPRESENTABLE")


async def test_tenths_add_up_exactly(bench: Bench) -> None:
    await bench.item("TENTH")
    foil = await bench.item("FOIL", "buy", "m")
    assert (await bench.bill("TENTH", line(foil, "0.1"), line(foil, "0.2"))).status_code == 200
    await bench.api.post(
        "/stock/movements", {"kind": "receipt", "lines": [{"item_code": foil, "quantity": "0.9"}], "reason": "x"}
    )

    plan = await bench.plan((bench.code("TENTH"), "3"))

    (pick,) = plan["pick_list"]
    assert (pick["required"], pick["short"]) == ("0.9", "0")
    assert plan["shortages"] == []


@pytest.mark.parametrize("supply", ["phantom", "make"])
async def test_absurd_depth_is_counted_right(bench: Bench, supply: str) -> None:
    """Preview, promise, plan, pick list: one answer; of made levels each has its production order."""
    levels = LEVELS[supply]
    names = [f"D{supply[0]}{level}" for level in range(levels)]
    for start in range(0, len(names), 10):
        await asyncio.gather(*(bench.item(name, supply if name != names[0] else "make") for name in names[start:][:10]))
    codes = [bench.code(name) for name in names]
    routed = codes if supply == "make" else codes[:1]
    rows = [
        f"{upper},{lower},{lower.split('-')[0]},1,{bench.code('RT-R') if upper in routed else ''}"
        for upper, lower in pairwise(codes)
    ]

    loaded = await bench.load(*rows, f"{codes[-1]},{bench.factory.magnet},磁钢,3,{bench.code('RT-R')}")
    shown = (await bench.api.get(f"/boms/{codes[0]}/explosion?quantity=2"))["requirements"]
    number = await confirmed(bench.api, bench.factory, bench.stack, (codes[0], "2"), (bench.code("ROTOR"), "1"))
    promised = (await bench.api.get(f"/orders/{number}/promise"))["lines"]
    plan = await bench.api.post(f"/orders/{number}:plan")
    again = await bench.api.get(f"/orders/{number}/plan")
    kept = (await bench.api.get(f"/orders/{number}/promise"))["lines"]

    depth = [name for name in names if supply == "make" or name == names[0]]
    assert {row["result"] for row in loaded["verdicts"]} == {"accepted"}
    assert (shown[-1]["item_code"], shown[-1]["level"], shown[-1]["required"]) == (bench.factory.magnet, levels, "6")
    assert made(plan) == [*((name, "2") for name in depth), ("ROTOR", "1")]
    picks = {pick["item_code"]: pick for pick in plan["pick_list"]}
    of_rotor = (await bench.api.get(f"/boms/{bench.code('ROTOR')}"))["lines"]
    magnets = 6 + sum(int(one["quantity_per"]) for one in of_rotor if one["component"] == bench.factory.magnet)
    assert picks[bench.factory.magnet]["required"] == str(magnets)
    assert again["pick_list"] == plan["pick_list"]
    facts = [(one["line_no"], one["from_stock"], one["to_make"], one["producible_by"]) for one in promised]
    assert facts == [(one["line_no"], one["from_stock"], one["to_make"], one["producible_by"]) for one in kept]
    assert [(one["line_no"], one["to_make"]) for one in promised] == [(1, "2"), (2, "1")]
    assert_problem(await bench.bill(names[-1], line(codes[0])), 422, "BOM_CYCLE")
    await bench.api.post(f"/orders/{number}:cancel", {"reason": "x"})
    waiting = f"/production-orders?order={number}&state=created&page_size=1"
    await bench.api.until(waiting, lambda found: not found["items"], within=60)


async def test_only_a_known_customer_refuses_items(bench: Bench) -> None:
    body = {"item_codes": [bench.factory.magnet]}

    kept = await bench.api.put(f"/customers/{bench.factory.customer_id}/refused-items", body)

    assert kept["item_codes"] == [bench.factory.magnet]
    for nobody in ("nobody", str(uuid.uuid4())):
        assert_problem(await bench.api.call("PUT", f"/customers/{nobody}/refused-items", body), 404)
        assert_problem(await bench.api.call("GET", f"/customers/{nobody}/refused-items"), 404)
