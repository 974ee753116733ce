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
ANCHORS = {error.__name__: kind.name for error, kind in KINDS.items()}
WORDS = {"string": "text", "integer": "whole number", "boolean": "true or false", "null": "null"}


@dataclass(frozen=True, slots=True)
class Field:
    """One line of a table: a parameter, or a field of a schema."""

    name: str
    place: str
    required: bool
    shape: Markup
    description: Markup


@dataclass(frozen=True, slots=True)
class Answer:
    """One status of an operation; `kind` names the problem that it is, empty when it is none."""

    status: str
    description: str
    shape: Markup
    kind: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation as the page shows it."""

    id: str
    tag: str
    method: str
    path: str
    summary: str
    description: str
    permission: str
    callers: str
    parameters: list[Field]
    body: Markup
    answers: list[Answer]
    problems: list[Answer]
    leads_to: list[tuple[str, str]]
    call: str
    answer: str


@dataclass(frozen=True, slots=True)
class Group:
    """The operations of one tag."""

    name: str
    anchor: str
    description: str
    entries: list[Entry]


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
    found: dict[str, list[Entry]] = {}
    for entry in _entries(contract):
        found.setdefault(entry.tag, []).append(entry)
    groups = [
        Group(name, "tag-" + re.sub(r"\W+", "-", name.lower()), str(tag.get("description", "")), found[name])
        for tag in cast("list[Json]", contract["tags"])
        if (name := str(tag["name"])) in found
    ]
    schemas = cast("dict[str, Json]", cast("Json", contract["components"])["schemas"])
    return TEMPLATES.get_template("docs.html").render(
        info=contract["info"],
        version=version,
        groups=groups,
        shapes=[_shape(name, schema) for name, schema in schemas.items()],
        kinds=_kinds(),
        prose=prose,
    )


def _kinds() -> list[tuple[str, Kind]]:
    return [(error.title, kind) for error, kind in KINDS.items()]


def _entries(contract: Json) -> Iterator[Entry]:
    shared = cast("dict[str, Json]", cast("Json", contract["components"])["responses"])
    titles = _summaries(contract)
    for path, methods in cast("dict[str, Json]", contract["paths"]).items():
        for method, found in methods.items():
            told = cast("Json", found)
            body = _first_content(told.get("requestBody"))
            answers = [_answer(status, answer, shared) for status, answer in cast("Json", told["responses"]).items()]
            well = _first_well(told)
            yield Entry(
                id=str(told["operationId"]),
                tag=cast("list[str]", told["tags"])[0],
                method=method.upper(),
                path=path,
                summary=str(told["summary"]),
                description=str(told.get("description", "")),
                permission=_permission(told),
                callers=" or ".join(cast("list[str]", told.get("x-callers", []))),
                parameters=[_parameter(p) for p in cast("list[Json]", told.get("parameters", []))],
                body=_body(told, body),
                answers=[answer for answer in answers if not answer.kind and answer.status != "default"],
                problems=[answer for answer in answers if answer.kind],
                leads_to=[(name, titles[name]) for name in cast("Json", well.get("links", {})) if name in titles],
                call=_call(method.upper(), path, told, body),
                answer=_pretty(_first_content(well).get("example")),
            )


def _body(told: Json, content: Json) -> Markup:
    if not content:
        return Markup()
    words = str(cast("Json", told["requestBody"]).get("description", ""))
    return inline(words) if words else shape_of(cast("Json", content["schema"]))


def _summaries(contract: Json) -> dict[str, str]:
    methods = cast("dict[str, dict[str, Json]]", contract["paths"]).values()
    return {str(told["operationId"]): str(told["summary"]) for each in methods for told in each.values()}


def _first_well(told: Json) -> Json:
    """The answer when all goes well."""
    return next(cast("Json", answer) for status, answer in cast("Json", told["responses"]).items() if status < "4")


def _permission(told: Json) -> str:
    schemes = [roles for needed in cast("list[dict[str, list[str]]]", told["security"]) for roles in needed.values()]
    return ", ".join(role for roles in schemes for role in roles) or ("key" if told["security"] else "")


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
        inline(str(told.get("description", ""))),
    )


def _answer(status: str, told: object, shared: dict[str, Json]) -> Answer:
    found = cast("Json", told)
    name = str(found.get("$ref", "")).rpartition("/")[2]
    whole = {**shared[name], **found} if name else found
    content = _first_content(whole)
    shape = shape_of(cast("Json", content.get("schema", {}))) if content else Markup()
    return Answer(status, str(whole["description"]), shape, ANCHORS.get(name, ""))


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
        Field(field, "", field in required, shape_of(inner), inline(str(inner.get("description", ""))))
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
    return escape(_plain(schema)) + _bounds(schema, "Length", "characters") + _like(schema) + _default(schema)


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


def _like(schema: Json) -> Markup:
    """An example of what a pattern wants."""
    shown = cast("list[object]", schema.get("examples", []))
    return Markup(", such as <code>{}</code>").format(shown[0]) if "pattern" in schema and shown else Markup()


def _default(schema: Json) -> Markup:
    value = schema.get("default")
    return Markup() if value is None else Markup(", <code>{}</code> when left out").format(json.dumps(value))


def prose(text: str) -> Markup:
    """Docstring text as HTML: paragraphs, and what stands in backticks as code."""
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return Markup().join(Markup("<p>{}</p>").format(inline(each)) for each in paragraphs if each)


def inline(text: str) -> Markup:
    """One line of text, with what stands in backticks as code."""
    return Markup(re.sub(r"`+([^`]+)`+", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped first
