"""Requests over HTTP: what is refused before a handler runs, with which status, and what is told."""

from __future__ import annotations

import httpx
import pytest

from fulfilhub.web.problems import KINDS
from tests.web.conftest import client
from tests.web.little import ID, KEY, little_api, little_settings

GOOD = {"title": "a", "lines": [{"kind": "plain", "words": "b"}]}
NOTES = "/v1/notes"
NOTE = f"/v1/notes/{ID}"


def _told(answer: httpx.Response, status: int) -> dict[str, str]:
    """Pointer to code of each mistake, of an answer that is a whole problem document."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert problem["type"] in {f"/docs#problem-{kind.name}" for kind in KINDS.values() if kind.status == status}
    assert {"title", "detail", "instance", "code", "errors"} <= problem.keys()
    return {error["pointer"]: error["code"] for error in problem["errors"]}


async def test_mistakes_of_query_header_and_body_are_told_together(api: httpx.AsyncClient) -> None:
    answer = await api.post(NOTES, params={"dry": "1"}, json={"title": "", "lines": []})
    assert _told(answer, 422) == {"query/dry": "unknown_parameter", "/title": "min_length", "/lines": "min_items"}
    assert answer.json()["detail"] == "3 fields are wrong; `errors` says how to mend each."


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("limit=0", {"query/limit": "minimum"}),
        ("limit=201", {"query/limit": "maximum"}),
        ("limit=", {"query/limit": "type"}),
        ("limit=5.0", {"query/limit": "type"}),
        ("limit=1e2", {"query/limit": "type"}),
        ("limit=%D9%A5", {"query/limit": "type"}),
        ("limit=99999999999999999999", {"query/limit": "type"}),
        ("limit=5&limit=6", {"query/limit": "repeated"}),
        ("limit=5&LIMIT=5", {"query/LIMIT": "unknown_parameter"}),
        ("colour=green", {"query/colour": "enum"}),
        ("colour=null", {"query/colour": "enum"}),
        ("urgent=1", {"query/urgent": "type"}),
        ("due_after=5", {"query/due_after": "type"}),
        ("due_after=null", {"query/due_after": "type"}),
        ("due_after=2026-11-24T09:30:00", {"query/due_after": "type"}),
        ("due_after=2026-11-24T09:30:00+01:00", {"query/due_after": "type"}),  # that + is a space
        ("due_after=2026-13-24T09:30:00Z", {"query/due_after": "format"}),
        ("due_after=0001-01-01T00:00:00%2B14:00", {"query/due_after": "format"}),
        ("title=a%00b", {"query/title": "bad_text"}),
        ("title=%ED%A0%80", {"query/title": "not_utf8"}),
        ("%00=1", {"query/\x00": "unknown_parameter"}),
        (
            "limit=0&colour=green&x=1",
            {"query/limit": "minimum", "query/colour": "enum", "query/x": "unknown_parameter"},
        ),
        (f"cursor={'x' * 501}", {"query/cursor": "max_length"}),
        ("cursor=nonsense", {"query/cursor": "invalid"}),
    ],
)
async def test_wrong_parameters_are_named(api: httpx.AsyncClient, query: str, told: dict[str, str]) -> None:
    assert _told(await api.get(f"{NOTES}?{query}"), 422) == told


@pytest.mark.parametrize(
    "query",
    [
        "limit=200&colour=red&urgent=true",
        "due_after=2026-11-24T09:30:00Z",
        "due_after=2026-11-24T09:30:00.123456%2B01:00",
        "title=a&title=b&title=caf%C3%A9",
        "cursor=",
        "",
    ],
)
async def test_right_parameters_pass(api: httpx.AsyncClient, query: str) -> None:
    assert (await api.get(f"{NOTES}?{query}")).status_code == 200


async def test_pages_take_what_others_append_but_no_nul(api: httpx.AsyncClient) -> None:
    assert (await api.get("/page?utm_source=mail&utm_source=x")).status_code == 200
    assert _told(await api.get("/page?utm=%00"), 422) == {"query/utm": "bad_text"}


async def test_a_nul_in_the_path_is_refused_by_name(api: httpx.AsyncClient) -> None:
    assert _told(await api.get(f"{NOTES}/a%00b"), 422) == {"path/order_id": "bad_text"}


async def test_what_is_not_there_is_not_found(api: httpx.AsyncClient) -> None:
    assert _told(await api.get("/v2/notes"), 404) == {}
    assert _told(await api.get(f"{NOTES}/cat"), 404) == {}
    assert _told(await api.get("/%F0%9F%93%A6/%00"), 404) == {}


async def test_the_method_is_told_which_others_there_are(api: httpx.AsyncClient) -> None:
    answer = await api.delete(NOTES)
    _told(answer, 405)
    assert set(answer.headers["allow"].split(", ")) == {"GET", "POST", "OPTIONS"}
    answer = await api.options(NOTES)
    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, OPTIONS, POST")


@pytest.mark.parametrize(
    ("content", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "broken_json"),
        (b"\xff", "application/json", 400, "broken_json"),
        (b'{"title": "\xff"}', "application/json", 400, "not_utf8"),
        (b"{}", "text/plain", 415, "unsupported_media_type"),
        (b"{}", "application/jsonp", 415, "unsupported_media_type"),
        (b"{}", "application/json; charset=latin-1", 415, "unsupported_media_type"),
        (b"{}", None, 415, "unsupported_media_type"),
        (b"title=a", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b"", "text/plain", 415, "unsupported_media_type"),
        (b"", "application/json", 422, "invalid"),
        (b"", None, 422, "invalid"),
        (b"null", "application/json", 422, "invalid"),
    ],
)
async def test_bodies_that_are_not_what_is_wanted(
    api: httpx.AsyncClient, content: bytes, content_type: str | None, status: int, code: str
) -> None:
    headers = {"content-type": content_type} if content_type else {}
    answer = await api.post(NOTES, content=content, headers=headers)
    _told(answer, status)
    assert answer.json()["code"] == code


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8", "application/vnd.x+json"],
)
async def test_json_by_any_of_its_names(api: httpx.AsyncClient, content_type: str) -> None:
    content = b'{"title": "a", "lines": [{"kind": "plain", "words": "b"}]}'
    answer = await api.post(NOTES, content=content, headers={"content-type": content_type})
    assert answer.status_code == 201


async def test_a_body_may_be_left_out_where_it_is_optional(api: httpx.AsyncClient) -> None:
    assert (await api.post(f"{NOTE}/close")).json()["title"] == "closed"
    assert (await api.post(f"{NOTE}/close", json=None)).json()["title"] == "closed"
    assert (await api.post(f"{NOTE}/close", json={"title": "x"})).json()["title"] == "x"
    assert _told(await api.post(f"{NOTE}/close", json={"title": ""}), 422) == {"/title": "min_length"}


@pytest.mark.parametrize("name", ["Authorization", "Content-Type", "If-Match", "Idempotency-Key", "Host"])
async def test_a_header_that_counts_is_sent_once(api: httpx.AsyncClient, name: str) -> None:
    value = {"Authorization": KEY, "Content-Type": "application/json", "Host": "api.test"}.get(name, '"3"')
    headers = [
        ("Authorization", KEY),
        ("Content-Type", "application/json"),
        ("Host", "api.test"),
        (name, value),
        (name, value),
    ]
    answer = await api.patch(NOTE, content=b'{"title": "x"}', headers=headers)
    _told(answer, 400)
    assert answer.json()["code"] == "repeated_header"


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ('"3"', 200),
        ("3", 200),
        ('W/"3"', 200),
        ("*", 200),
        ('"2"', 412),
        ('"x"', 422),
        ('"3', 422),
        ('"1", "3"', 422),
        ("", 422),
    ],
)
async def test_if_match(api: httpx.AsyncClient, header: str, status: int) -> None:
    answer = await api.patch(NOTE, json={"title": "x"}, headers={"If-Match": header})
    assert answer.status_code == status, answer.text
    if status == 422:
        assert _told(answer, 422) == {"header/If-Match": "invalid"}
    if status == 412:
        assert (answer.json()["code"], answer.json()["version"]) == ("stale_version", 3)


async def test_an_entity_says_its_version_and_where_it_lives(api: httpx.AsyncClient) -> None:
    assert (await api.get(NOTE)).headers["etag"] == '"3"'
    made = await api.post(NOTES, json=GOOD)
    assert (made.status_code, made.headers["location"], made.headers["etag"]) == (201, NOTE, '"1"')
    assert made.headers["content-type"] == "application/json"
    assert made.json()["title"] == "a"


async def test_a_conflict_carries_its_own_code_and_members(api: httpx.AsyncClient) -> None:
    answer = await api.post(NOTES, json=GOOD | {"title": "taken"})
    _told(answer, 409)
    assert (answer.json()["code"], answer.json()["actions"]) == ("title_taken", ["rename"])


async def test_without_a_key_nothing_is_read(api: httpx.AsyncClient) -> None:
    answer = await api.post(NOTES, content=b"{", headers={"authorization": ""})
    _told(answer, 401)
    assert answer.headers["www-authenticate"] == 'Bearer realm="fulfilhub", error="invalid_token"'
    del api.headers["authorization"]
    assert (await api.get(NOTES)).headers["www-authenticate"] == 'Bearer realm="fulfilhub"'


async def test_bodies_have_a_limit_and_batches_a_larger_one() -> None:
    app = little_api(little_settings(BODY_LIMIT_BYTES="1000"))
    async with client(app) as api:
        assert (await api.post(NOTES, json=GOOD | {"more": {"a": "x" * 800}})).status_code == 201
        answer = await api.post(NOTES, json=GOOD | {"more": {"a": "x" * 1000}})
        _told(answer, 413)
        assert answer.headers["connection"] == "close"
        batch = {"notes": [GOOD] * 50}
        assert (await api.post(f"{NOTES}/batch", json=batch)).json() == {"made": 50, "problems": []}
        assert (await api.post(f"{NOTES}/batch", json={"notes": [GOOD] * 500})).status_code == 413
        assert (await api.post("/hook", content=b"x" * 1001)).status_code == 413
    await app.state.limits.close()


async def test_a_batch_answers_per_item(api: httpx.AsyncClient) -> None:
    answer = await api.post(f"{NOTES}/batch", json={"notes": [GOOD, {"title": "\x00"}, 5, GOOD]})
    assert answer.status_code == 200
    made = answer.json()
    assert made["made"] == 2
    pointers = [sorted(error["pointer"] for error in problem["errors"]) for problem in made["problems"]]
    assert pointers == [["/lines", "/title"], [""]]


async def test_a_hook_takes_anything_but_a_form_with_nul(api: httpx.AsyncClient) -> None:
    assert (await api.post("/hook", content=b"\xff\x00{")).json() == {"bytes": 3}
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert (await api.post("/hook", content=b"webhook_id=1", headers=form)).json() == {"bytes": 12}
    assert _told(await api.post("/hook", content=b"a=%00", headers=form), 422) == {"/a": "bad_text"}


async def test_our_own_failures_tell_nothing_of_the_inside(
    api: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await api.get("/broken/badly")
    assert _told(answer, 500) == {}
    assert "hunter2" not in answer.text
    answer = await api.get("/broken/away")
    _told(answer, 503)
    assert answer.headers["retry-after"] == "5"
    assert _told(await api.get("/broken/deep"), 422) == {}
