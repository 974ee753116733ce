"""JSON Schemas of our wire types: one source for the published contract and for checking bodies again.

msgspec makes them; this tidies what it can't know: names without brackets, times that must carry an offset, whole
numbers that every JSON reader can hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, cast

import msgspec
from msgspec import inspect as mi

Json = dict[str, object]

SAFE = 2**53 - 1
"""Largest whole number that every JSON reader holds exactly (RFC 8259 section 6); PostgreSQL's bigint is larger."""

ITEM = "x-item"
"""Marks a batch in a raw schema, with the name of its items' class."""

ANY_JSON: Json = {"description": "Any JSON value."}


def each(type_: type, most: int) -> msgspec.Meta:
    """For the items of a batch, `items: Annotated[list[msgspec.Raw], each(ItemIn, 1000)]`: left unread with the rest of
    the body and read one by one by `Reader.read_each`; in the contract they are `type_`."""
    return msgspec.Meta(min_length=1, max_length=most, extra={"item": type_}, extra_json_schema={ITEM: type_.__name__})


def items_of(types: Iterable[object]) -> Iterator[tuple[str, type]]:
    """(Field, item type) of every batch in these types."""
    for info in _structs(mi.multi_type_info(types)):
        for field in info.fields:
            if isinstance(field.type, mi.Metadata) and "item" in (field.type.extra or {}):
                yield field.encode_name, cast("dict[str, type]", field.type.extra)["item"]


def generate(types: Iterable[object], prefix: str) -> tuple[list[Json], dict[str, Json]]:
    """A schema for each type, and the components they refer to as `prefix + name`. Raises ValueError when two
    classes would have the same name in the contract."""
    wanted = list(types)
    schemas, components = msgspec.json.schema_components(
        wanted, schema_hook=lambda _: ANY_JSON, ref_template=prefix + "{name}"
    )
    for info in _structs(mi.multi_type_info(wanted)):
        _demand_offsets(info, components)
    names = _names(components)
    refs = {prefix + old: prefix + new for old, new in names.items()}
    tidy = {names[old]: _tidy(schema, refs) for old, schema in components.items()}
    for name, schema in tidy.items():
        schema["title"] = name
    return [_tidy(schema, refs) for schema in schemas], tidy


def _names(components: dict[str, Json]) -> dict[str, str]:
    """Old to new: `Page_OrderOut_` becomes `PageOfOrder`; `OrderOut` becomes `Order` unless there is an Order."""
    found: dict[str, str] = {}
    for name, schema in components.items():
        if "." in name:
            raise ValueError(f"Two classes share the name of {name}; rename one, it is public in the contract.")
        words = re.findall(r"\w+", str(schema.get("title", name)))
        found[name] = "Of".join(word if word == "Out" else word.removesuffix("Out") for word in words)
    if len(set(found.values())) == len(found):
        return found
    return {old: "Of".join(re.findall(r"\w+", str(components[old].get("title", old)))) for old in found}


def _structs(infos: Sequence[mi.Type]) -> Iterator[mi.StructType]:
    seen: set[object] = set()
    stack: list[mi.Type] = list(infos)
    while stack:
        info = stack.pop()
        if isinstance(info, mi.StructType):
            if info.cls in seen:
                continue
            seen.add(info.cls)
            yield info
        stack.extend(_inner(info))


def _inner(info: mi.Type) -> list[mi.Type]:
    if isinstance(info, mi.StructType | mi.DataclassType | mi.TypedDictType | mi.NamedTupleType):
        return [field.type for field in info.fields]
    if isinstance(info, mi.Metadata):
        return [info.type]
    if isinstance(info, mi.CollectionType):
        return [info.item_type]
    if isinstance(info, mi.DictType):
        return [info.key_type, info.value_type]
    if isinstance(info, mi.TupleType):
        return list(info.item_types)
    if isinstance(info, mi.UnionType):
        return list(info.types)
    return []


def _leaves(info: mi.Type) -> Iterator[mi.Type]:
    """What a field is made of, without looking into other structs."""
    stack = [info]
    while stack:
        found = stack.pop()
        if isinstance(found, mi.StructType):
            continue
        inner = _inner(found)
        if not inner:
            yield found
        stack.extend(inner)


def takes_times(type_: object) -> bool:
    """Whether values of this type can hold a time (msgspec would take one without an offset)."""
    infos = [mi.type_info(type_)]
    fields = [field.type for info in _structs(infos) for field in info.fields]
    return any(isinstance(leaf, mi.DateTimeType) for info in [*infos, *fields] for leaf in _leaves(info))


def _demand_offsets(info: mi.StructType, components: dict[str, Json]) -> None:
    title = _title(info)
    schema = next(c for c in components.values() if c.get("title") == title)
    properties = cast("dict[str, Json]", schema.get("properties", {}))
    for field in info.fields:
        if any(isinstance(leaf, mi.DateTimeType) for leaf in _leaves(field.type)):
            for node in _nodes(properties[field.encode_name]):
                if node.get("type") == "string":
                    node.setdefault("format", "date-time")


def _title(info: mi.StructType) -> str:
    cls: Any = info.cls
    origin = getattr(cls, "__origin__", None)
    if origin is None:
        return str(cls.__name__)
    return f"{origin.__name__}[{', '.join(getattr(a, '__name__', repr(a)) for a in cls.__args__)}]"


def _nodes(node: object) -> Iterator[Json]:
    if isinstance(node, dict):
        yield node
        for inner in node.values():
            yield from _nodes(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _nodes(inner)


def _tidy(node: object, refs: dict[str, str]) -> Json:
    return cast("Json", _map(node, lambda n: _tidied(n, refs)))


def _map(node: object, change: Callable[[Json], Json]) -> object:
    if isinstance(node, dict):
        return change({key: _map(value, change) for key, value in node.items()})
    if isinstance(node, list):
        return [_map(value, change) for value in node]
    return node


def _tidied(node: Json, refs: dict[str, str]) -> Json:
    if "$ref" in node:
        node["$ref"] = refs[str(node["$ref"])]
    if ITEM in node:
        item = next((new for old, new in refs.items() if old.rpartition("/")[2] == node[ITEM]), None)
        if item is not None:
            # A wrong item does not make the request wrong: it is answered in its place.
            node["items"] = {"anyOf": [{"$ref": item}, {"description": "Anything else: answered with its problem."}]}
        del node[ITEM]
    if isinstance(node.get("discriminator"), dict):
        mapping = cast("dict[str, str]", cast("Json", node["discriminator"])["mapping"])
        for tag, ref in mapping.items():
            mapping[tag] = refs[ref]
    values = node.get("enum")
    if isinstance(values, list):
        if all(isinstance(value, str) for value in values):
            node = {"type": "string", **node}
        if len(values) == 1:
            node["const"] = values[0]
            del node["enum"]
    if node.get("type") == "integer":
        node.setdefault("format", "int64")
        if "exclusiveMinimum" not in node:
            node.setdefault("minimum", -SAFE)
        if "exclusiveMaximum" not in node:
            node.setdefault("maximum", SAFE)
    if node.get("required") == []:
        del node["required"]
    return node
