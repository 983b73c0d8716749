"""Traces and metrics: W3C trace context everywhere, Prometheus always on, OTLP only when an endpoint is set."""

from __future__ import annotations

from typing import Any

import structlog
from opentelemetry import metrics, trace
from opentelemetry.context import Context
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased, Sampler, SamplingResult
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import start_http_server

from chassis.settings import Settings

log = structlog.get_logger()
TRACEPARENT = "traceparent"
tracer = trace.get_tracer("chassis")
_w3c = TraceContextTextMapPropagator()


def configure(service: str, settings: Settings) -> None:
    """Install the providers once per process and serve /metrics on the local metrics port (0 picks a free one)."""
    resource = Resource.create({"service.name": service})
    provider = TracerProvider(resource=resource, sampler=sampler_for(settings.otlp_endpoint))
    if settings.otlp_endpoint:
        _export(provider, settings.otlp_endpoint)
    trace.set_tracer_provider(provider)
    metrics.set_meter_provider(MeterProvider(resource=resource, metric_readers=[PrometheusMetricReader()]))
    try:
        start_http_server(settings.metrics_port, settings.metrics_bind)
    except OSError as error:  # a service works without being measured; the alarm for missing metrics tells
        log.warning("no_metrics", port=settings.metrics_port, error=str(error))


def sampler_for(endpoint: str | None) -> Sampler:
    """Without a collector spans have their ids, which join events and log lines, and nothing that nobody would read. With
    one everything is recorded, orders too whose trace began before it was there."""
    return ParentBased(NoQueryAlone(), remote_parent_not_sampled=ALWAYS_ON) if endpoint else ALWAYS_OFF


class NoQueryAlone(Sampler):
    """No trace begins with a query of ours: looks at regular times would be most of what a collector gets."""

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: trace.SpanKind | None = None,
        attributes: Any = None,
        links: Any = None,
        trace_state: Any = None,
    ) -> SamplingResult:
        """Leave out what a client's call begins; record the rest."""
        chosen = ALWAYS_OFF if kind is trace.SpanKind.CLIENT else ALWAYS_ON
        return chosen.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)

    def get_description(self) -> str:
        """Return the sampler's name, as the interface wants."""
        return "NoQueryAlone"


def _export(provider: TracerProvider, endpoint: str) -> None:
    """Send spans, those of SQL statements included; imported here, since most firms have no collector to pay for."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.asyncpg import AsyncPGInstrumentor
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    AsyncPGInstrumentor().instrument(tracer_provider=provider)  # type: ignore[no-untyped-call]


def current_traceparent() -> str:
    """Return the running span as a W3C traceparent, or an empty text outside any span."""
    span = trace.get_current_span().get_span_context()
    return f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags:02x}" if span.is_valid else ""


def context_of(traceparent: str) -> Context | None:
    """Return the context a traceparent names; None when it is empty."""
    return _w3c.extract({TRACEPARENT: traceparent}) if traceparent else None


def traceparent_in(business_trace: str, what: str) -> str:
    """Return a traceparent for an event that belongs to the trace of its order (docs/decisions/0003).

    When the running span is of another trace, a short span in the order's trace is made and linked to it.
    """
    current = trace.get_current_span()
    parent = context_of(business_trace)
    if parent is None:
        return current_traceparent()
    owner = trace.get_current_span(parent).get_span_context()
    if owner.trace_id == current.get_span_context().trace_id:
        return current_traceparent()
    links = [trace.Link(current.get_span_context())] if current.get_span_context().is_valid else []
    with tracer.start_as_current_span(what, context=parent, links=links, kind=trace.SpanKind.PRODUCER):
        return current_traceparent() or business_trace
