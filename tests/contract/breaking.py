"""What of a newer contract breaks callers of an older one.

Answers may grow and bodies may take more; nothing that a caller reads may go away, and nothing that a caller sends may
be refused. Schemas are walked from each operation, answers and bodies apart: the same change is good in one and bad in
the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

Json = dict[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")
LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")


@dataclass(frozen=True, slots=True, order=True)
class Break:
    """One thing that breaks callers: where (`POST /v1/orders request /lines/quantity`) and what."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def breaks(old: Json, new: Json) -> list[Break]:
    """Everything that breaks callers of `old`, sorted; each once."""
    return sorted(set(_Comparison(old, new).all()))


def may_break(old: str, new: str) -> bool:
    """Whether the version allows it: a new major or minor one."""
    return _parts(new) > _parts(old)


def _parts(version: str) -> tuple[int, int]:
    major, minor, *_ = [*version.split("."), "0"]
    return int(major), int(minor)


class _Comparison:
    def __init__(self, old: Json, new: Json) -> None:
        self._old = old
        self._new = new

    def all(self) -> Iterator[Break]:
        for path, methods in self._old["paths"].items():
            for method in METHODS:
                if method in methods:
                    where = f"{method.upper()} {path}"
                    now = self._new["paths"].get(path, {}).get(method)
                    if now is None:
                        yield Break(where, "the operation is gone")
                    else:
                        yield from self._operation(where, methods[method], now)

    def _operation(self, where: str, old: Json, new: Json) -> Iterator[Break]:
        yield from self._parameters(where, old, new)
        yield from self._body(where, old.get("requestBody"), new.get("requestBody"))
        yield from self._answers(where, old["responses"], new["responses"])
        if not old.get("security") and new.get("security"):
            yield Break(where, "it needs a key now")
        before: list[str] = old.get("x-callers", [])
        now: list[str] = new.get("x-callers", before)
        for kind in sorted(set(before) - set(now)):
            yield Break(where, f"a {kind}'s key may not call it any more")

    def _parameters(self, where: str, old: Json, new: Json) -> Iterator[Break]:
        before, now = _by_name(old), _by_name(new)
        for (place, name), parameter in before.items():
            at = f"{where} {place} {name}"
            if (place, name) not in now:
                yield Break(at, "the parameter is gone")
                continue
            if now[place, name]["required"] and not parameter["required"]:
                yield Break(at, "it is required now")
            yield from self._narrowed(at, parameter["schema"], now[place, name]["schema"], frozenset())
        for (place, name), parameter in now.items():
            if parameter["required"] and (place, name) not in before:
                yield Break(f"{where} {place} {name}", "a new required parameter")

    def _body(self, where: str, old: Json | None, new: Json | None) -> Iterator[Break]:
        at = f"{where} request"
        if new is not None and new.get("required") and not (old or {}).get("required"):
            yield Break(at, "a body is required now")
        if old is None:
            return
        if new is None:
            yield Break(at, "it takes no body any more")
            return
        for media_type, content in old["content"].items():
            if media_type not in new["content"]:
                yield Break(at, f"{media_type} is not taken any more")
            else:
                yield from self._narrowed(at, content["schema"], new["content"][media_type]["schema"], frozenset())

    def _answers(self, where: str, old: Json, new: Json) -> Iterator[Break]:
        for status, answer in old.items():
            at = f"{where} {status}"
            if status not in new:
                yield Break(at, "the status is gone")
                continue
            before, now = self._at(self._old, answer), self._at(self._new, new[status])
            for media_type, content in before.get("content", {}).items():
                if media_type not in now.get("content", {}):
                    yield Break(at, f"{media_type} is not answered any more")
                else:
                    yield from self._lost(at, content["schema"], now["content"][media_type]["schema"], frozenset())

    # What a caller sends: everything that was right must still be right.

    def _narrowed(self, at: str, old: Json, new: Json, seen: frozenset[str]) -> Iterator[Break]:
        again = f"{old.get('$ref')} {new.get('$ref')}"
        if "$ref" in old and again in seen:
            return
        seen = seen | {again}
        old, new = self._at(self._old, old), self._at(self._new, new)
        if "anyOf" in old or "anyOf" in new:
            yield from self._narrowed_choice(at, _options(old), _options(new), seen)
            return
        if not new.keys() - {"description", "title", "examples", "default"}:
            return  # anything goes
        gone = _types(old) - _types(new)
        if gone:
            yield Break(at, f"{', '.join(sorted(gone))} is not taken any more")
            return
        values = _values(new)
        if values is not None:
            refused = [value for value in _values(old) or () if value not in values]
            for value in refused:
                yield Break(at, f"{value!r} is not taken any more")
            if _values(old) is None:
                yield Break(at, "only certain values are taken now")
        yield from _bounds(at, old, new)
        yield from self._narrowed_fields(at, old, new, seen)
        if "items" in old and "items" in new:
            yield from self._narrowed(f"{at}/-", old["items"], new["items"], seen)
        if isinstance(old.get("additionalProperties"), dict) and isinstance(new.get("additionalProperties"), dict):
            yield from self._narrowed(f"{at}/*", old["additionalProperties"], new["additionalProperties"], seen)

    def _narrowed_fields(self, at: str, old: Json, new: Json, seen: frozenset[str]) -> Iterator[Break]:
        before, now = old.get("properties", {}), new.get("properties", {})
        for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
            yield Break(f"{at}/{name}", "a new required field" if name not in before else "it is required now")
        for name, schema in before.items():
            if name in now:
                yield from self._narrowed(f"{at}/{name}", schema, now[name], seen)
            elif new.get("additionalProperties") is False:
                yield Break(f"{at}/{name}", "the field is not taken any more")
        if new.get("additionalProperties") is False and old.get("additionalProperties") is not False:
            yield Break(at, "unknown fields are refused now")

    def _narrowed_choice(
        self, at: str, old: Sequence[Json], new: Sequence[Json], seen: frozenset[str]
    ) -> Iterator[Break]:
        for option in old:
            tried = [list(self._narrowed(at, option, other, seen)) for other in new]
            if all(tried):
                yield from min(tried, key=len)

    # What a caller reads: everything that was there must still be there, and look as before.

    def _lost(self, at: str, old: Json, new: Json, seen: frozenset[str]) -> Iterator[Break]:
        again = f"{old.get('$ref')} {new.get('$ref')}"
        if "$ref" in old and again in seen:
            return
        seen = seen | {again}
        old, new = self._at(self._old, old), self._at(self._new, new)
        if "anyOf" in old or "anyOf" in new:
            yield from self._lost_choice(at, _options(old), _options(new), seen)
            return
        added = _types(new) - _types(old)
        if added and _types(old) != ANYTHING:
            yield Break(at, f"it can be {', '.join(sorted(added))} now")
            return
        before, now = old.get("properties", {}), new.get("properties", {})
        for name, schema in before.items():
            if name not in now:
                yield Break(f"{at}/{name}", "the field is gone")
                continue
            if name in old.get("required", ()) and name not in new.get("required", ()):
                yield Break(f"{at}/{name}", "the field may be missing now")
            yield from self._lost(f"{at}/{name}", schema, now[name], seen)
        if "items" in old and "items" in new:
            yield from self._lost(f"{at}/-", old["items"], new["items"], seen)

    def _lost_choice(self, at: str, old: Sequence[Json], new: Sequence[Json], seen: frozenset[str]) -> Iterator[Break]:
        """Each way that an answer can look now must be one that it could look before."""
        for option in new:
            tried = [list(self._lost(at, other, option, seen)) for other in old]
            if all(tried):
                yield from min(tried, key=len)

    def _at(self, contract: Json, node: Json) -> Json:
        """What a reference leads to."""
        while "$ref" in node:
            target: Any = contract
            for step in str(node["$ref"]).removeprefix("#/").split("/"):
                target = target[step]
            node = target
        return node


ANYTHING = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})


def _by_name(operation: Json) -> dict[tuple[str, str], Json]:
    return {(p["in"], p["name"]): p for p in operation.get("parameters", [])}


def _options(schema: Json) -> list[Json]:
    return cast("list[Json]", schema.get("anyOf", [schema]))


def _types(schema: Json) -> frozenset[str]:
    told = schema.get("type")
    if told is None:
        return ANYTHING
    found = frozenset(told if isinstance(told, list) else [told])
    return found | {"integer"} if "number" in found else found


def _values(schema: Mapping[str, Any]) -> list[object] | None:
    if "const" in schema:
        return [schema["const"]]
    values = schema.get("enum")
    return list(values) if isinstance(values, list) else None


def _bounds(at: str, old: Json, new: Json) -> Iterator[Break]:
    for name in LOWER:
        if name in new and new[name] > old.get(name, float("-inf" if "imum" in name else "0")):
            yield Break(at, f"{name} is {new[name]} now")
    for name in UPPER:
        if name in new and new[name] < old.get(name, float("inf")):
            yield Break(at, f"{name} is {new[name]} now")
    for name in ("pattern", "format"):
        if name in new and new[name] != old.get(name):
            yield Break(at, f"{name} is {new[name]} now")
