"""The reference at /docs, drawn from the contract on the server: no outside resources, readable without a script."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import cast

from jinja2 import Environment, PackageLoader
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from markupsafe import Markup, escape

from fulfilhub.web.jsonschemas import SAFE, Json
from fulfilhub.web.openapi import dumps
from fulfilhub.web.problems import KINDS, Kind

ASSETS = files("fulfilhub.web") / "assets"
TEMPLATES = Environment(
    loader=PackageLoader("fulfilhub.web"), autoescape=True, trim_blocks=True, lstrip_blocks=True, auto_reload=False
)
KEPT = {"Cache-Control": "public, max-age=31536000, immutable"}
FRESH = {"Cache-Control": "public, max-age=60"}
WORDS = {"string": "text", "integer": "whole number", "boolean": "true or false", "null": "null"}


@dataclass(frozen=True, slots=True)
class Field:
    """One line of a table: a parameter, or a field of a schema."""

    name: str
    place: str
    required: bool
    shape: Markup
    description: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One status of an operation."""

    status: str
    description: str
    shape: Markup


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation as the page shows it."""

    id: str
    tag: str
    method: str
    path: str
    summary: str
    description: str
    needs_key: bool
    parameters: list[Field]
    body: Markup
    answers: list[Answer]
    call: str
    answer: str


@dataclass(frozen=True, slots=True)
class Shape:
    """One schema as the page shows it."""

    name: str
    description: str
    fields: list[Field]
    values: list[str]


def docs_routes(contract: Callable[[], Json]) -> list[HTTPRouteHandler]:
    """`/openapi.json`, `/docs` and what it needs. `contract` is asked once, at the first call."""
    made: dict[str, bytes] = {}
    sheet, script = (ASSETS / "docs.css").read_bytes(), (ASSETS / "docs.js").read_bytes()

    def drawn(name: str, draw: Callable[[Json], str]) -> bytes:
        if name not in made:
            made[name] = draw(contract()).encode()
        return made[name]

    @get("/openapi.json", include_in_schema=False)
    async def openapi_json() -> Response[bytes]:
        return Response(drawn("contract", dumps), media_type="application/json", headers=FRESH)

    @get("/docs", include_in_schema=False)
    async def docs() -> Response[bytes]:
        version = hashlib.sha256(sheet + script).hexdigest()[:12]
        return Response(drawn("page", lambda c: render(c, version)), media_type="text/html", headers=FRESH)

    @get("/docs/docs.css", include_in_schema=False)
    async def docs_css() -> Response[bytes]:
        return Response(sheet, media_type="text/css", headers=KEPT)

    @get("/docs/docs.js", include_in_schema=False)
    async def docs_js() -> Response[bytes]:
        return Response(script, media_type="text/javascript", headers=KEPT)

    return [openapi_json, docs, docs_css, docs_js]


def render(contract: Json, version: str) -> str:
    """The page; `version` makes browsers fetch changed files."""
    groups: dict[str, list[Entry]] = {}
    for entry in _entries(contract):
        groups.setdefault(entry.tag, []).append(entry)
    schemas = cast("dict[str, Json]", cast("Json", contract["components"])["schemas"])
    return TEMPLATES.get_template("docs.html").render(
        info=contract["info"],
        version=version,
        groups=dict(sorted(groups.items())),
        shapes=[_shape(name, schema) for name, schema in schemas.items()],
        kinds=_kinds(),
        prose=prose,
    )


def _kinds() -> list[tuple[str, Kind]]:
    return [(error.title, kind) for error, kind in KINDS.items()]


def _entries(contract: Json) -> Iterator[Entry]:
    shared = cast("dict[str, Json]", cast("Json", contract["components"])["responses"])
    for path, methods in cast("dict[str, Json]", contract["paths"]).items():
        for method, found in methods.items():
            told = cast("Json", found)
            body = _first_content(told.get("requestBody"))
            answers = [
                (status, _resolved(answer, shared)) for status, answer in cast("Json", told["responses"]).items()
            ]
            yield Entry(
                id=str(told["operationId"]),
                tag=cast("list[str]", told["tags"])[0],
                method=method.upper(),
                path=path,
                summary=str(told["summary"]),
                description=str(told.get("description", "")),
                needs_key=bool(told["security"]),
                parameters=[_parameter(p) for p in cast("list[Json]", told.get("parameters", []))],
                body=shape_of(cast("Json", body.get("schema", {}))) if body else Markup(),
                answers=[_answer(status, answer) for status, answer in answers if status != "default"],
                call=_call(method.upper(), path, told, body),
                answer=_pretty(_first_content(answers[0][1]).get("example")),
            )


def _resolved(answer: object, shared: dict[str, Json]) -> Json:
    found = cast("Json", answer)
    ref = found.get("$ref")
    return shared[str(ref).rpartition("/")[2]] if ref else found


def _first_content(holder: object) -> Json:
    content = cast("Json", holder).get("content") if isinstance(holder, dict) else None
    return next(iter(cast("dict[str, Json]", content).values())) if content else {}


def _parameter(told: Json) -> Field:
    schema = cast("Json", told["schema"])
    return Field(
        str(told["name"]),
        str(told["in"]),
        bool(told["required"]),
        shape_of(schema),
        str(told.get("description", "")),
    )


def _answer(status: str, told: Json) -> Answer:
    content = _first_content(told)
    return Answer(
        status, str(told["description"]), shape_of(cast("Json", content.get("schema", {}))) if content else Markup()
    )


def _call(method: str, path: str, told: Json, body: Json) -> str:
    lines = [f"curl -X {method} https://YOUR-FULFILHUB{path}"]
    if told["security"]:
        lines.append('-H "Authorization: Bearer $FULFILHUB_KEY"')
    if any(p["name"] == "Idempotency-Key" for p in cast("list[Json]", told.get("parameters", []))):
        lines.append('-H "Idempotency-Key: $(uuidgen)"')
    if body:
        lines.append('-H "Content-Type: application/json"')
        if "example" in body:
            shown = _pretty(body["example"]).replace("'", "'\\''")
            lines.append(f"-d '{shown}'")
    return " \\\n  ".join(lines)


def _pretty(value: object) -> str:
    return "" if value is None else json.dumps(value, indent=2, ensure_ascii=False)


def _shape(name: str, schema: Json) -> Shape:
    required = cast("list[str]", schema.get("required", []))
    properties = cast("dict[str, Json]", schema.get("properties", {}))
    fields = [
        Field(field, "", field in required, shape_of(inner), str(inner.get("description", "")))
        for field, inner in properties.items()
    ]
    values = [str(value) for value in cast("list[object]", schema.get("enum", []))]
    return Shape(name, str(schema.get("description", "")), fields, values)


def shape_of(schema: Json) -> Markup:
    """A schema in a few words, with links to the named ones."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return Markup('<a href="#schema-{0}">{0}</a>').format(name)
    options = schema.get("anyOf")
    if isinstance(options, list):
        return Markup(" or ").join(shape_of(option) for option in options)
    if "const" in schema:
        return Markup("<code>{}</code>").format(json.dumps(schema["const"]))
    if isinstance(schema.get("enum"), list):
        return Markup("one of ") + Markup(", ").join(
            Markup("<code>{}</code>").format(value) for value in cast("list[object]", schema["enum"])
        )
    kind = schema.get("type")
    if kind == "array":
        return Markup("list of ") + shape_of(cast("Json", schema.get("items", {}))) + _bounds(schema, "Items", "items")
    if kind == "object":
        values = schema.get("additionalProperties")
        return Markup("object") + (Markup(" of ") + shape_of(values) if isinstance(values, dict) and values else "")
    return escape(_plain(schema)) + _bounds(schema, "Length", "characters") + _default(schema)


