"""The parameters of an operation: what it takes, and everything that is wrong with those of a request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast
from urllib.parse import parse_qsl, unquote_to_bytes

import msgspec
from jsonschema import Draft202012Validator
from litestar.handlers import HTTPRouteHandler
from litestar.params import ParameterKwarg
from litestar.typing import FieldDefinition

from fulfilhub.platform.errors import FieldError
from fulfilhub.web.bodies import bad_text
from fulfilhub.web.jsonschemas import Json, generate, takes_times
from fulfilhub.web.mistakes import expected, mistakes, validator

# What msgspec would also take from text (5.0, 1 for true, 1764000000 for a time, null) is not in the contract.
SHAPES = {
    "integer": re.compile(r"-?\d{1,16}", re.ASCII),
    "number": re.compile(r"-?\d{1,30}(\.\d{1,30})?", re.ASCII),
    "boolean": re.compile(r"true|false"),
    "date-time": re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII),
    "date": re.compile(r"\d{4}-\d\d-\d\d", re.ASCII),
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter, as sent (`name`) and as described (`schema`); `many` may be sent more than once."""

    place: str
    name: str
    required: bool
    many: bool
    schema: Json
    type_: object
    description: str | None
    _checker: Draft202012Validator = field(repr=False, compare=False)

    @property
    def where(self) -> str:
        """Its pointer in problems."""
        return f"{self.place}/{self.name}"

    def wrong(self, values: Sequence[str]) -> FieldError | None:
        """What is wrong with the value or values sent, or None."""
        if len(values) > 1 and not self.many:
            return FieldError(self.where, "Must be sent only once.", "repeated")
        for value in values:
            why = bad_text(value)
            if why:
                return FieldError(self.where, why, "bad_text")
        item = cast("Json", self.schema.get("items", {})) if self.many else self.schema
        shape = SHAPES.get(str(item.get("format"))) or SHAPES.get(str(item.get("type")))
        if shape is not None and not all(shape.fullmatch(value) for value in values):
            hint = " (in a URL, + is written %2B)" if item.get("format") == "date-time" else ""
            return FieldError(self.where, f"Must be {expected(item)}{hint}.", "type")
        sent = list(values) if self.many else values[0]
        try:
            made = msgspec.convert(sent, cast("type[object]", self.type_), strict=False)
            if isinstance(made, datetime):
                made.astimezone(UTC)
        except (msgspec.ValidationError, OverflowError):
            return self._why(sent, item)
        return None

    def _why(self, sent: str | list[str], item: Json) -> FieldError:
        number = {"integer": int, "number": float}.get(str(item.get("type")), str)
        found = mistakes(self._checker, [*map(number, sent)] if isinstance(sent, list) else number(sent))
        if not found:
            return FieldError(self.where, f"Must be {expected(item)}.", "type")
        return FieldError(self.where, found[0].detail, found[0].code)


def parameters_of(handler: HTTPRouteHandler) -> list[Parameter]:
    """Every parameter of the operation, also those that its dependencies read."""
    found: dict[tuple[str, str], Parameter] = {}
    for name, definition, annotation in _fields(handler):
        given = definition.kwarg_definition
        if isinstance(given, ParameterKwarg):
            made = _parameter(given, name, definition, annotation)
            found.setdefault((made.place, made.name), made)
    return list(found.values())


def _parameter(given: ParameterKwarg, name: str, definition: FieldDefinition, annotation: object) -> Parameter:
    type_ = _without_null(annotation)
    (schema,), components = generate([type_], "#/$defs/")
    if "$ref" in schema:  # an enum, or a type of its own: a parameter says it in place
        (schema,) = components.values()
    if takes_times(annotation):
        for node in (schema, cast("Json", schema.get("items", {}))):
            if node.get("type") == "string":
                node.setdefault("format", "date-time")
    if definition.has_default and definition.default is not None:
        schema["default"] = msgspec.to_builtins(definition.default)
    if given.schema_extra:
        schema.update(given.schema_extra)
    description = schema.pop("description", None)
    return Parameter(
        given.param_type.value,
        given.name or name,
        given.param_type.value == "path" or not (definition.has_default or definition.is_optional),
        definition.is_non_string_sequence or schema.get("type") == "array",
        schema,
        type_,
        None if description is None else str(description),
        validator({**schema, "$defs": components}),
    )


def _fields(handler: HTTPRouteHandler) -> Iterator[tuple[str, FieldDefinition, object]]:
    provided = handler.resolve_dependencies()
    models = [handler.signature_model]
    for model in models:  # grows while it is walked: what a dependency depends on comes after it
        for name, definition in model._fields.items():
            if name not in provided:
                yield name, definition, model.__annotations__[name]
            elif provided[name].signature_model not in models:
                models.append(provided[name].signature_model)


def _without_null(annotation: object) -> object:
    """A parameter is left out rather than null."""
    inner = getattr(annotation, "__args__", ())
    wanted = [arg for arg in inner if arg is not type(None)]
    return wanted[0] if len(wanted) == 1 and len(inner) == 2 else annotation


def query_mistakes(query: bytes, known: Mapping[str, Parameter] | None) -> list[FieldError]:
    """What is wrong with a query string. `known` is None where any parameter may come (pages, webhooks)."""
    sent: dict[str, list[str]] = {}
    for key, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        sent.setdefault(key, []).append(value)
    found = [wrong for key, values in sent.items() if (wrong := _wrong(key, values, known)) is not None]
    if not found and not _is_utf8(query):
        found = [FieldError("query/" + ",".join(sent), "Must be UTF-8, percent-encoded.", "not_utf8")]
    missing = [p for p in (known or {}).values() if p.required and p.name not in sent]
    return found + [FieldError(p.where, "Is required.", "required") for p in missing]


def _wrong(key: str, values: list[str], known: Mapping[str, Parameter] | None) -> FieldError | None:
    if known is not None:
        parameter = known.get(key)
        if parameter is not None:
            return parameter.wrong(values)
        takes = f"it takes {', '.join(known)}" if known else "it takes none"
        return FieldError(f"query/{key}", f"Is not a parameter of this operation; {takes}.", "unknown_parameter")
    for text in (key, *values):
        why = bad_text(text)
        if why:
            return FieldError(f"query/{key}", why, "bad_text")
    return None


def _is_utf8(query: bytes) -> bool:
    try:
        unquote_to_bytes(query).decode()
    except UnicodeDecodeError:
        return False
    return True
