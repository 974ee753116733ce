"""Links of the contract: where to go on from an answer, with what it holds.

Most follow from the paths: what `GET /v1/orders/{order_id}` answers has its id in `id`, wherever else it is answered,
and `order_id` in another answer names the same thing. What needs a body is said by the route that takes it, with
`after`: it knows the operations before it, they do not know it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from fulfilhub.web.jsonschemas import Json

BODY = "$response.body#"
AFTER = "after"


@dataclass(frozen=True, slots=True)
class After:
    """How this operation is called after another one: runtime expressions (`$response.body#/id`) for its parameters
    and its body."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    body: object = None


def after(**operations: After) -> dict[str, object]:
    """What a route says of the operations (by their ids) that lead to it: `may("returns:write", **after(...))`."""
    return {AFTER: operations}


@dataclass(frozen=True, slots=True)
class Step:
    """One operation as links see it: the component that it answers with, and where that stands in the answer."""

    id: str
    path: str
    method: str
    query: frozenset[str]
    answer: Json | None
    after: Mapping[str, After]

    @property
    def places(self) -> list[str]:
        """The names in its path."""
        return re.findall(r"{(\w+)}", self.path)


@dataclass(frozen=True, slots=True)
class _Seen:
    component: str
    at: str


class Links:
    """All links of a contract. `components` are its schemas."""

    def __init__(self, steps: list[Step], components: Mapping[str, Json]) -> None:
        self._steps = steps
        self._components = components
        self._homes: dict[str, Step] = {}
        for step in steps:
            seen = self._seen(step)
            if step.method == "get" and len(step.places) == 1 and step.path.endswith("}") and seen and seen.at == "":
                self._homes.setdefault(seen.component, step)

    def of(self, step: Step) -> dict[str, Json]:
        """The links of this operation's answer, by name."""
        made: dict[str, Json] = {}
        seen = self._seen(step)
        if seen is not None:
            for name, link in (*self._inner(seen), *self._outer(seen)):
                if link["operationId"] != step.id:
                    made.setdefault(name, link)
        for target in self._steps:
            if step.id in target.after:
                told = target.after[step.id]
                made[target.id] = {"operationId": target.id}
                if told.parameters:
                    made[target.id]["parameters"] = dict(told.parameters)
                if told.body is not None:
                    made[target.id]["requestBody"] = told.body
        return dict(sorted(made.items()))

    def _seen(self, step: Step) -> _Seen | None:
        """The thing this operation answers with: itself, the first of a page, or inside a wrapper."""
        if step.answer is None or "$ref" not in step.answer:
            return None
        name = _named(step.answer)
        fields = cast("dict[str, Json]", self._components[name].get("properties", {}))
        items = cast("Json", fields.get("data", {}).get("items", {}))
        if "next_cursor" in fields and "$ref" in items:
            return _Seen(_named(items), "/data/0")
        if "id" not in fields:
            wrapped = [(key, inner) for key, inner in fields.items() if "$ref" in inner]
            if len(wrapped) == 1 and "id" in cast(
                "Json", self._components[_named(wrapped[0][1])].get("properties", {})
            ):
                return _Seen(_named(wrapped[0][1]), f"/{wrapped[0][0]}")
        return _Seen(name, "")

    def _inner(self, seen: _Seen) -> Iterator[tuple[str, Json]]:
        """To what can be done with the thing itself, and to the lists that name it."""
        home = self._homes.get(seen.component)
        if home is None:
            return
        (name,) = home.places
        value = f"{BODY}{seen.at}/id"
        for step in self._steps:
            beneath = step.places == [name] and f"{step.path}/".startswith(f"{home.path}/")
            named = name in step.query and not step.places and self._home_of(name) is home
            if beneath or named:
                yield step.id, {"operationId": step.id, "parameters": {name: value}}

    def _outer(self, seen: _Seen) -> Iterator[tuple[str, Json]]:
        """To the things that it names: `order_id` leads to `GET /v1/orders/{order_id}`."""
        fields = cast("dict[str, Json]", self._components[seen.component].get("properties", {}))
        for name, inner in fields.items():
            if not name.endswith("_id") or not _may_be_text(inner):
                continue
            home = self._home_of(name)
            targets = [home] if home else [s for s in self._steps if s.places == [name]]
            for step in targets:
                yield step.id, {"operationId": step.id, "parameters": {name: f"{BODY}{seen.at}/{name}"}}

    def _home_of(self, name: str) -> Step | None:
        homes = [step for step in self._homes.values() if step.places == [name]]
        return min(homes, key=lambda step: len(step.path), default=None)


def _named(schema: Json) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def _may_be_text(schema: Json) -> bool:
    options = cast("list[Json]", schema.get("anyOf", [schema]))
    return any(option.get("type") == "string" for option in options)
