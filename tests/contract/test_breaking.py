"""Callers of the last released contract can go on as before, unless the version or a dated exception says otherwise."""

from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.contract.breaking import Break, breaks, may_break
from tests.contract.operations import CONTRACT

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = "openapi/openapi.json"
EXCEPTIONS = Path(__file__).with_name("exceptions.json")

Json = dict[str, Any]


def _git(*arguments: str) -> str | None:
    """What git says; None when there is no git or no checkout."""
    try:
        told = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return told.stdout if told.returncode == 0 else None


def _released() -> tuple[str, Json]:
    """Tag and contract of the last release. Skips by name when there is none."""
    tags = _git("tag", "--list", "v*.*.*", "--merged", "HEAD", "--sort=-version:refname")
    if tags is None:
        pytest.skip("no git checkout: there is no released contract to compare with")
    for tag in tags.split():
        held = _git("show", f"{tag}:{PUBLISHED}")
        if held is not None:
            return tag, json.loads(held)
    pytest.skip(f"no tag vX.Y.Z holds {PUBLISHED}: nothing was released yet")


def test_the_released_contract_still_holds() -> None:
    tag, old = _released()
    found = breaks(old, CONTRACT)
    if may_break(old["info"]["version"], CONTRACT["info"]["version"]):
        return
    excused = {entry["break"] for entry in json.loads(EXCEPTIONS.read_text()) if entry["since"] == tag}
    left = [str(each) for each in found if str(each) not in excused]
    assert not left, f"breaks callers of {tag}: raise info.version, or list it in {EXCEPTIONS.name}"


def test_every_exception_has_its_reason_and_its_day() -> None:
    for entry in json.loads(EXCEPTIONS.read_text()):
        assert entry.keys() == {"break", "since", "on", "reason"}
        assert date.fromisoformat(entry["on"]) <= date.today()  # noqa: DTZ011 - a day is enough
        assert len(entry["reason"]) > 20


def _little() -> Json:
    note = {
        "type": "object",
        "required": ["id", "lines"],
        "properties": {
            "id": {"type": "string"},
            "title": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "lines": {"type": "array", "items": {"$ref": "#/components/schemas/Line"}},
        },
    }
    note_in = {
        "type": "object",
        "additionalProperties": False,
        "required": ["title"],
        "properties": {
            "title": {"type": "string", "maxLength": 40},
            "colour": {"type": "string", "enum": ["blue", "red"]},
            "weight": {"type": "integer", "minimum": 0},
            "parent": {"anyOf": [{"$ref": "#/components/schemas/NoteIn"}, {"type": "null"}]},
        },
    }
    line = {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}}}
    return {
        "info": {"version": "1.0"},
        "paths": {
            "/notes": {
                "post": {
                    "parameters": [
                        {"name": "colour", "in": "query", "required": False, "schema": {"type": "string"}},
                    ],
                    "requestBody": {
                        "required": True,
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NoteIn"}}},
                    },
                    "responses": {
                        "201": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Note"}}}},
                        "404": {"$ref": "#/components/responses/NotFound"},
                    },
                    "security": [{"apiKey": ["notes:write"]}],
                    "x-callers": ["merchant", "partner"],
                }
            }
        },
        "components": {
            "schemas": {"Note": note, "NoteIn": note_in, "Line": line},
            "responses": {"NotFound": {"content": {"application/problem+json": {"schema": {"type": "object"}}}}},
        },
    }


POST = "POST /notes"
Change = Callable[[Json, Json, Json], object]
"""Changes the operation, the answer's schema and the body's."""


def _put(holder: Json, name: str, value: object) -> object:
    holder[name] = value
    return value


