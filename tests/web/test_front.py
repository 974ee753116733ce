"""What every answer carries, and what is kept of every request."""

from __future__ import annotations

import re

import httpx
import pytest
import structlog
from litestar import get
from litestar.exceptions import ImproperlyConfiguredException
from litestar.params import FromPath
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from fulfilhub.platform.idempotency import Replayed
from tests.web.conftest import client
from tests.web.little import ID, KEY, little_api, little_settings

NOTE = f"/v1/notes/{ID}"


@pytest.mark.parametrize("path", [NOTE, "/nowhere", "/broken/badly", "/v1/notes?limit=0", "/openapi.json", "/page"])
async def test_every_answer_is_guarded(api: httpx.AsyncClient, path: str) -> None:
    headers = (await api.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert re.fullmatch(r"req_[0-9a-f]{32}", headers["x-request-id"])
    assert headers["cache-control"] == ("public, max-age=60" if path == "/openapi.json" else "no-store")
    assert "strict-transport-security" not in headers
    assert len(headers.get_list("content-security-policy")) == 1


async def test_https_stays_https() -> None:
    app = little_api(little_settings())
    async with client(app, "https://api.test") as api:
        assert "max-age=31536000" in (await api.get("/nowhere")).headers["strict-transport-security"]
    await app.state.limits.close()
    app = little_api(little_settings(PUBLIC_URL="https://fulfilhub.example"))
    async with client(app) as api:  # behind a proxy that ends TLS
        assert "strict-transport-security" in (await api.get(NOTE)).headers
    await app.state.limits.close()


@pytest.mark.parametrize("given", ["abc", "01J-trace/1:2=", "x" * 128])
async def test_a_callers_request_id_is_kept(api: httpx.AsyncClient, given: str) -> None:
    answer = await api.get("/nowhere", headers={"X-Request-Id": given})
    assert answer.headers.get_list("x-request-id") == [given]
    assert answer.json()["request_id"] == given


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", "a\tb", "<script>", "ö".encode("latin-1")])
async def test_a_strange_request_id_is_not(api: httpx.AsyncClient, given: str | bytes) -> None:
    answer = await api.get(
        "/nowhere", headers=[(b"X-Request-Id", given if isinstance(given, bytes) else given.encode())]
    )
    assert re.fullmatch(r"req_[0-9a-f]{32}", answer.headers["x-request-id"])


async def test_a_line_per_request_with_nothing_personal(api: httpx.AsyncClient) -> None:
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        await api.get(f"{NOTE}?secret=ada@example.com", headers={"X-Request-Id": "trace-1"})
        await api.request("BREW", "/nowhere/ada@example.com")
    first, second = (line for line in lines if line["event"] == "http.request")
    assert first.pop("ms") >= 0
    assert first == {
        "event": "http.request",
        "log_level": "info",
        "method": "GET",
        "route": "/v1/notes/{order_id}",
        "status": 422,
        "request_id": "trace-1",
        "key_id": "key_ada",
    }
    assert (second["method"], second["route"], second["status"]) == ("OTHER", "unknown", 404)
    assert "key_id" not in second
    assert "ada@example" not in str(lines)


async def test_a_failure_is_logged_with_its_request(api: httpx.AsyncClient) -> None:
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        answer = await api.get("/broken/badly")
    (line,) = (line for line in lines if line["log_level"] == "error")
    assert line["request_id"] == answer.headers["x-request-id"]
    assert line["route"] == "/broken/{how}"
    assert isinstance(line["exc_info"], ValueError)


async def test_requests_are_counted_by_route(api: httpx.AsyncClient) -> None:
    labels = {"method": "GET", "route": "/v1/notes/{order_id}", "status": "200"}
    before = REGISTRY.get_sample_value("fulfilhub_http_request_seconds_count", labels) or 0
    await api.get(NOTE)
    assert REGISTRY.get_sample_value("fulfilhub_http_request_seconds_count", labels) == before + 1


async def test_a_repeat_gets_the_first_answer() -> None:
    @get("/again", include_in_schema=False)
    async def again() -> None:
        raise Replayed(201, {"Location": "/v1/notes/1"}, b'{"id": 1}')

    app = little_api(little_settings(), [again])
    async with client(app) as api:
        answer = await api.get("/again")
    await app.state.limits.close()
    assert (answer.status_code, answer.json(), answer.headers["location"]) == (201, {"id": 1}, "/v1/notes/1")
    assert answer.headers["idempotent-replayed"] == "true"


async def test_a_declaration_that_can_not_be_served_stops_the_start() -> None:
    @get("/v1/things/{thing_id:str}")
    async def get_thing(thing_id: FromPath[str], other: complex) -> None:
        """Nothing that msgspec can read."""

    with pytest.raises((ImproperlyConfiguredException, TypeError, DeprecationWarning)):
        little_api(little_settings(), [get_thing])


async def test_the_key_is_in_no_log(api: httpx.AsyncClient) -> None:
    with capture_logs() as lines:
        await api.get(NOTE)
        await api.get("/broken/badly")
    assert KEY.removeprefix("Bearer ") not in str(lines)
