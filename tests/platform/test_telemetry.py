"""Traces and error reports, as a collector and a Sentry on this machine get them; nothing personal among them."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import sentry_sdk
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from fulfilhub.platform import telemetry
from tests.conftest import make_settings
from tests.platform.waiting import until

SECRET_WORDS = "ada@example.test"
TRACE = b"0af7651916cd43dd8448eb211c80319c"


@contextmanager
def receiver() -> Iterator[tuple[int, list[bytes]]]:
    """Somebody else's HTTP server: its port, and the bodies it got."""
    got: list[bytes] = []

    class Keep(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Keep)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield server.server_port, got
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def spans(bodies: list[bytes]) -> list[Span]:
    found = []
    for body in bodies:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            found += [each for scope in resource.scope_spans for each in scope.spans]
    return found


def test_spans_reach_the_collector_as_part_of_their_callers_trace() -> None:
    with receiver() as (port, got):
        url = f"http://127.0.0.1:{port}/v1/traces"
        stop = telemetry.start(make_settings("postgresql://x/y", "redis://x", TRACES_URL=url, TRACES_SHARE="0"), "api")
        parent = (b"traceparent", b"00-" + TRACE + b"-b7ad6b7169203331-01")
        with pytest.raises(ValueError, match=SECRET_WORDS), telemetry.span("http.request", [parent]) as note:
            note({"http.route": "/v1/orders"})
            raise ValueError(SECRET_WORDS)
        with telemetry.span("not sampled: nobody asked for it"):
            pass
        stop()
    (span,) = spans(got)
    assert (span.name, span.trace_id.hex()) == ("http.request", TRACE.decode())
    assert {each.key: each.value.string_value for each in span.attributes} == {"http.route": "/v1/orders"}
    assert not span.events


def test_without_a_collector_nothing_is_traced() -> None:
    telemetry.start(make_settings("postgresql://x/y", "redis://x"), "api")()
    with telemetry.span("anything") as note:
        note({"a": 1})


def test_errors_reach_sentry_without_what_people_wrote() -> None:
    with receiver() as (port, got):
        settings = make_settings("postgresql://x/y", "redis://x", SENTRY_DSN=f"http://key@127.0.0.1:{port}/1")
        telemetry.start(settings, "worker")
        email = SECRET_WORDS
        try:
            raise LookupError(f"the first line\nDETAIL: {email}")
        except LookupError as error:
            sentry_sdk.capture_exception(error)
        sentry_sdk.flush(10)
        until(lambda: any(b"the first line" in body for body in got))
        sentry_sdk.get_client().close()
        sentry_sdk.get_global_scope().set_client(None)
    assert not any(SECRET_WORDS.encode() in body for body in got)
