"""The reference page: everything of the contract, nothing from elsewhere."""

from __future__ import annotations

import re

import httpx

from fulfilhub.web.docs import render
from fulfilhub.web.front import Api
from fulfilhub.web.openapi import dumps
from fulfilhub.web.problems import KINDS


async def test_the_contract_is_served_as_it_is_committed(api: httpx.AsyncClient, app: Api) -> None:
    answer = await api.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.text == dumps(app.contract())


async def test_the_page_shows_every_operation_schema_and_problem(api: httpx.AsyncClient, app: Api) -> None:
    answer = await api.get("/docs")
    assert answer.headers["content-type"].startswith("text/html")
    page = answer.text
    anchors = set(re.findall(r' id="([^"]+)"', page))
    contract = app.contract()
    for methods in contract["paths"].values():  # type: ignore[attr-defined]
        assert {operation["operationId"] for operation in methods.values()} <= anchors
    assert {f"schema-{name}" for name in contract["components"]["schemas"]} <= anchors  # type: ignore[index]
    assert {f"problem-{kind.name}" for kind in KINDS.values()} <= anchors
    assert set(re.findall(r'href="#([^"]+)"', page)) <= anchors
    assert "<code>ord_01h455vb4pex5vsknk084sn02q</code>" in page or "ord_01h455vb4pex5vsknk084sn02q" in page
    assert "curl -X POST" in page


async def test_the_page_needs_nothing_from_elsewhere(api: httpx.AsyncClient) -> None:
    page = (await api.get("/docs")).text
    assert not re.search(r"<script(?![^>]*src=)", page)
    assert not re.search(r"<style| style=| on\w+=", page)
    wanted = re.findall(r'<(?:script|link)[^>]+(?:src|href)="(?!data:)([^"]+)"', page)
    assert len(wanted) == 2
    for address in wanted:
        answer = await api.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert "http" not in answer.text


def test_what_a_docstring_says_can_not_become_markup(app: Api) -> None:
    contract = app.contract()
    info = {"title": "<script>alert(1)</script>", "version": "1", "description": "<img src=x> and `<b>`"}
    page = render({**contract, "info": info}, "1")
    assert "<img" not in page
    assert "<script>alert" not in page
    assert "<code>&lt;b&gt;</code>" in page
