"""The published contract: an OpenAPI 3.1 document made from the routes and their types.

Litestar's own document is not used: it does not know which of our problems an operation answers with, that unknown
fields are refused, or what tells the members of a union apart. Here the schemas are those that bodies are checked by.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from inspect import cleandoc
from typing import cast

from litestar import Litestar, Response
from litestar.enums import MediaType
from litestar.handlers import HTTPRouteHandler
from litestar.params import BodyKwarg
from litestar.response.base import ASGIResponse
from litestar.routes import HTTPRoute
from litestar.typing import FieldDefinition

from fulfilhub.platform import errors, ids
from fulfilhub.platform.errors import FulfilHubError
from fulfilhub.web.examples import PREFIXES, SUFFIX, Examples
from fulfilhub.web.jsonschemas import Json, generate, items_of
from fulfilhub.web.links import AFTER, After, Links, Step
from fulfilhub.web.parameters import Parameter, parameters_of
from fulfilhub.web.problems import KINDS, MEDIA_TYPE, Internal, Malformed, Problem, TooLarge, WrongMediaType

SCHEMAS = "#/components/schemas/"
RESPONSES = "#/components/responses/"
KEY = "apiKey"
"""Name of the security scheme, as `accounts.may` writes it."""

PLACES = {"path": 0, "query": 1, "header": 2, "cookie": 3}
HEADERS: dict[str, Json] = {
    "ETag": {"description": "The entity's version, for If-Match.", "schema": {"type": "string", "examples": ['"3"']}},
    "Location": {"description": "Where the new entity lives.", "schema": {"type": "string"}},
    "RateLimit": {"description": "What is left of the quota.", "schema": {"type": "string"}},
    "RateLimit-Policy": {"description": "The quota.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0}},
    "X-Request-Id": {"description": "Names this request in our logs.", "schema": {"type": "string"}},
}

PROBLEM_CONTENT: Json = {MEDIA_TYPE: {"schema": {"$ref": SCHEMAS + "Problem"}}}
OTHER_PROBLEM: Json = {"description": "Any other problem.", "content": PROBLEM_CONTENT}
METHODS = ("get", "post", "put", "patch", "delete")
SCHEME: Json = {
    "type": "http",
    "scheme": "bearer",
    "description": "An API key: `fh_live_...` or `fh_test_...`. An operation names the permission that it needs.",
}
RAW_BODY = "raw_body"
"""Option of a route that reads the body itself: what it is, in words."""

FILES = "files"
"""Option of a route that answers with a file: what it may be, as media type and how such a file begins."""

LICENSE: Json = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
DONE = {200: "Done.", 201: "Made.", 202: "Taken; the rest happens in the background.", 204: "Done; nothing to tell."}


@dataclass(frozen=True, slots=True)
class Access:
    """Whose keys may call an operation, and with which permission."""

    permission: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class About:
    """What the whole document says of itself. `tags` say what each group of operations is for, in reading order;
    `access` says what an operation needs of its caller, None when it needs no key."""

    title: str
    version: str
    description: str
    tags: Mapping[str, str]
    access: Callable[[HTTPRouteHandler], Access | None]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path, as the routes declare it."""

    path: str
    method: str
    handler: HTTPRouteHandler
    parameters: list[Parameter]
    access: Access | None

    @property
    def id(self) -> str:
        """`createOrder`, of the function `create_order`: clients name their methods by it."""
        return operation_id(self.handler)

    @property
    def body(self) -> FieldDefinition | None:
        """The type of its body, with where it came from."""
        return self.handler.parsed_data_field

    @property
    def answer(self) -> object:
        """The type of its answer; None when it has no body, or is a file."""
        if FILES in self.handler.opt:
            return None
        returned = self.handler.parsed_fn_signature.return_type
        if returned.is_subclass_of((Response, ASGIResponse)):
            return returned.inner_types[0].raw if returned.inner_types else object
        return None if returned.is_none_type or returned.annotation is None else returned.raw


def operation_id(handler: HTTPRouteHandler) -> str:
    """`createOrder`, of the function `create_order`; what the audit log calls it, too."""
    given = handler.operation_id
    if isinstance(given, str):
        return given
    first, *others = handler.handler_name.split("_")
    return first + "".join(word.title() for word in others)


