"""Traces to an OpenTelemetry collector and errors to Sentry: both optional, both without anything personal.

The libraries are the extras `tracing` and `errors`; they are loaded only where a setting names a place to send to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fulfilhub.platform.settings import Settings, SettingsError

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

Note = Callable[[Mapping[str, str | int]], None]

_tracers: list[Tracer] = []
"""The process's tracer, once `start` was told to trace; empty otherwise."""


def start(settings: Settings, process: str) -> Callable[[], None]:
    """Begin to report for this process (`api`, `worker`, `relay`); call what it returns at the end, to send the rest.

    Raises SettingsError when a setting asks for a library that is not installed.
    """
    if settings.telemetry.sentry_dsn:
        _report_errors(settings.telemetry.sentry_dsn, process)
    if settings.telemetry.traces_url:
        return _trace(settings, process)
    return lambda: None


@contextmanager
def span(name: str, headers: Iterable[tuple[bytes, bytes]] = ()) -> Iterator[Note]:
    """A traced piece of work; `headers` may carry its caller's `traceparent` (W3C Trace Context). The block gets a
    function that adds attributes: ids and templates, never what people wrote."""
    if not _tracers:
        yield _nothing
        return
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier = {key.decode("latin-1"): value.decode("latin-1") for key, value in headers if key.startswith(b"trace")}
    parent = TraceContextTextMapPropagator().extract(carrier)
    # Exceptions quote what people sent, so only that there was one is kept.
    with _tracers[0].start_as_current_span(name, parent, record_exception=False, set_status_on_exception=True) as made:
        yield lambda attributes: made.set_attributes(dict(attributes))


def _nothing(attributes: Mapping[str, str | int]) -> None:
    """What a block that is not traced notes."""


def _trace(settings: Settings, process: str) -> Callable[[], None]:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
    except ImportError:
        raise SettingsError("TRACES_URL is set: install its library with `pip install fulfilhub[tracing]`.") from None
    provider = TracerProvider(
        resource=Resource({"service.name": f"fulfilhub-{process}"}),
        sampler=ParentBasedTraceIdRatio(settings.telemetry.traces_share),
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(settings.telemetry.traces_url, timeout=10)))
    _tracers[:] = [provider.get_tracer("fulfilhub")]

    def stop() -> None:
        _tracers.clear()
        provider.shutdown()

    return stop


def _report_errors(dsn: str, process: str) -> None:
    try:
        import sentry_sdk
    except ImportError:
        raise SettingsError("SENTRY_DSN is set: install its library with `pip install fulfilhub[errors]`.") from None
    sentry_sdk.init(
        dsn,
        server_name=process,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        traces_sample_rate=0.0,
        auto_enabling_integrations=False,
        before_send=_without_people,
    )


def _without_people(event: Any, hint: Any) -> Any:
    """An event without the request and the user; a database error quotes the values of its statement, so of every
    message only the first line stays."""
    for name in ("request", "user", "breadcrumbs"):
        event.pop(name, None)
    for each in (event.get("exception") or {}).get("values", ()):
        each["value"] = str(each.get("value", "")).partition("\n")[0][:300]
    return event
