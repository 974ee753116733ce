"""Examples for the contract, put together from those that struct fields carry (`Meta(examples=[...])`)."""

from __future__ import annotations

import re
from typing import cast

from fulfilhub.platform import ids
from fulfilhub.web.jsonschemas import Json

KNOWN_FORMATS: dict[str, object] = {
    "date-time": "2026-11-24T09:30:00Z",
    "date": "2026-11-24",
    "time": "09:30:00Z",
    "duration": "PT30M",
    "uuid": "0193572b-d9c7-7d2c-a4f1-3f6a5b8c9d0e",
}
# What an answer's field is likely to hold, by its name.
LIKELY: dict[str, str] = {
    "actions": "cancel",
    "carrier": "royal-mail",
    "code": "standard",
    "countries": "GB",
    "country": "GB",
    "currency": "GBP",
    "email": "ada@example.com",
    "external_id": "5678901234567",
    "name": "Ada Lovelace",
    "number": "#1001",
    "postcode": "N1 9GU",
    "postcode_prefixes": "N1",
    "reason": "damaged",
    "service": "standard",
    "sku": "MUG-BLUE",
    "state": "open",
    "status": "open",
    "timezone": "Europe/London",
    "tracking_number": "AB123456789GB",
    "url": "https://example.com",
}
SUFFIX = "_01h455vb4pex5vsknk084sn02q"
PREFIXES = {kind.noun.replace(" ", "_"): kind.prefix for kind in vars(ids).values() if isinstance(kind, ids.Kind)}
DEPTH = 12


class Examples:
    """Makes examples from the contract's components. Fields that carry none are filled from their names."""

    def __init__(self, components: dict[str, Json]) -> None:
        self._components = components

    def of(self, schema: Json) -> tuple[bool, object]:
        """(True, a value that fits the schema), or (False, None) when nothing fits a required field."""
        return self._of(schema, "", "", DEPTH)

    def _of(self, schema: Json, name: str, owner: str, depth: int) -> tuple[bool, object]:
        if depth == 0:
            return False, None
        given = schema.get("examples")
        if isinstance(given, list) and given:
            return True, given[0]
        if "$ref" in schema:
            target = str(schema["$ref"]).rpartition("/")[2]
            return self._of(self._components[target], name, target, depth - 1)
        if "const" in schema:
            return True, schema["const"]
        if isinstance(schema.get("enum"), list):
            return True, cast("list[object]", schema["enum"])[0]
        options = schema.get("anyOf")
        if isinstance(options, list):
            tried = (self._of(option, name, owner, depth - 1) for option in options)
            return next((found for found in tried if found[0]), (False, None))
        return self._by_type(schema, name, owner, depth)

    def _by_type(self, schema: Json, name: str, owner: str, depth: int) -> tuple[bool, object]:
        kind = schema.get("type")
        if kind == "object":
            return self._of_object(schema, owner, depth)
        if kind == "array":
            found, item = self._of(cast("Json", schema.get("items", {})), name, owner, depth - 1)
            least = cast("int", schema.get("minItems", 0))
            return (True, [item] * max(least, 1)) if found else (least == 0, [])
        if schema.get("default"):
            return True, schema["default"]
        if kind == "null":
            return True, None
        if kind == "boolean":
            return True, False
        if schema.get("format") in KNOWN_FORMATS:
            return True, KNOWN_FORMATS[str(schema["format"])]
        return _guess(schema, name, owner)

    def _of_object(self, schema: Json, owner: str, depth: int) -> tuple[bool, object]:
        required = cast("list[str]", schema.get("required", []))
        made: Json = {}
        for name, inner in cast("dict[str, Json]", schema.get("properties", {})).items():
            found, value = self._of(inner, name, owner, depth - 1)
            if found:
                made[name] = value
            elif name in required:
                return False, None
        return True, made


def _guess(schema: Json, name: str, owner: str) -> tuple[bool, object]:
    kind = schema.get("type")
    if kind in ("integer", "number"):
        low, high = cast("int", schema.get("minimum", 1)), cast("int", schema.get("maximum", 1))
        return True, min(max(1, low), high)
    if kind != "string":
        return True, {}
    pattern = str(schema.get("pattern", ""))
    noun = _snake(owner) if name == "id" else name.removesuffix("_id")
    prefix = PREFIXES.get(noun) if name == "id" or name.endswith("_id") else None
    if pattern.endswith(f"_{ids.SUFFIX}$"):
        prefix = pattern[1:].partition("_")[0]
    text = f"{prefix}{SUFFIX}" if prefix else LIKELY.get(name, "text")
    low, high = cast("int", schema.get("minLength", 0)), cast("int", schema.get("maxLength", len(text)))
    fits = low <= len(text) <= high and re.search(pattern, text) is not None
    return (True, text) if fits else (False, None)


def _snake(name: str) -> str:
    return "".join("_" + char.lower() if char.isupper() else char for char in name).strip("_")
