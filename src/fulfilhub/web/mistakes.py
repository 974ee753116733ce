"""Every mistake in a piece of JSON, each with its JSON pointer and a plain sentence that says how to mend it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any, cast
from uuid import UUID

import msgspec
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from fulfilhub.platform.errors import FieldError
from fulfilhub.web.jsonschemas import Json

MOST = 100
"""So many mistakes are named at once."""

FORMATS = {
    "date-time": "a time with its offset, such as 2026-11-24T09:30:00Z",
    "date": "a date, such as 2026-11-24",
    "time": "a time of day, such as 09:30:00Z",
    "duration": "a duration, such as PT1H30M",
    "uuid": "a UUID",
    "decimal": 'a decimal number in quotes, such as "12.50"',
}
TYPES = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}

_formats = FormatChecker(formats=())


@_formats.checks("date-time", raises=(ValueError, OverflowError))
def _is_moment(value: object) -> bool:
    if not isinstance(value, str):
        return True
    moment = msgspec.convert(value, datetime)
    return moment.tzinfo is not None and moment.astimezone(UTC) is not None


def _checks_by_msgspec(name: str, type_: object) -> None:
    def check(value: object) -> bool:
        if isinstance(value, str):
            msgspec.convert(value, type_)
        return True

    _formats.checks(name, raises=(ValueError,))(check)


def _prepare() -> None:
    kinds = {"date": date, "time": time, "duration": timedelta, "uuid": UUID, "decimal": Decimal}
    for name, type_ in kinds.items():
        _checks_by_msgspec(name, type_)


_prepare()


def validator(schema: Json) -> Draft202012Validator:
    """A validator for `mistakes`; make it once per schema."""
    return Draft202012Validator(cast("Any", schema), format_checker=_formats)


def mistakes(checker: Draft202012Validator, value: object) -> list[FieldError]:
    """What is wrong with `value`, in reading order; at most the first hundred."""
    found = (mistake for error in checker.iter_errors(cast("Any", value)) for mistake in _explain(error))
    unique = {(m.pointer, m.code): m for m in islice(found, MOST)}
    return list(unique.values())


def pointer(path: Iterable[str | int]) -> str:
    """The JSON pointer (RFC 6901) of a path."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def _explain(error: ValidationError) -> Iterator[FieldError]:
    rule = str(error.validator)
    if rule in {"anyOf", "oneOf"}:
        yield from _closest(error)
    elif rule == "required":
        for name in cast("Sequence[str]", error.validator_value):
            if name not in cast("Json", error.instance):
                yield FieldError(pointer([*error.absolute_path, name]), "Is required.", "required")
    elif rule == "additionalProperties":
        yield from _unknown(error)
    elif rule == "type" and not cast("Json", error.schema).keys().isdisjoint({"enum", "const"}):
        return  # the values that are possible say more
    else:
        saying = SAYINGS.get(rule, _odd)
        code = re.sub(r"(?<!^)(?=[A-Z])", "_", rule).lower()
        yield FieldError(pointer(error.absolute_path), saying(error), code)


def _unknown(error: ValidationError) -> Iterator[FieldError]:
    known = list(cast("Json", cast("Json", error.schema).get("properties", {})))
    for name in cast("Json", error.instance):
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else "remove it."
            yield FieldError(pointer([*error.absolute_path, name]), f"Is not a known field: {hint}", "unknown_field")


