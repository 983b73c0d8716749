"""The fleet table, the rights it hands out, and the demo's arithmetic."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from deploy.local import broker, compose_env, databases, fleet, keys, plan
from deploy.local.demo import load, stock
from deploy.local.keys import SERVICES, Secrets
from deploy.local.plan import Plan


@pytest.fixture(scope="module")
def secrets() -> Secrets:
    return keys.made()


@pytest.fixture
def wanted(secrets: Secrets, tmp_path: Path) -> Plan:
    return Plan(ports=plan.WANTED, secrets=secrets, run=tmp_path)


def test_each_service_gets_its_own_role_account_and_key(wanted: Plan) -> None:
    for name in SERVICES:
        env = fleet.part(name, wanted).env

        assert f"//orderhub_{name}:" in env["ORDERHUB_DATABASE_URL"]
        assert f"//{name}:" in env["ORDERHUB_AMQP_URL"]
        assert json.loads(env["ORDERHUB_SIGNING_KEY"]) == wanted.secrets.signing[name]
        others = [wanted.secrets.apps[other] for other in SERVICES if other != name]
        assert not any(password in text for text in env.values() for password in others)
        assert "ORDERHUB_MIGRATION_URL" not in env


def test_public_keys_carry_no_private_part(secrets: Secrets) -> None:
    trusted = json.loads(secrets.trusted())

    assert set(trusted) == set(SERVICES)
    assert all("d" not in key and key["crv"] == "Ed25519" for key in trusted.values())


def test_secrets_are_made_once_and_completed_later(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    first = keys.load(path)
    kept = json.loads(path.read_text())
    del kept["apps"]["notify"], kept["tracking_key"]
    path.write_text(json.dumps(kept))

    second = keys.load(path)

    assert second.apps["order"] == first.apps["order"]
    assert second.apps["notify"] != first.apps["notify"]
    assert keys.load(path) == second


def test_an_outside_server_is_no_part_of_the_fleet(secrets: Secrets) -> None:
    theirs = Plan(plan.WANTED, secrets, outside_postgres="postgresql://a:b@db:5432/x", outside_amqp="amqp://a:b@mq/v")

    assert {part.name for part in fleet.parts(theirs)} == set(fleet.TABLE) - {"postgres", "rabbitmq"}
    assert databases.dsn(theirs.admin_dsn, "order", secrets).endswith("@db:5432/orderhub_order")
    assert theirs.amqp("order") == "amqp://a:b@mq/v"


def test_a_fingerprint_follows_the_code(tmp_path: Path) -> None:
    room = tmp_path / "services" / "order"
    room.mkdir(parents=True)
    (room / "a.py").write_text("1")
    before = fleet.code_hash(("services/order",), tmp_path)
    fleet.code_hash.cache_clear()
    (room / "notes.md").write_text("no code")
    assert fleet.code_hash(("services/order",), tmp_path) == before
    fleet.code_hash.cache_clear()
    (room / "a.py").write_text("2")

    assert fleet.code_hash(("services/order",), tmp_path) != before


@pytest.mark.parametrize(
    ("user", "right", "name", "may"),
    [
        ("order", "write", "orderhub.events", True),
        ("order", "write", "planning.events", False),
        ("order", "read", "order.events", True),
        ("order", "read", "order.events.dlq", True),
        ("order", "read", "planning.events", False),
        ("order", "configure", "order.events", False),
        ("gateway", "configure", "gateway.stream.1", True),
        ("gateway", "write", "orderhub.events", False),
        ("subscriber", "configure", "amq.gen-x", True),
        ("subscriber", "read", "orderhub.events", True),
        ("subscriber", "write", "orderhub.events", False),
        ("subscriber", "write", "amq.default", False),
        ("subscriber", "read", "order.events", False),
    ],
)
def test_broker_rights(user: str, right: str, name: str, may: bool) -> None:
    assert bool(re.search(broker.rights(user)[right], name)) is may


def test_a_service_publishes_its_own_events_only() -> None:
    pattern = broker.topic_rights("order")["write"]

    assert re.search(pattern, "orderhub.order.v1.OrderConfirmed")
    assert not re.search(pattern, "orderhub.inventory.v1.GoodsShipped")
    assert not re.search(broker.topic_rights("subscriber")["write"], "orderhub.order.v1.OrderConfirmed")


def test_each_work_queue_has_one_policy(secrets: Secrets) -> None:
    found: list[dict[str, Any]] = broker.definitions(secrets)["policies"]

    for queue in (f"{name}.events" for name in broker.WORKERS):
        matching = [one for one in found if re.search(one["pattern"], queue)]
        assert [one["definition"]["dead-letter-routing-key"] for one in matching] == [f"{queue}.dlq"]
        assert [one["name"] for one in found if re.search(one["pattern"], f"{queue}.dlq")] == ["dead-letters"]


def test_compose_gives_a_running_service_no_owner_rights(secrets: Secrets) -> None:
    files = compose_env.files(secrets)

    assert secrets.owners["order"] in files["order-migrate.env"]
    assert secrets.owners["order"] not in files["order.env"]
    assert all(line.count("'") == 2 for line in files["order.env"].splitlines())


def test_the_storys_order_is_short_of_five_metres_of_wire_and_nothing_else() -> None:
    plant = load.factory()
    boms = {bom["item_code"]: bom["lines"] for bom in plant["boms"]}
    have = {item["code"]: Decimal(item.get("opening", "0")) for item in plant["items"]}
    needs: dict[str, Decimal] = {}

    def explode(code: str, quantity: Decimal) -> None:
        for line in boms.get(code, []):
            waste = 1 + Decimal(line.get("scrap_rate", "0"))
            explode(line["component"], quantity * Decimal(line["quantity_per"]) * waste)
        if code not in boms:
            needs[code] = needs.get(code, Decimal(0)) + quantity

    for line in plant["story"]["lines"]:
        explode(line["item_code"], Decimal(line["quantity"]))

    short = {code: need - have[code] for code, need in needs.items() if need > have[code]}
    assert short == {"COPPER-WIRE": Decimal(5)}


def test_the_demo_names_only_what_it_defines() -> None:
    plant = load.factory()
    items = {item["code"] for item in plant["items"]}
    routings = {routing["code"] for routing in plant["routings"]}

    assert {line["component"] for bom in plant["boms"] for line in bom["lines"]} <= items
    assert {bom["routing_code"] for bom in plant["boms"] if "routing_code" in bom} <= routings
    assert {bom["item_code"] for bom in plant["boms"]} == {i["code"] for i in plant["items"] if i["supply"] != "buy"}
    assert set(plant["people"]) == set(keys.ROLES)
    assert len(plant["customers"]) >= 5


def test_stock_is_brought_to_the_start_of_the_story_whatever_was_left() -> None:
    needs = {"CU": Decimal(20), "PCB": Decimal(1), "CABLE": Decimal(5)}
    left = {"CU": Decimal("33.5"), "PCB": Decimal(0), "CABLE": Decimal(90)}

    booked = stock.corrections(needs, left, "CU", Decimal(5))

    assert booked == {"CU": Decimal("-18.5"), "PCB": Decimal(1)}


def test_keys_of_the_demo_are_fixed() -> None:
    assert load.key_of("customer", "甲") == load.key_of("customer", "甲") != load.key_of("customer", "乙")
