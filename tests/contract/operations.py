"""The contract as tests read it: its operations, and calling one as its own examples show."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import httpx
import msgspec
from jsonschema import Draft202012Validator

from fulfilhub.app import contract

Json = dict[str, Any]
CONTRACT: Json = msgspec.json.decode(contract())


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the contract."""

    method: str
    path: str
    told: Json

    @property
    def id(self) -> str:
        return cast("str", self.told["operationId"])

    @property
    def callers(self) -> tuple[str, ...]:
        """The kinds of keys that may call it; none when it needs no key."""
        return tuple(self.told.get("x-callers", ()))

    @property
    def parameters(self) -> list[Json]:
        return cast("list[Json]", self.told.get("parameters", []))

    @property
    def body(self) -> Json | None:
        """Schema and example of its body."""
        held = self.told.get("requestBody", {}).get("content", {})
        return cast("Json | None", next(iter(held.values()), None))

    @property
    def answers(self) -> dict[str, Json]:
        """Its own answers (not the shared problems) by status."""
        return {status: answer for status, answer in self.told["responses"].items() if "$ref" not in answer}

    def parameters_in(self, place: str) -> Json:
        """The examples of its parameters there. Left out are keys that would make it a repeat, and versions."""
        shown = {p["name"]: p["example"] for p in self.parameters if p["in"] == place}
        return {name: value for name, value in shown.items() if name not in {"Idempotency-Key", "If-Match"}}


def operations() -> list[Operation]:
    """All of them, in the contract's order."""
    return [
        Operation(method.upper(), path, told)
        for path, methods in CONTRACT["paths"].items()
        for method, told in methods.items()
    ]


BY_ID = {operation.id: operation for operation in operations()}


def resolved(schema: Json) -> Json:
    """A schema that stands alone."""
    return {**schema, "components": CONTRACT["components"]}


def checker(schema: Json) -> Draft202012Validator:
    """A validator of a schema in the contract."""
    return Draft202012Validator(cast("Any", resolved(schema)), format_checker=Draft202012Validator.FORMAT_CHECKER)


def call(
    api: httpx.Client,
    operation: Operation,
    key: str | None,
    *,
    path: Mapping[str, object] | None = None,
    query: Mapping[str, object] | None = None,
    body: object = None,
) -> httpx.Response:
    """Call an operation; parts of the path that are not given are as its examples show."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    if operation.method == "POST":
        headers["Idempotency-Key"] = secrets.token_hex(8)
    address = operation.path.format(**{**operation.parameters_in("path"), **(path or {})})
    return api.request(operation.method, address, params=cast("Any", query), json=body, headers=headers)


def examples_of(node: object) -> Iterator[Json]:
    """Every media type object in a piece of the contract."""
    if isinstance(node, dict):
        if "schema" in node and "in" not in node:
            yield node
        for inner in node.values():
            yield from examples_of(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from examples_of(inner)