def _plain(schema: Json) -> str:
    form = schema.get("format")
    kind = str(schema.get("type", "any JSON"))
    return str(form) if form and form != "int64" else WORDS.get(kind, kind)


def _bounds(schema: Json, suffix: str, noun: str) -> Markup:
    low, high = schema.get(f"min{suffix}"), schema.get(f"max{suffix}")
    if schema.get("type") in ("integer", "number"):
        low, high, noun = schema.get("minimum"), schema.get("maximum"), ""
        low, high = (None if low == -SAFE else low), (None if high == SAFE else high)
    if low is None and high is None:
        return Markup()
    words = f"{low} to {high}" if None not in (low, high) else f"at most {high}" if low is None else f"at least {low}"
    return Markup(' <span class="bounds">{}</span>').format(f"{words} {noun}".strip())


def _default(schema: Json) -> Markup:
    value = schema.get("default")
    return Markup() if value is None else Markup(", <code>{}</code> when left out").format(json.dumps(value))


def prose(text: str) -> Markup:
    """Docstring text as HTML: paragraphs, and what stands in backticks as code."""
    paragraphs = re.split(r"\n\s*\n", text.strip())
    coded = [
        re.sub(r"`+([^`]+)`+", r"<code>\1</code>", str(escape(paragraph))) for paragraph in paragraphs if paragraph
    ]
    return Markup("".join(f"<p>{paragraph}</p>" for paragraph in coded))  # noqa: S704 - escaped above
