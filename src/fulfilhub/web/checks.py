"""What is checked of every request before its handler runs: parameters, content type, body. All mistakes at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qsl

from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.enums import RequestEncodingType
from litestar.handlers import HTTPRouteHandler
from litestar.params import BodyKwarg
from litestar.routes import HTTPRoute
from litestar.types import Scope

from fulfilhub.platform.errors import FieldError, Invalid
from fulfilhub.web.bodies import Reader, bad_text
from fulfilhub.web.parameters import Parameter, parameters_of, query_mistakes
from fulfilhub.web.problems import Malformed, WrongMediaType
from fulfilhub.web.tracing import template

ONCE = frozenset((b"authorization", b"content-type", b"host", b"idempotency-key", b"if-match"))
"""Headers that mean nothing when sent twice; whoever does so wants two readers to disagree."""

FORM = RequestEncodingType.URL_ENCODED.value


class ApiRequest(Request[Any, Any, State]):
    """A request whose JSON body was decoded straight into the handler's type."""

    __slots__ = ("decoded",)
    decoded: object

    async def json(self) -> Any:
        """The body in the type that the handler asked for."""
        return self.decoded if hasattr(self, "decoded") else await super().json()


@dataclass(frozen=True, slots=True)
class Operation:
    """What one handler takes."""

    query: Mapping[str, Parameter] | None
    headers: tuple[Parameter, ...]
    path: tuple[Parameter, ...]
    reader: Reader[object] | None
    body_required: bool


def operation(handler: HTTPRouteHandler) -> Operation:
    """Read from the handler's signature."""
    parameters = parameters_of(handler)
    data = handler.parsed_data_field
    media_type = RequestEncodingType.JSON
    if data is not None and isinstance(data.kwarg_definition, BodyKwarg):
        media_type = RequestEncodingType(data.kwarg_definition.media_type)
    known = {p.name: p for p in parameters if p.place == "query"}
    return Operation(
        # A page's address gets what mail programs and advertisements append to it; an API call is what we document.
        query=known if handler.resolve_include_in_schema() or known else None,
        headers=tuple(p for p in parameters if p.place == "header"),
        path=tuple(p for p in parameters if p.place == "path"),
        reader=Reader(data.annotation) if data is not None and media_type is RequestEncodingType.JSON else None,
        body_required=data is not None and not (data.has_default or data.is_optional),
    )


class Checks:
    """The application's `before_request` hook."""

    def __init__(self) -> None:
        self._known: dict[HTTPRouteHandler, Operation] = {}
        self._methods: dict[str, str] = {}

    def prepare(self, app: Litestar, batch_limit: int) -> None:
        """Look at every handler now, so that a wrong declaration stops the start rather than a request. Handlers
        with the option `batch` take bodies of `batch_limit` bytes."""
        for route in app.routes:
            if isinstance(route, HTTPRoute):
                self._methods[route.path_format] = ", ".join(sorted(route.methods))
                for _, needs in route.route_handler_map.values():
                    # One after the other: ours are ready at once, and a task for each would cost more than they do.
                    needs.dependency_batches = [{each} for batch in needs.dependency_batches for each in batch]
                for handler in route.route_handlers:
                    self._known[handler] = operation(handler)
                    if handler.opt.get("batch"):
                        handler.request_max_body_size = batch_limit

    async def __call__(self, request: Request[Any, Any, State]) -> Response[None] | None:
        """Raises Malformed, WrongMediaType, or Invalid naming every mistake."""
        scope = request.scope
        methods = self._methods.get(template(scope["path_template"])) if request.method == "OPTIONS" else None
        if methods is not None:
            # Litestar's own answer knows only the methods of the first handler that was registered for a path.
            return Response(None, status_code=204, headers={"Allow": methods})
        handler = cast("HTTPRouteHandler", scope["route_handler"])
        wanted = self._known.get(handler)
        if wanted is None:
            wanted = self._known[handler] = operation(handler)
        found = _header_mistakes(scope, wanted.headers)
        query = scope["query_string"]
        if query or wanted.query:
            found += query_mistakes(query, wanted.query)
        if wanted.path or "\x00" in scope["path"]:
            found += _path_mistakes(scope, wanted.path)
        if wanted.reader is not None:
            found += await _take_body(cast("ApiRequest", request), wanted, found)
        elif request.headers.get("content-type", "").startswith(FORM):
            found += _form_mistakes(await request.body())
        if found:
            raise _invalid(found)
        return None


def _invalid(found: list[FieldError]) -> Invalid:
    if len(found) == 1:
        return Invalid("One field is wrong; `errors` says how to mend it.", fields=found)
    return Invalid(f"{len(found)} fields are wrong; `errors` says how to mend each.", fields=found)


def _header_mistakes(scope: Scope, wanted: Iterable[Parameter]) -> list[FieldError]:
    seen: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in ONCE and name in seen:
            raise Malformed(f"The header {name.decode()} must be sent only once.", code="repeated_header")
        seen[name] = value
    found = []
    for parameter in wanted:
        sent = seen.get(parameter.name.lower().encode())
        if sent is not None:
            wrong = parameter.wrong([sent.decode("latin-1")])
            if wrong:
                found.append(wrong)
        elif parameter.required:
            found.append(FieldError(parameter.where, "Is required.", "required"))
    return found


def _path_mistakes(scope: Scope, wanted: Iterable[Parameter]) -> list[FieldError]:
    found = []
    values = cast("dict[str, object]", scope["path_params"])
    described = {parameter.name: parameter for parameter in wanted}
    for name, value in values.items():
        if isinstance(value, str):
            why = bad_text(value)
            wrong = FieldError(f"path/{name}", why, "bad_text") if why else None
            if wrong is None and name in described:
                wrong = described[name].wrong([value])
            if wrong is not None:
                found.append(wrong)
    return found


async def _take_body(request: ApiRequest, wanted: Operation, found: list[FieldError]) -> list[FieldError]:
    content_type = request.headers.get("content-type")
    if content_type is not None and not _is_json(content_type):
        raise WrongMediaType("Send JSON, with `Content-Type: application/json`.")
    body = await request.body()
    if not body:
        return [FieldError("", "A JSON body is required.", "required")] if wanted.body_required else []
    if content_type is None:
        raise WrongMediaType("Send JSON, and say so: `Content-Type: application/json`.")
    assert wanted.reader is not None  # noqa: S101 - asked by the caller
    try:
        request.decoded = await wanted.reader.read(body)
    except Invalid as error:
        if not found:
            raise
        return list(error.fields)
    return []


def _is_json(content_type: str) -> bool:
    if content_type == "application/json":
        return True
    kind, *options = (part.strip().lower() for part in content_type.split(";"))
    charsets = {option.partition("=")[2].strip('"') for option in options if option.startswith("charset=")}
    known = kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))
    return known and charsets <= {"utf-8", "utf8", "us-ascii"}


def _form_mistakes(body: bytes) -> list[FieldError]:
    if b"%00" not in body and b"\x00" not in body:
        return []
    sent = parse_qsl(body.decode("latin-1"), keep_blank_values=True)
    return [FieldError(f"/{key}", why, "bad_text") for key, value in sent if (why := bad_text(value) or bad_text(key))]
