"""Recorded conversations with the real Shopify, held again with the fake: the same documents, the same answers.

Ids differ, so each recorded id is bound to the fake's when it first shows, and must mean the same ever after. Times,
names and titles are not compared."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from graphql import GraphQLNamedType, get_named_type, is_composite_type

from tests.fakes.shopify import orders
from tests.fakes.shopify.engine import Call, execute, mutation
from tests.fakes.shopify.schema import ROOT, schema_of
from tests.fakes.shopify.shop import Shop
from tests.fakes.shopify.things import Json, LineItem, Order

RECORDINGS = ROOT.parent / "shared" / "shopify" / "recordings"
VERSION = "2026-07"
_UNCOMPARED = (
    {"cursor", "endCursor", "startCursor"}
    | {"closedAt", "createdAt", "fulfillAt", "updatedAt"}
    | {"carrierName", "displayFinancialStatus", "email", "locations", "message", "name", "tags", "title"}
    | {"returns", "returnsFiltered", "returnsFirst"}
)


def recording(name: str) -> Json:
    """One recorded file, whole."""
    found = json.loads((RECORDINGS / f"{name}.json").read_text())
    assert isinstance(found, dict)
    return found


def steps(recorded: Any, path: str = "") -> Iterator[tuple[str, Json]]:
    """Every call with its answer, in order, and where it stands."""
    if isinstance(recorded, Mapping):
        if isinstance(recorded.get("response"), Mapping) and "variables" in recorded:
            answer = recorded["response"]
            yield path, {**recorded, "response": answer.get("payload") or answer.get("body") or answer}
        for name, value in recorded.items():
            yield from steps(value, f"{path}/{name}")
    elif isinstance(recorded, list):
        for place, value in enumerate(recorded):
            yield from steps(value, f"{path}/{place}")


@dataclass(slots=True)
class Replay:
    """A conversation with a shop. `known`: the fake's id of each recorded one."""

    shop: Shop
    known: dict[str, str] = field(default_factory=dict)

    def hold(self, path: str, step: Json) -> None:
        """One call, and the same answer as recorded."""
        variables = self._ours(step["variables"])
        document = step.get("query") or document_of(step)
        answer = execute(self.shop, VERSION, document, variables)
        self._same(step["response"].get("data"), answer.get("data"), path)
        recorded = [_shown(error) for error in step["response"].get("errors", [])]
        assert [_shown(error) for error in answer.get("errors", [])] == recorded, path

    def _ours(self, given: Any) -> Any:
        if isinstance(given, Mapping):
            return {name: self._ours(value) for name, value in given.items()}
        if isinstance(given, list):
            return [self._ours(value) for value in given]
        if not isinstance(given, str):
            return given
        made_up = given.endswith("999999999999")
        if given.startswith("gid://shopify/Location/") and not made_up and given not in self.known:
            self.known[given] = self.shop.add_location(given.rpartition("/")[2]).id
        return self.known.get(given, given)

    def _same(self, recorded: Any, ours: Any, path: str) -> None:
        if isinstance(recorded, Mapping):
            assert isinstance(ours, Mapping), f"{path}: {ours!r} instead of {recorded!r}"
            for name in recorded.keys() & ours.keys():
                if name == "message" and "field" in recorded:
                    assert _plain(ours[name]) == _plain(recorded[name]), path
                elif name not in _UNCOMPARED and not name.endswith("Set"):
                    self._same(recorded[name], ours[name], f"{path}.{name}")
        elif isinstance(recorded, list):
            assert isinstance(ours, list), path
            assert len(ours) == len(recorded), f"{path}: {ours} instead of {recorded}"
            for place, (one, other) in enumerate(zip(recorded, ours, strict=True)):
                self._same(one, other, f"{path}[{place}]")
        elif isinstance(recorded, str) and recorded.startswith("gid://"):
            assert isinstance(ours, str), path
            if "/Location/" not in recorded:
                assert self.known.setdefault(recorded, ours) == ours, f"{path}: {recorded} is another one"
        else:
            assert ours == recorded, f"{path}: {ours!r} instead of {recorded!r}"


def _plain(message: str) -> str:
    """Without the ids and ids' lists that it may hold."""
    return "".join("0" if letter.isdigit() else letter for letter in message).replace("0", "")


def _shown(error: Mapping[str, Any]) -> tuple[str, str, Any]:
    """An error without its ids and places."""
    return _plain(error["message"]), error["extensions"]["code"], error.get("path")


def document_of(step: Json) -> str:
    """A document for a mutation whose own was not recorded: it asks for what the answer shows."""
    (name, payload) = next(iter(step["response"]["data"].items()))
    schema = schema_of(VERSION)
    root = schema.mutation_type
    assert root is not None
    found = root.fields[name]
    given = [each for each in found.args if each in step["variables"]]
    declared = ", ".join(f"${each}: {found.args[each].type}" for each in given)
    passed = ", ".join(f"{each}: ${each}" for each in given)
    return f"mutation Replay({declared}) {{ {name}({passed}) {_selected(get_named_type(found.type), payload)} }}"


def _selected(kind: GraphQLNamedType, shown: Any) -> str:
    if isinstance(shown, list):
        shown = {key: value for each in shown for key, value in each.items()} if shown else None
    if not isinstance(shown, Mapping):
        return "{ __typename }"
    parts = []
    for name, value in shown.items():
        inner = get_named_type(getattr(kind, "fields")[name].type)  # noqa: B009 (not every type has them)
        pages = "(first: 20)" if inner.name.endswith("Connection") else ""
        parts.append(f"{name}{pages} {_selected(inner, value)}" if is_composite_type(inner) else name)
    return "{ " + " ".join(parts) + " }"


@mutation("orderCreate")
def _create(call: Call) -> Json:
    """How the recorder made its orders: lines of which the shop may have no variant."""
    given = call.args["order"]
    order = orders.place(call.shop, [])
    order.note, order.tags = given.get("note"), list(given.get("tags") or ())
    lines = []
    for row in given["lineItems"]:
        price = (row.get("priceSet") or {}).get("shopMoney", {}).get("amount", "1.00")
        line = call.shop.made(
            LineItem,
            order=order,
            variant=None,
            title=row["title"],
            sku=row.get("sku"),
            quantity=row["quantity"],
            price=Decimal(price),
            requires_shipping=row.get("requiresShipping") is not False,
        )
        order.line_items.append(line)
        lines.append((line, line.quantity))
    orders.route(call.shop, order, call.shop.primary, lines)
    return {"order": order}


def order_of(replay: Replay, recorded: str) -> Order:
    """The fake's order that stands for a recorded one."""
    found = replay.shop.things[replay.known[recorded]]
    assert isinstance(found, Order)
    return found


HAVE_RECORDINGS = Path(RECORDINGS).is_dir()
