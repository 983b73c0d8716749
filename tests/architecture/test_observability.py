"""Alarms and dashboard speak of metrics that exist, and the page for operators explains every alarm."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import generate_latest

from deploy.local.keys import SERVICES
from deploy.systemd.make_settings import METRICS_PORT

ROOT = Path(__file__).resolve().parents[2]
ALERTS = ROOT / "deploy/observability/alerts.yaml"
DASHBOARD = ROOT / "deploy/observability/dashboard.json"
CREATED = re.compile(
    r"create_(counter|gauge|histogram|up_down_counter)\(\s*\"([^\"]+)\"(?:,\s*unit=\"([^\"]*)\")?", re.DOTALL
)
NAME = re.compile(r"\b(?:[a-z]+_)+[a-z]+\b(?=[\[{\s)]|$)")
# PromQL's own words, and what others say: Prometheus itself and RabbitMQ's plug-in rabbitmq_prometheus.
WORDS = {"histogram_quantile"}
OTHERS = {
    "up",
    "rabbitmq_queue_messages_ready",
    "rabbitmq_alarms_memory_used_watermark",
    "rabbitmq_alarms_free_disk_space_watermark",
}
USE = {"counter": "add", "up_down_counter": "add", "gauge": "set", "histogram": "record"}


def sources() -> list[Path]:
    import fastapi.telemetry

    own = [path for path in (ROOT / "services").rglob("*.py") if "web" not in path.parts]
    return own + list(Path(str(fastapi.telemetry.__file__)).parent.glob("*.py"))


@cache
def exported() -> frozenset[str]:
    """Return the names Prometheus reads, by really making each instrument of the code and exporting it."""
    provider = MeterProvider(metric_readers=[PrometheusMetricReader()])
    meter = provider.get_meter("test")
    for source in sources():
        for kind, name, unit in CREATED.findall(source.read_text()):
            getattr(getattr(meter, f"create_{kind}")(name, unit=unit), USE[kind])(1)
    text = generate_latest().decode()
    provider.shutdown()
    return frozenset(re.split(r"[{ ]", line)[0] for line in text.splitlines() if not line.startswith("#"))


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def expressions() -> list[str]:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    return [rule["expr"] for rule in rules()] + [target["expr"] for panel in panels for target in panel["targets"]]


def names(expression: str) -> set[str]:
    """Return the metrics an expression reads; label names stand inside braces and behind `by`."""
    bare = re.sub(r"\{[^}]*\}|by \([^)]*\)|\[[^\]]*\]", " ", expression)
    return {name for name in NAME.findall(bare) if name not in WORDS} | ({"up"} if bare.startswith("up ") else set())


@pytest.mark.parametrize("expression", expressions())
def test_every_metric_exists(expression: str) -> None:
    used = names(expression)

    assert used
    assert used <= exported() | OTHERS


def test_a_misspelt_metric_is_noticed() -> None:
    assert names('sum(rate(events_publisht_total{a="b"}[5m])) by (pod)') == {"events_publisht_total"}
    assert "events_publisht_total" not in exported()
    assert {
        "events_published_total",
        "grpc_server_seconds_bucket",
        "http_server_request_duration_seconds_count",
    } <= exported()


def test_every_alarm_is_explained() -> None:
    page = (ROOT / "docs/operations.md").read_text().split("<!-- alarms -->")[1].split("<!-- /alarms -->")[0]

    assert re.findall(r"^\| `(\w+)`", page, re.MULTILINE) == [rule["alert"] for rule in rules()]
    assert all(
        rule["labels"]["severity"] in ("warning", "critical") and rule["annotations"]["summary"] for rule in rules()
    )


def test_the_metrics_that_matter_have_an_alarm() -> None:
    watched = set().union(*(names(rule["expr"]) for rule in rules()))

    assert {"outbox_oldest_age_seconds", "consumer_connected", "events_consumed_total", "up"} <= watched


def test_calls_are_measured_in_milliseconds() -> None:
    from chassis.grpc_server import BUCKETS_SECONDS

    threshold = next(float(r["expr"].rsplit(">", 1)[1]) for r in rules() if r["alert"] == "CallsSlow")

    assert threshold in BUCKETS_SECONDS
    assert sum(bucket < threshold for bucket in BUCKETS_SECONDS) >= 5


def test_one_boxs_prometheus_asks_every_part_where_it_listens() -> None:
    config = yaml.safe_load((ROOT / "deploy/observability/prometheus.yml").read_text())
    asked = {
        target["labels"]["pod"]: int(target["targets"][0].rsplit(":", 1)[1])
        for job in config["scrape_configs"]
        for target in job["static_configs"]
        if target["labels"]["namespace"] == "orderhub"
    }

    own = {service: METRICS_PORT + place for place, service in enumerate(SERVICES)}
    assert asked == own | {"rabbitmq": 15692}
    assert config["rule_files"] == [ALERTS.name]


def test_the_broker_tells_of_single_queues_and_of_its_alarms_on_one_page() -> None:
    """The path /metrics/per-object leaves the alarms out."""
    for place in ("deploy/k8s/base/files/rabbitmq.conf", "deploy/k8s/overlays/ha/rabbitmq.yaml", "docs/operations.md"):
        assert "prometheus.return_per_object_metrics = true" in (ROOT / place).read_text(), place
