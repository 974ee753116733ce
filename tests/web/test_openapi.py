"""The contract: true to the routes, the same each time, and something generators can use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any, cast

import pytest
from jsonschema import Draft202012Validator
from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from fulfilhub.web.front import Api
from fulfilhub.web.openapi import METHODS, dumps
from fulfilhub.web.problems import KINDS
from tests.web import little
from tests.web.little import little_api, little_settings

Json = dict[str, Any]


@pytest.fixture
def contract(app: Api) -> Json:
    return cast("Json", app.contract())


def _operations(contract: Json) -> Iterator[Json]:
    for methods in contract["paths"].values():
        yield from methods.values()


def _refs(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield str(value)
            yield from _refs(value)
    elif isinstance(node, list):
        for value in node:
            yield from _refs(value)


def test_it_is_the_same_each_time(app: Api) -> None:
    assert dumps(app.contract()) == dumps(little_api(little_settings()).contract())
    turned = little_api(little_settings(), list(reversed(little.ROUTES)))
    assert dumps(turned.contract()) == dumps(app.contract())


def test_it_holds_what_is_in_the_contract_and_no_more(contract: Json) -> None:
    assert sorted(contract["paths"]) == [
        "/v1/notes",
        "/v1/notes/batch",
        "/v1/notes/{order_id}",
        "/v1/notes/{order_id}/close",
    ]
    assert {method for methods in contract["paths"].values() for method in methods} <= set(METHODS)
    ids = [operation["operationId"] for operation in _operations(contract)]
    assert sorted(ids) == ["changeNote", "closeNote", "createNote", "createNotes", "getNote", "listNotes"]


def test_every_reference_leads_somewhere(contract: Json) -> None:
    for ref in set(_refs(contract)):
        target: Any = contract
        for step in ref.removeprefix("#/").split("/"):
            target = target[step]
        assert target


def test_every_schema_is_one(contract: Json) -> None:
    for schema in contract["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_example_fits(contract: Json) -> None:
    shown = 0
    for operation in _operations(contract):
        success = next(a for status, a in operation["responses"].items() if status.startswith("2"))
        for content in [*operation.get("requestBody", {}).get("content", {}).values(), *success["content"].values()]:
            checker = Draft202012Validator({**content["schema"], "components": contract["components"]})
            checker.validate(content["example"])
            shown += 1
    assert shown == 10


def test_words_come_from_the_docstring(contract: Json) -> None:
    operation = contract["paths"]["/v1/notes"]["post"]
    assert operation["summary"] == "Write a note"
    assert operation["description"] == "The second paragraph is the description, with `code` in it."
    assert operation["tags"] == ["Notes"]
    assert operation["security"] == [{"apiKey": []}]


def test_unknown_fields_are_refused_and_unions_have_their_tag(contract: Json) -> None:
    schemas = contract["components"]["schemas"]
    assert schemas["NoteIn"]["additionalProperties"] is False
    lines = schemas["NoteIn"]["properties"]["lines"]
    assert (lines["minItems"], lines["maxItems"]) == (1, 5)
    assert lines["items"]["discriminator"] == {
        "propertyName": "kind",
        "mapping": {"plain": "#/components/schemas/Plain", "sum": "#/components/schemas/Sum"},
    }
    assert schemas["Sum"]["properties"]["kind"] == {"type": "string", "const": "sum"}


def test_names_and_numbers_and_times_are_plain(contract: Json) -> None:
    schemas = contract["components"]["schemas"]
    assert {"Note", "NoteIn", "PageOfNote", "Problem", "FieldProblem"} <= set(schemas)
    assert "additionalProperties" not in schemas["Note"]
    weight = schemas["NoteIn"]["properties"]["weight"]
    assert weight == {
        "type": "integer",
        "format": "int64",
        "minimum": -(2**53) + 1,
        "maximum": 2**53 - 1,
        "default": 0,
    }
    due = schemas["NoteIn"]["properties"]["due_at"]
    assert due["anyOf"] == [{"type": "string", "format": "date-time"}, {"type": "null"}]
    assert list(schemas) == sorted(schemas)


def test_items_of_a_batch_are_described_and_not_demanded(contract: Json) -> None:
    notes = contract["components"]["schemas"]["NotesIn"]["properties"]["notes"]
    assert notes["items"]["anyOf"][0] == {"$ref": "#/components/schemas/NoteIn"}
    assert len(notes["items"]["anyOf"]) == 2
    assert (notes["minItems"], notes["maxItems"]) == (1, 100)
    assert "x-item" not in json.dumps(contract)


def test_parameters_say_where_and_what(contract: Json) -> None:
    parameters = {p["name"]: p for p in contract["paths"]["/v1/notes"]["get"]["parameters"]}
    assert list(parameters) == ["limit", "cursor", "colour", "due_after", "urgent", "title"]
    assert parameters["limit"]["schema"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 200,
        "format": "int64",
        "default": 50,
    }
    assert parameters["title"] == {
        "name": "title",
        "in": "query",
        "required": False,
        "description": "Any of these.",
        "schema": {"type": "array", "items": {"type": "string"}},
        "example": ["Blue mug, hand thrown"],
    }
    assert parameters["colour"]["schema"]["enum"] == ["blue", "red"]
    change = {p["name"]: p for p in contract["paths"]["/v1/notes/{order_id}"]["patch"]["parameters"]}
    assert (change["order_id"]["in"], change["order_id"]["required"]) == ("path", True)
    assert change["order_id"]["schema"]["pattern"].startswith("^ord_")
    assert (change["If-Match"]["in"], change["If-Match"]["required"]) == ("header", False)


@pytest.mark.parametrize(
    ("path", "method", "statuses"),
    [
        ("/v1/notes", "post", "201 400 401 403 409 413 415 422 429 500 503 default"),
        ("/v1/notes", "get", "200 400 401 403 422 429 500 503 default"),
        ("/v1/notes/{order_id}", "get", "200 400 401 403 404 422 429 500 503 default"),
        ("/v1/notes/{order_id}", "patch", "200 400 401 403 404 412 413 415 422 429 500 503 default"),
    ],
)
def test_every_problem_that_can_happen_is_listed(contract: Json, path: str, method: str, statuses: str) -> None:
    responses = contract["paths"][path][method]["responses"]
    assert " ".join(responses) == statuses
    assert responses["429"] == {"$ref": "#/components/responses/RateLimited"}
    shared = contract["components"]["responses"]
    assert len(shared) == len(KINDS) + 1
    assert all("application/problem+json" in response["content"] for response in shared.values())
    assert "Retry-After" in shared["RateLimited"]["headers"]


def test_the_body_of_a_close_may_be_left_out(contract: Json) -> None:
    assert contract["paths"]["/v1/notes/{order_id}/close"]["post"]["requestBody"]["required"] is False
    assert contract["paths"]["/v1/notes"]["post"]["requestBody"]["required"] is True


def _contract_of(*routes: HTTPRouteHandler) -> Json:
    return cast("Json", little_api(little_settings(), list(routes)).contract())


def test_twins_are_refused() -> None:
    @get("/v1/a", name="a", operation_id="twin")
    async def first() -> dict[str, str]:
        return {}

    @get("/v1/b", name="b", operation_id="twin")
    async def second() -> dict[str, str]:
        return {}

    with pytest.raises(ValueError, match="called twin"):
        _contract_of(first, second)


class Tree(Struct, kw_only=True, forbid_unknown_fields=True):
    """A tree."""

    name: Annotated[str, Meta(pattern="^[a-z]{9}$")]
    branches: list[Tree] = []


def test_a_type_may_hold_itself_and_an_example_may_be_impossible() -> None:
    @post("/v1/trees/{tree_id:int}")
    async def plant(tree_id: FromPath[int], data: JSONBody[Tree]) -> Tree:
        """Plant."""
        return data

    made = _contract_of(plant)
    operation = made["paths"]["/v1/trees/{tree_id}"]["post"]
    assert "example" not in operation["requestBody"]["content"]["application/json"]
    assert operation["security"] == []
    assert "401" not in operation["responses"]
    branches = made["components"]["schemas"]["Tree"]["properties"]["branches"]
    assert branches["items"] == {"$ref": "#/components/schemas/Tree"}