def document(app: Litestar, about: About) -> Json:
    """The contract of all routes that are in it, in an order that only changes when they do. Raises ValueError for
    two operations, or two classes, of the same name."""
    operations = sorted(_operations(app, about), key=lambda o: (o.path, list(METHODS).index(o.method)))
    _refuse_twins([operation.id for operation in operations])
    bodies = [o.body.annotation for o in operations if o.body is not None]
    answers = [o.answer for o in operations if o.answer is not None]
    items = [item for _, item in items_of(bodies)]
    schemas, components = generate([*bodies, *answers, Problem, *items], SCHEMAS)
    of_body, of_answer = iter(schemas[: len(bodies)]), iter(schemas[len(bodies) :])
    shapes = [
        (o, next(of_body) if o.body is not None else None, next(of_answer) if o.answer is not None else None)
        for o in operations
    ]
    steps = {o.id: _step(o, answer) for o, _, answer in shapes}
    # Doors that outsiders sign for are nothing that a caller goes on to.
    links = Links([steps[o.id] for o in operations if RAW_BODY not in o.handler.opt], components)
    paths: dict[str, Json] = {}
    for operation, body, answer in shapes:
        found = links.of(steps[operation.id])
        paths.setdefault(operation.path, {})[operation.method] = _described(operation, body, answer, components, found)
    return {
        "openapi": "3.1.0",
        "info": _info(about),
        "servers": [{"url": "/", "description": "The server that this document came from."}],
        "tags": _known_tags(about.tags, {tag for o in operations for tag in _tags(o)}),
        "paths": paths,
        "components": {
            "schemas": dict(sorted(components.items())),
            "responses": {**{_component(kind): _problem(kind) for kind in KINDS}, "Problem": OTHER_PROBLEM},
            "headers": HEADERS,
            "securitySchemes": {KEY: SCHEME},
        },
        "externalDocs": {"url": "/docs", "description": "This contract as a page to read and search."},
    }


def _info(about: About) -> Json:
    summary = about.description.partition("\n\n")[0]
    return {
        "title": about.title,
        "version": about.version,
        "summary": summary,
        "description": about.description,
        "license": LICENSE,
    }


def _known_tags(described: Mapping[str, str], used: set[str]) -> list[Json]:
    """Those that are used: the described ones in their order, then the others."""
    known: list[Json] = [{"name": tag, "description": words} for tag, words in described.items() if tag in used]
    return known + [{"name": tag} for tag in sorted(used - described.keys())]


def _step(operation: Operation, answer: Json | None) -> Step:
    query = frozenset(p.name for p in operation.parameters if p.place == "query")
    told = cast("Mapping[str, After]", operation.handler.opt.get(AFTER, {}))
    return Step(operation.id, operation.path, operation.method, query, answer, told)


def dumps(contract: Json) -> str:
    """The document as it is committed and served."""
    return json.dumps(contract, indent=2, ensure_ascii=False) + "\n"


def _operations(app: Litestar, about: About) -> Iterator[Operation]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                if handler.resolve_include_in_schema():
                    for method in handler.http_methods:
                        access = about.access(handler)
                        yield Operation(route.path_format, method.lower(), handler, parameters_of(handler), access)


def _refuse_twins(names: Sequence[str]) -> None:
    twins = sorted({name for name in names if names.count(name) > 1})
    if twins:
        raise ValueError(f"Two operations are called {', '.join(twins)}: rename a handler.")


def _tags(operation: Operation) -> list[str]:
    words = [part for part in operation.path.split("/") if part and not re.fullmatch(r"v\d+", part)]
    return list(operation.handler.resolve_tags()) or [(words or ["api"])[0].replace("-", " ").capitalize()]


def _described(
    operation: Operation,
    body: Json | None,
    answer: Json | None,
    components: dict[str, Json],
    links: dict[str, Json],
) -> Json:
    handler = operation.handler
    summary, details = _words(handler)
    made: Json = {"operationId": operation.id, "tags": _tags(operation), "summary": summary}
    if details:
        made["description"] = details
    if handler.deprecated:
        made["deprecated"] = True
    if operation.parameters:
        made["parameters"] = [_parameter(p) for p in sorted(operation.parameters, key=lambda p: PLACES[p.place])]
    if body is not None and operation.body is not None:
        made["requestBody"] = {
            "required": not (operation.body.has_default or operation.body.is_optional),
            "content": {_media_type(operation.body): _content(body, Examples(components))},
        }
    elif RAW_BODY in handler.opt:
        content: Json = {MediaType.JSON.value: {"schema": {}, "example": {"id": 1001}}}
        made["requestBody"] = {"required": True, "description": handler.opt[RAW_BODY], "content": content}
    made["responses"] = _responses(operation, answer, components, links)
    made["security"] = _security(operation)
    if operation.access is not None:
        made["x-callers"] = list(operation.access.kinds)
    return made


def _security(operation: Operation) -> list[Json]:
    """With the permission that the key needs as its role, as OpenAPI 3.1 has it for schemes without scopes."""
    role = [operation.access.permission] if operation.access is not None else []
    return [
        {name: [*roles, *role] for name, roles in needed.items()} for needed in operation.handler.resolve_security()
    ]


def _words(handler: HTTPRouteHandler) -> tuple[str, str]:
    """The summary and the rest, of the decorator or the docstring."""
    told = cleandoc(handler.description or handler.fn.__doc__ or "")
    if handler.summary:
        return handler.summary, told
    first, _, rest = told.partition("\n")
    return first.rstrip(".") or handler.handler_name.replace("_", " ").capitalize(), rest.strip()


