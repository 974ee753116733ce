"""The published contract: an OpenAPI 3.1 document made from the routes and their types.

Litestar's own document is not used: it does not know which of our problems an operation answers with, that unknown
fields are refused, or what tells the members of a union apart. Here the schemas are those that bodies are checked by.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
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
LICENSE: Json = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
DONE = {200: "Done.", 201: "Made.", 202: "Taken; the rest happens in the background.", 204: "Done; nothing to tell."}


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path, as the routes declare it."""

    path: str
    method: str
    handler: HTTPRouteHandler
    parameters: list[Parameter]

    @property
    def id(self) -> str:
        """`createOrder`, of the function `create_order`: clients name their methods by it."""
        given = self.handler.operation_id
        if isinstance(given, str):
            return given
        first, *others = self.handler.handler_name.split("_")
        return first + "".join(word.title() for word in others)

    @property
    def body(self) -> FieldDefinition | None:
        """The type of its body, with where it came from."""
        return self.handler.parsed_data_field

    @property
    def answer(self) -> object:
        """The type of its answer; None when it has no body."""
        returned = self.handler.parsed_fn_signature.return_type
        if returned.is_subclass_of((Response, ASGIResponse)):
            return returned.inner_types[0].raw if returned.inner_types else object
        return None if returned.is_none_type or returned.annotation is None else returned.raw


def document(app: Litestar, *, title: str, version: str, description: str) -> Json:
    """The contract of all routes that are in it, in an order that only changes when they do. Raises ValueError for
    two operations, or two classes, of the same name."""
    operations = sorted(_operations(app), key=lambda o: (o.path, list(METHODS).index(o.method)))
    _refuse_twins([operation.id for operation in operations])
    bodies = [o.body.annotation for o in operations if o.body is not None]
    answers = [o.answer for o in operations if o.answer is not None]
    items = [item for _, item in items_of(bodies)]
    schemas, components = generate([*bodies, *answers, Problem, *items], SCHEMAS)
    of_body, of_answer = iter(schemas[: len(bodies)]), iter(schemas[len(bodies) :])
    paths: dict[str, Json] = {}
    for operation in operations:
        body = next(of_body) if operation.body is not None else None
        answer = next(of_answer) if operation.answer is not None else None
        paths.setdefault(operation.path, {})[operation.method] = _described(operation, body, answer, components)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "description": description, "license": LICENSE},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in sorted({tag for o in operations for tag in _tags(o)})],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(components.items())),
            "responses": {**{_component(kind): _problem(kind) for kind in KINDS}, "Problem": OTHER_PROBLEM},
            "headers": HEADERS,
            "securitySchemes": {
                KEY: {"type": "http", "scheme": "bearer", "description": "An API key: `fh_live_...` or `fh_test_...`."}
            },
        },
    }


def dumps(contract: Json) -> str:
    """The document as it is committed and served."""
    return json.dumps(contract, indent=2, ensure_ascii=False) + "\n"


def _operations(app: Litestar) -> Iterator[Operation]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                if handler.resolve_include_in_schema():
                    for method in handler.http_methods:
                        yield Operation(route.path_format, method.lower(), handler, parameters_of(handler))


def _refuse_twins(names: Sequence[str]) -> None:
    twins = sorted({name for name in names if names.count(name) > 1})
    if twins:
        raise ValueError(f"Two operations are called {', '.join(twins)}: rename a handler.")


def _tags(operation: Operation) -> list[str]:
    words = [part for part in operation.path.split("/") if part and not re.fullmatch(r"v\d+", part)]
    return list(operation.handler.resolve_tags()) or [(words or ["api"])[0].replace("-", " ").capitalize()]


def _described(operation: Operation, body: Json | None, answer: Json | None, components: dict[str, Json]) -> Json:
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
    made["responses"] = _responses(operation, answer, components)
    made["security"] = [dict(needed) for needed in handler.resolve_security()]
    return made


def _words(handler: HTTPRouteHandler) -> tuple[str, str]:
    """The summary and the rest, of the decorator or the docstring."""
    told = cleandoc(handler.description or handler.fn.__doc__ or "")
    if handler.summary:
        return handler.summary, told
    first, _, rest = told.partition("\n")
    return first.rstrip(".") or handler.handler_name.replace("_", " ").capitalize(), rest.strip()


def _parameter(parameter: Parameter) -> Json:
    made: Json = {"name": parameter.name, "in": parameter.place, "required": parameter.required}
    if parameter.description:
        made["description"] = parameter.description
    made["schema"] = parameter.schema
    prefix = PREFIXES.get(parameter.name.removesuffix("_id")) if parameter.place == "path" else None
    if prefix and "pattern" not in parameter.schema:
        # Said, not checked: what can't be an id is simply not found.
        shape = {"pattern": f"^{prefix}_{ids.SUFFIX}$", "examples": [prefix + SUFFIX]}
        made["schema"] = {**parameter.schema, **shape}
    return made


def _media_type(body: FieldDefinition) -> str:
    given = body.kwarg_definition
    return str(getattr(given.media_type, "value", given.media_type)) if isinstance(given, BodyKwarg) else MediaType.JSON


def _content(schema: Json, examples: Examples) -> Json:
    found, value = examples.of(schema)
    return {"schema": schema, "example": value} if found else {"schema": schema}


def _responses(operation: Operation, answer: Json | None, components: dict[str, Json]) -> Json:
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
    success["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in sorted(headers)}
    made: Json = {str(handler.status_code): success}
    for status, kind in sorted(_problems(operation).items()):
        made[str(status)] = {"$ref": RESPONSES + kind}
    made["default"] = {"$ref": RESPONSES + "Problem"}
    return made


def _problems(operation: Operation) -> dict[int, str]:
    """Status and component of each problem: those that the route names, and those that its shape brings with it."""
    kinds: set[type[FulfilHubError]] = {Internal, errors.Unavailable}
    places = {p.place for p in operation.parameters}
    if operation.handler.resolve_security():
        kinds |= {errors.Unauthenticated, errors.Forbidden, errors.RateLimited, Malformed}
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
    named = {status: by_status[status] for status in operation.handler.responses or {} if status in by_status}
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
