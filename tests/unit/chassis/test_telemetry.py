"""Traces: ids always, records only where somebody collects them."""

from __future__ import annotations

import re
import socket
import subprocess
import sys

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind

from chassis import telemetry

YESTERDAY = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-00"  # an order taken before there was a collector


@pytest.mark.parametrize(("endpoint", "recorded"), [(None, False), ("http://collector.invalid/v1/traces", True)])
def test_a_span_goes_on_in_its_trace_and_is_recorded_where_somebody_collects(
    endpoint: str | None, recorded: bool
) -> None:
    tracer = TracerProvider(sampler=telemetry.sampler_for(endpoint)).get_tracer("test")

    with tracer.start_as_current_span("work", context=telemetry.context_of(YESTERDAY)) as span:
        written = telemetry.current_traceparent()

    assert span.is_recording() is False  # it has ended
    assert written.split("-")[1] == YESTERDAY.split("-")[1]
    assert written.split("-")[2] != YESTERDAY.split("-")[2]
    assert written.split("-")[3] == ("01" if recorded else "00")


def test_a_new_trace_has_ids_of_the_standard_form() -> None:
    with TracerProvider(sampler=telemetry.sampler_for(None)).get_tracer("test").start_as_current_span("work"):
        written = telemetry.current_traceparent()

    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-0[02]", written)  # not sampled; a random id says so
    assert telemetry.current_traceparent() == ""


@pytest.mark.parametrize("text", ["", "nonsense", "00-zz-11-01", "00-" + "0" * 32 + "-" + "0" * 16 + "-01"])
def test_what_is_no_traceparent_begins_a_trace_of_its_own(text: str) -> None:
    tracer = TracerProvider().get_tracer("test")

    with tracer.start_as_current_span("work", context=telemetry.context_of(text)) as span:
        assert span.get_span_context().is_valid


def test_a_query_is_recorded_within_some_work_and_never_alone() -> None:
    tracer = TracerProvider(sampler=telemetry.sampler_for("http://collector.invalid/v1/traces")).get_tracer("test")

    with tracer.start_as_current_span("SELECT", kind=SpanKind.CLIENT) as alone:
        assert not alone.is_recording()
    with tracer.start_as_current_span("POST /orders", kind=SpanKind.SERVER) as request:
        assert request.is_recording()
        with tracer.start_as_current_span("SELECT", kind=SpanKind.CLIENT) as within:
            assert within.is_recording()


def test_a_taken_metrics_port_keeps_no_service_from_starting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = {"otlp_endpoint": None, "metrics_port": taken.getsockname()[1], "metrics_bind": "127.0.0.1"}
        start = f"from types import SimpleNamespace as S; from chassis.telemetry import configure; configure('x', S(**{settings}))"

        said = subprocess.run([sys.executable, "-c", start], capture_output=True, text=True, check=True).stdout

    assert "no_metrics" in said