def _parameter(parameter: Parameter) -> Json:
    made: Json = {"name": parameter.name, "in": parameter.place, "required": parameter.required}
    schema = dict(parameter.schema)
    described = parameter.description
    prefix = PREFIXES.get(parameter.name.removesuffix("_id")) if parameter.name.endswith("_id") else None
    if prefix and schema.get("type") == "string" and "pattern" not in schema:
        # In a path it is said, not checked: what can't be an id is simply not found.
        schema |= {"pattern": f"^{prefix}_{ids.SUFFIX}$", "examples": [prefix + SUFFIX]}
        schema.pop("maxLength", None)
        if parameter.place == "path":
            described = described or f"The id, `{prefix}_...`."
    if described:
        made["description"] = described
    made["schema"] = schema
    found, value = Examples({}).of_field(schema, parameter.name)
    if found:
        made["example"] = value
    return made


def _media_type(body: FieldDefinition) -> str:
    given = body.kwarg_definition
    return str(getattr(given.media_type, "value", given.media_type)) if isinstance(given, BodyKwarg) else MediaType.JSON


def _content(schema: Json, examples: Examples) -> Json:
    found, value = examples.of(schema)
    return {"schema": schema, "example": value} if found else {"schema": schema}


def _responses(operation: Operation, answer: Json | None, components: dict[str, Json], links: dict[str, Json]) -> Json:
    handler = operation.handler
    success: Json = {"description": handler.response_description or DONE.get(handler.status_code, "Done.")}
    headers = ["X-Request-Id"]
    if operation.handler.resolve_security():
        headers += ["RateLimit", "RateLimit-Policy"]
    if handler.status_code == 201:
        headers.append("Location")
    if answer is not None:
        if "version" in cast("Json", _resolved(answer, components).get("properties", {})):
            headers.append("ETag")
        media_type = handler.media_type or MediaType.JSON
        success["content"] = {str(getattr(media_type, "value", media_type)): _content(answer, Examples(components))}
    for media_type, begins in handler.opt.get(FILES, {}).items():
        file: Json = {"schema": {"type": "string", "format": "binary"}, "example": begins}
        success.setdefault("content", {})[media_type] = file  # type: ignore[index]
    success["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in sorted(headers)}
    if links:
        success["links"] = links
    made: Json = {str(handler.status_code): success}
    for status, kind in sorted(_problems(operation).items()):
        made[str(status)] = {"$ref": RESPONSES + kind}
        if kind == "Forbidden" and operation.access is not None:
            made[str(status)] = {"$ref": RESPONSES + kind, "description": _forbidden(operation.access)}
    for status, spec in (handler.responses or {}).items():
        if spec.data_container is not Problem:  # another status with the same answer
            told = {name: ref for name, ref in cast("Json", success["headers"]).items() if name != "Location"}
            made[str(status)] = {**success, "description": spec.description, "headers": told}
    return {**dict(sorted(made.items())), "default": {"$ref": RESPONSES + "Problem"}}


def _forbidden(access: Access) -> str:
    kinds = " or ".join(access.kinds)
    return f"The API key lacks the permission `{access.permission}`, or is not a {kinds}'s."


def _problems(operation: Operation) -> dict[int, str]:
    """Status and component of each problem: those that the route names, and those that its shape brings with it."""
    kinds: set[type[FulfilHubError]] = {Internal, errors.Unavailable}
    places = {p.place for p in operation.parameters}
    if operation.handler.resolve_security():
        kinds |= {errors.Unauthenticated, errors.Forbidden, errors.RateLimited, Malformed}
    if RAW_BODY in operation.handler.opt:
        kinds |= {Malformed, TooLarge}
    if operation.body is not None:
        kinds |= {errors.Invalid, Malformed, TooLarge, WrongMediaType}
    if operation.parameters:
        kinds.add(errors.Invalid)
    if "path" in places:
        kinds.add(errors.NotFound)
    names = {p.name for p in operation.parameters if p.place == "header"}
    if "If-Match" in names:
        kinds.add(errors.Stale)
    if "Idempotency-Key" in names:
        kinds.add(errors.Conflict)
    by_status = {kind.status: _component(cls) for cls, kind in KINDS.items()}
    told = operation.handler.responses or {}
    named = {status: by_status[status] for status, spec in told.items() if spec.data_container is Problem}
    return {**{KINDS[kind].status: _component(kind) for kind in kinds}, **named}


def _component(kind: type[FulfilHubError]) -> str:
    return kind.__name__


def _problem(kind: type[FulfilHubError]) -> Json:
    made: Json = {"description": KINDS[kind].meaning, "content": PROBLEM_CONTENT}
    names = ["X-Request-Id"]
    if kind in (errors.RateLimited, errors.Unavailable):
        names.append("Retry-After")
    made["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in sorted(names)}
    return made


def _resolved(schema: Json, components: dict[str, Json]) -> Json:
    ref = schema.get("$ref")
    return components[str(ref).removeprefix(SCHEMAS)] if ref else schema