def _closest(error: ValidationError) -> Iterator[FieldError]:
    """The mistakes of the alternative that was most likely meant."""
    schema = cast("Json", error.schema)
    tried: dict[int, list[ValidationError]] = {}
    for inner in error.context or ():
        tried.setdefault(cast("int", inner.relative_schema_path[0]), []).append(inner)
    tag = schema.get("discriminator")
    if isinstance(tag, dict) and isinstance(error.instance, dict):
        name, mapping = tag["propertyName"], list(tag["mapping"])
        value = error.instance.get(name)
        if value not in mapping:
            where = pointer([*error.absolute_path, name])
            yield FieldError(where, f"Must be one of: {', '.join(mapping)}.", "enum")
            return
        tried = {0: tried.get(mapping.index(value), [])}
    # A mistake deeper inside means that the outer shape fitted.
    fitting = [e for e in tried.values() if not any(x.validator == "type" and not x.relative_path for x in e)]
    if not fitting:
        wanted = [expected(cast("Json", e.schema)) for inner in tried.values() for e in inner if e.validator == "type"]
        detail = f"Must be {' or '.join(dict.fromkeys(wanted))}."
        yield FieldError(pointer(error.absolute_path), detail, "type")
        return
    for inner in min(fitting, key=len):
        yield from _explain(inner)


def expected(schema: Mapping[str, object]) -> str:
    """What the schema wants, in words: "a whole number from 1 to 200"."""
    options = schema.get("anyOf")
    if isinstance(options, list):
        return " or ".join(dict.fromkeys(expected(option) for option in options))
    values = schema.get("enum")
    if isinstance(values, list):
        return "one of: " + ", ".join(map(_show, values))
    if "const" in schema:
        return _show(schema["const"])
    if "$ref" in schema:
        return TYPES["object"]
    if schema.get("format") in FORMATS:
        return FORMATS[str(schema["format"])]
    kinds = schema.get("type", "something else")
    words = " or ".join(TYPES.get(str(kind), str(kind)) for kind in (kinds if isinstance(kinds, list) else [kinds]))
    if kinds in ("integer", "number"):
        return words + _range(schema)
    return words


def _range(schema: Mapping[str, object]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    low = None if isinstance(low, int) and low <= -(2**53) + 1 else low
    high = None if isinstance(high, int) and high >= 2**53 - 1 else high
    if low is not None and high is not None:
        return f" from {low} to {high}"
    if low is not None:
        return f", {low} or more"
    if high is not None:
        return f", {high} or less"
    return ""


def _show(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _many(count: object, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _look(error: ValidationError) -> str:
    examples = cast("Json", error.schema).get("examples")
    if isinstance(examples, list) and examples:
        return f"Must look like {_show(examples[0])}."
    return f"Must match the pattern {error.validator_value}"


def _odd(_: ValidationError) -> str:
    return "Is not as the reference at /docs describes it."


SAYINGS: dict[str, Callable[[ValidationError], str]] = {
    "type": lambda e: f"Must be {expected(cast('Json', e.schema))}.",
    "enum": lambda e: f"Must be {expected(cast('Json', e.schema))}.",
    "const": lambda e: f"Must be {_show(e.validator_value)}.",
    "format": lambda e: f"Must be {FORMATS.get(str(e.validator_value), 'of format ' + str(e.validator_value))}.",
    "pattern": _look,
    "minLength": lambda e: (
        "Must not be empty."
        if e.validator_value == 1
        else f"Must have {_many(e.validator_value, 'character')} or more."
    ),
    "maxLength": lambda e: f"Must have at most {_many(e.validator_value, 'character')}.",
    "minimum": lambda e: f"Must be {e.validator_value} or more.",
    "maximum": lambda e: f"Must be {e.validator_value} or less.",
    "exclusiveMinimum": lambda e: f"Must be more than {e.validator_value}.",
    "exclusiveMaximum": lambda e: f"Must be less than {e.validator_value}.",
    "multipleOf": lambda e: f"Must be a multiple of {e.validator_value}.",
    "minItems": lambda e: (
        "Must not be empty." if e.validator_value == 1 else f"Must have {_many(e.validator_value, 'item')} or more."
    ),
    "maxItems": lambda e: f"Must have at most {_many(e.validator_value, 'item')}.",
    "uniqueItems": lambda _: "Must not hold the same item twice.",
    "minProperties": lambda e: f"Must have {_many(e.validator_value, 'field')} or more.",
    "maxProperties": lambda e: f"Must have at most {_many(e.validator_value, 'field')}.",
}
