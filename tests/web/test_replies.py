"""Answers as they are sent and as they are remembered for a repeat."""

from __future__ import annotations

from typing import cast

import httpx
import pytest
from litestar import Response, post
from litestar.datastructures import State
from litestar.di import NamedDependency

from fulfilhub.platform.work import Work
from fulfilhub.web.front import Api
from fulfilhub.web.once import Once, once
from fulfilhub.web.replies import created, ok
from tests.web.conftest import client
from tests.web.little import NOW, Kept, NoteOut, Plain, little_settings

NOTE = NoteOut(id="n", title="t", lines=[Plain(words="w")], due_at=None, weight=0, version=7, created_at=NOW)
BODY = (
    b'{"id":"n","title":"t","lines":[{"kind":"plain","words":"w"}],"due_at":null,"weight":0,"version":7,'
    b'"created_at":"2026-11-24T09:30:00Z"}'
)


def test_what_is_sent_is_what_is_remembered() -> None:
    kept = Kept()
    answer = created(cast("Work", kept), NOTE, "/v1/notes/n")
    assert kept.answers == [(201, {"Location": "/v1/notes/n", "ETag": '"7"'}, BODY)]
    assert (answer.status_code, answer.headers) == (201, kept.answers[0][1])
    assert cast("object", answer.content) == BODY
    ok(cast("Work", kept), NOTE, 202)
    assert kept.answers[1] == (202, {"ETag": '"7"'}, BODY)


def test_without_a_version_there_is_no_etag() -> None:
    kept = Kept()
    ok(cast("Work", kept), {"a": 1})
    assert kept.answers == [(200, {}, b'{"a":1}')]


@post("/v1/once", status_code=200)
async def show_key(once: NamedDependency[Once]) -> Response[dict[str, bool]]:
    """Whether there is a key."""
    return Response({"key": once is not None})


@pytest.mark.parametrize(
    ("key", "status"),
    [
        (None, 200),
        ("a", 200),
        ("~!" * 127, 200),
        ("x" * 256, 422),
        ("a b", 422),
        ("", 422),
        ("clé".encode("latin-1"), 422),
    ],
)
async def test_an_idempotency_key_is_visible_ascii(key: str | bytes | None, status: int) -> None:
    settings = little_settings()
    app = Api(settings, route_handlers=[show_key], dependencies=once(), state=State({"settings": settings}))
    headers = {} if key is None else {"Idempotency-Key": key}
    async with client(app) as api:
        answer = await api.post("/v1/once", headers=httpx.Headers(cast("dict[str, str]", headers)))
    await app.state.limits.close()
    assert answer.status_code == status
    if status == 200:
        assert answer.json() == {"key": key is not None}
    else:
        assert [error["pointer"] for error in answer.json()["errors"]] == ["header/Idempotency-Key"]


def test_the_key_is_in_the_contract() -> None:
    settings = little_settings()
    app = Api(settings, route_handlers=[show_key], dependencies=once(), state=State({"settings": settings}))
    (operation,) = app.contract()["paths"]["/v1/once"].values()  # type: ignore[index]
    assert [p["name"] for p in operation["parameters"]] == ["Idempotency-Key"]
    assert "409" in operation["responses"]
