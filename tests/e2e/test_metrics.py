"""Alarms and dashboard read what running parts export: names, labels, and the doors they are scraped at."""

from __future__ import annotations

import re
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from deploy.local.ports import any_free
from deploy.local.rabbitmq import RabbitMQ
from tests.architecture.test_observability import OTHERS, expressions, names
from tests.e2e.client import Api, waits_for
from tests.e2e.factory import build
from tests.e2e.stack import ROOT, Stack

SERIES = re.compile(r"^(\w+)(?:\{(.*)\})? \S+$", re.MULTILINE)
LABEL = re.compile(r"(\w+)=\"")
SELECTED = re.compile(r"(\w+)\{([^}]*)\}")
MATCHER = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"")
KEPT = re.compile(r"by \(([^)]*)\)")
# What Prometheus itself adds when it scrapes: deploy/observability/prometheus.yml and the annotations of the pods.
SCRAPER = {"pod", "namespace", "instance", "job"}
Exported = Mapping[str, set[str]]


def read(page: str) -> dict[str, set[str]]:
    """Return every series of a metrics page with the labels it carries."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, labels in SERIES.findall(page):
        found[name] |= set(LABEL.findall(labels))
    return found


def wanted() -> dict[str, set[str]]:
    """Return every metric that alarms and dashboard read, with the labels they pick or keep by."""
    found: dict[str, set[str]] = defaultdict(set)
    for expression in expressions():
        kept = {label.strip() for part in KEPT.findall(expression) for label in part.split(",")}
        for name in names(expression):
            found[name] |= kept
        for name, matchers in SELECTED.findall(expression):
            found[name] |= set(MATCHER.findall(matchers))
    return found


def missing(exported: Exported, metrics: set[str]) -> set[str]:
    """Return the metrics among `metrics` that are not exported, and the labels they are asked for and do not carry."""
    lacking = set()
    for name in metrics:
        if name not in exported:
            lacking.add(name)
        else:
            lacking |= {f"{name}{{{label}}}" for label in wanted()[name] - SCRAPER - exported[name]}
    return lacking


async def scraped(stack: Stack) -> Exported:
    """Return what all five services export together."""
    found: dict[str, set[str]] = defaultdict(set)
    async with httpx2.AsyncClient(trust_env=False) as http:
        for service in stack.facts["services"].values():
            answer = await http.get(service["metrics"])
            assert answer.status_code == 200
            for name, labels in read(answer.text).items():
                found[name] |= labels
    return found


@pytest.mark.timeout(300)
async def test_services_at_work_export_all_that_is_read(stack: Stack) -> None:
    api = await Api(stack.gateway_url).sign_in(stack.username("admin"), stack.password("admin"))
    factory = await build(api)
    order = {
        "customer_id": factory.customer_id, "channel": "api", "source_ref": uuid.uuid4().hex, "urgency": "red",
        "due_date": str(stack.today + timedelta(days=20)), "confirm": True,
        "lines": [{"item_code": factory.motor, "quantity": "2"}],
    }  # fmt: skip
    number = (await api.post("/orders", order))["number"]
    await api.post(f"/orders/{number}:plan")  # short of copper: a message goes out
    lacking: set[str] = set()

    async def complete() -> bool:
        lacking.clear()
        lacking.update(missing(await scraped(stack), wanted().keys() - OTHERS))
        return not lacking

    try:
        await waits_for(complete, within=30)
    except AssertionError:
        pytest.fail(f"read by an alarm or the dashboard, exported by nobody: {sorted(lacking)}")
    await api.close()


@pytest.fixture
def node(tmp_path: Path) -> Iterator[str]:
    """A broker with the plug-in and the settings of the manifests; yields the address of its metrics."""
    port, dist, epmd, door = any_free(4)
    manifest = (ROOT / "deploy/k8s/base/rabbitmq.yaml").read_text()
    configuration = (ROOT / "deploy/k8s/base/files/rabbitmq.conf").read_text()
    path = re.findall(r"prometheus.io/path: (\S+)", manifest)[0]
    made = RabbitMQ(tmp_path / "rabbitmq", port, dist, epmd, tmp_path / "rabbitmq.log")
    queue = {"vhost": "/", "durable": True, "auto_delete": False, "arguments": {}}
    made.create(
        {"vhosts": [{"name": "/"}], "queues": [queue | {"name": name} for name in ("a.events", "a.events.dlq")]}
    )
    (made.home / "enabled_plugins").write_text("[rabbitmq_prometheus].\n")
    with (made.home / "rabbitmq.conf").open("a") as settings:
        settings.write(f"prometheus.tcp.port = {door}\nprometheus.tcp.ip = 127.0.0.1\n")
        settings.writelines(re.findall(r"^prometheus\..*\n", configuration, re.MULTILINE))
    made.start()
    try:
        made.wait_ready()
        yield f"http://127.0.0.1:{door}{path}"
    finally:
        made.stop()


async def test_the_broker_exports_what_is_read_of_it(node: str) -> None:
    async def page() -> str:
        async with httpx2.AsyncClient(trust_env=False) as http:
            text = (await http.get(node)).text
        return text if 'queue="a.events.dlq"' in text else ""

    exported = read(await waits_for(page, within=30))

    assert missing(exported, OTHERS - {"up"}) == set()


def test_what_nobody_exports_is_named() -> None:
    exported = {name: labels.copy() for name, labels in wanted().items()}
    assert missing(exported, set(wanted())) == set()

    exported["events_consumed_total"].discard("outcome")
    del exported["consumer_connected"]

    assert missing(exported, set(wanted())) == {"events_consumed_total{outcome}", "consumer_connected"}


def test_a_page_is_read_as_prometheus_reads_it() -> None:
    page = '# HELP a_total x\na_total{queue="a b",code="O}K"} 3.0\nb_seconds 1e-05\n'

    assert read(page) == {"a_total": {"queue", "code"}, "b_seconds": set()}