BREAKING: list[tuple[Change, str]] = [
    (lambda o, n, i: o["responses"].pop("404"), f"{POST} 404: the status is gone"),
    (lambda o, n, i: o["responses"]["201"].pop("content"), f"{POST} 201: application/json is not answered any more"),
    (lambda o, n, i: n["properties"].pop("title"), f"{POST} 201/title: the field is gone"),
    (lambda o, n, i: n["required"].remove("id"), f"{POST} 201/id: the field may be missing now"),
    (lambda o, n, i: _put(n["properties"]["id"], "type", "integer"), f"{POST} 201/id: it can be integer now"),
    (
        lambda o, n, i: _put(n["properties"], "id", {"anyOf": [{"type": "string"}, {"type": "null"}]}),
        f"{POST} 201/id: it can be null now",
    ),
    (lambda o, n, i: i["required"].append("colour"), f"{POST} request/colour: it is required now"),
    (
        lambda o, n, i: (i["required"].append("owner"), _put(i["properties"], "owner", {"type": "string"})),
        f"{POST} request/owner: a new required field",
    ),
    (lambda o, n, i: i["properties"].pop("weight"), f"{POST} request/weight: the field is not taken any more"),
    (
        lambda o, n, i: i["properties"]["colour"]["enum"].remove("red"),
        f"{POST} request/colour: 'red' is not taken any more",
    ),
    (
        lambda o, n, i: _put(i["properties"]["title"], "enum", ["a"]),
        f"{POST} request/title: only certain values are taken now",
    ),
    (
        lambda o, n, i: _put(i["properties"]["weight"], "type", "string"),
        f"{POST} request/weight: integer is not taken any more",
    ),
    (
        lambda o, n, i: i["properties"]["parent"]["anyOf"].pop(),
        f"{POST} request/parent: null is not taken any more",
    ),
    (lambda o, n, i: _put(i["properties"]["title"], "maxLength", 20), f"{POST} request/title: maxLength is 20 now"),
    (lambda o, n, i: _put(i["properties"]["title"], "minLength", 1), f"{POST} request/title: minLength is 1 now"),
    (lambda o, n, i: _put(i["properties"]["title"], "pattern", "^a"), f"{POST} request/title: pattern is ^a now"),
    (lambda o, n, i: o["parameters"].clear(), f"{POST} query colour: the parameter is gone"),
    (lambda o, n, i: _put(o["parameters"][0], "required", True), f"{POST} query colour: it is required now"),
    (
        lambda o, n, i: o["parameters"].append({"name": "x", "in": "query", "required": True, "schema": {}}),
        f"{POST} query x: a new required parameter",
    ),
    (lambda o, n, i: o["x-callers"].remove("partner"), f"{POST}: a partner's key may not call it any more"),
    (lambda o, n, i: o.pop("requestBody"), f"{POST} request: it takes no body any more"),
]


@pytest.mark.parametrize(("change", "told"), BREAKING, ids=[told for _, told in BREAKING])
def test_what_breaks_is_found(change: Change, told: str) -> None:
    old, new = _little(), _little()
    schemas = new["components"]["schemas"]
    change(new["paths"]["/notes"]["post"], schemas["Note"], schemas["NoteIn"])
    assert told in {str(each) for each in breaks(old, new)}


GROWING: list[Change] = [
    lambda o, n, i: _put(n["properties"], "colour", {"type": "string"}),
    lambda o, n, i: n["required"].append("title"),
    lambda o, n, i: _put(n["properties"], "title", {"type": "string"}),
    lambda o, n, i: _put(i["properties"], "owner", {"type": "string"}),
    lambda o, n, i: i["required"].clear(),
    lambda o, n, i: i["properties"]["colour"]["enum"].append("green"),
    lambda o, n, i: i["properties"]["title"].pop("maxLength"),
    lambda o, n, i: _put(i["properties"]["weight"], "type", "number"),
    lambda o, n, i: o["parameters"].append({"name": "x", "in": "query", "required": False, "schema": {}}),
    lambda o, n, i: _put(o["responses"], "409", {}),
    lambda o, n, i: _put(o["requestBody"], "required", False),
]


@pytest.mark.parametrize("change", GROWING)
def test_what_only_grows_is_not(change: Change) -> None:
    old, new = _little(), _little()
    schemas = new["components"]["schemas"]
    change(new["paths"]["/notes"]["post"], schemas["Note"], schemas["NoteIn"])
    assert breaks(old, new) == []


def test_an_operation_that_is_gone() -> None:
    new = _little()
    del new["paths"]["/notes"]
    assert breaks(_little(), new) == [Break("POST /notes", "the operation is gone")]


def test_the_present_contract_breaks_nothing_of_itself() -> None:
    assert breaks(CONTRACT, copy.deepcopy(CONTRACT)) == []


@pytest.mark.parametrize(
    ("old", "new", "may"),
    [("1.0", "2.0", True), ("1.0", "1.1", True), ("1.9", "1.10", True), ("1.1", "1.0", False), ("1.0", "1.0.1", False)],
)
def test_which_versions_may_break(old: str, new: str, may: bool) -> None:
    assert may_break(old, new) is may
