"""Runs our GraphQL documents against Shopify's own schema: graphql-core executes, this resolves.

A field is looked up in three places: a resolver registered with `field` or `mutation`, a member of a dict, an attribute
of a thing (`requestStatus` is `request_status`). One that is in none of them is an error which says so: the fake never
makes up an answer. Lists become connections where the schema has one, and every field needs the scopes that Shopify
publishes for it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from graphql import (
    DocumentNode,
    GraphQLAbstractType,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSyntaxError,
    execute_sync,
    get_named_type,
    parse,
    validate,
)
from graphql.execution.values import get_directive_values

from tests.fakes.shopify import cost, paging
from tests.fakes.shopify.schema import schema_of, scopes_of

if TYPE_CHECKING:
    from tests.fakes.shopify.shop import Shop

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One field being resolved: whose shop, with which arguments (by Shopify's names)."""

    shop: Shop
    info: GraphQLResolveInfo[Any]
    args: Mapping[str, Any]

    @property
    def key(self) -> str | None:
        """The key of the field's `@idempotent` directive."""
        directive = self.info.schema.get_directive("idempotent")
        node = self.info.field_nodes[0]
        if directive is None or not any(each.name.value == "idempotent" for each in node.directives or ()):
            return None
        values = get_directive_values(directive, node, self.info.variable_values)
        return str(values["key"]) if values else None


class No(Exception):
    """Becomes a mutation's `userErrors`. `code` is shown where that mutation's errors have one."""

    def __init__(self, message: str, field: Sequence[str] | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.errors: list[Json] = [{"message": message, "field": list(field) if field else None, "code": code}]


def top_level(message: str, code: str, **more: object) -> GraphQLError:
    """An error outside `userErrors`, as Shopify's gateway gives them."""
    return GraphQLError(message, extensions={"code": code, **more})


Resolver = Callable[[Call, Any], object]
_FIELDS: dict[tuple[str, str], Resolver] = {}


def field(kind: str, name: str) -> Callable[[Resolver], Resolver]:
    """Register how `kind.name` is resolved: `(call, thing) -> value`. Root queries are fields of QueryRoot."""

    def keep(resolver: Resolver) -> Resolver:
        assert (kind, name) not in _FIELDS, f"{kind}.{name} is resolved twice"
        _FIELDS[(kind, name)] = resolver
        return resolver

    return keep


def mutation(name: str, *, idempotent: bool = False) -> Callable[[Callable[[Call], Json]], Callable[[Call], Json]]:
    """Register a mutation: `(call) -> payload`; a `No` becomes its `userErrors`. With `idempotent`, the directive is
    required, and the same key gives the same answer once it went well."""

    def keep(act: Callable[[Call], Json]) -> Callable[[Call], Json]:
        def resolve(call: Call, _: Any) -> object:
            try:
                return _once(call, name, act) if idempotent else {"userErrors": [], **act(call)}
            except No as no:
                return {"userErrors": no.errors}

        _FIELDS[("Mutation", name)] = resolve
        return act

    return keep


def _once(call: Call, name: str, act: Callable[[Call], Json]) -> Json:
    if call.key is None:
        told = "The @idempotent directive is required for this mutation but was not provided."
        raise top_level(told, "BAD_REQUEST")
    given = json.dumps(call.args, sort_keys=True, default=str)
    if call.key in call.shop.keys_under_way:
        raise No("A request with this key is under way.", ["input"], "IDEMPOTENCY_CONCURRENT_REQUEST")
    known = call.shop.keys.get((name, call.key))
    if known is None:
        known = call.shop.keys[(name, call.key)] = (given, {"userErrors": [], **_unless_refused(call, act)})
    if known[0] != given:
        told = "The same idempotency key cannot be used with different parameters."
        raise No(told, ["input"], "IDEMPOTENCY_KEY_PARAMETER_MISMATCH")
    return known[1]


def _unless_refused(call: Call, act: Callable[[Call], Json]) -> Json:
    return act(call)


@cache
def _parsed(document: str) -> DocumentNode | GraphQLSyntaxError:
    try:
        return parse(document)
    except GraphQLSyntaxError as error:
        return error


@cache
def _faults(version: str, document: str) -> tuple[GraphQLError, ...]:
    parsed = _parsed(document)
    return (parsed,) if isinstance(parsed, GraphQLSyntaxError) else tuple(validate(schema_of(version), parsed))


def execute(shop: Shop, version: str, document: str, variables: Mapping[str, Any] | None) -> Json:
    """Shopify's whole answer to one document: `data`, `errors` and the cost, charged to the shop's bucket."""
    if faults := _faults(version, document):
        return {"errors": [{**fault.formatted, "extensions": {"code": "undefinedField"}} for fault in faults]}
    parsed = _parsed(document)
    assert isinstance(parsed, DocumentNode)
    asked = cost.requested(schema_of(version), parsed, variables or {})
    if not shop.bucket.charge(asked, shop.now()):
        return cost.throttled(asked, shop.bucket)
    result = execute_sync(
        schema_of(version),
        parsed,
        context_value=(shop, version),
        variable_values=dict(variables or {}),
        field_resolver=_resolve,
        type_resolver=_kind_of,
    )
    actual = cost.actual(parsed, result.data, asked)
    shop.bucket.refund(asked - actual)
    if result.data is None and result.errors and not result.errors[0].path:
        errors = [{**error.formatted, "extensions": {"code": "INVALID_VARIABLE"}} for error in result.errors]
        return {"errors": errors}
    answer: Json = {"data": result.data, "extensions": cost.block(asked, actual, shop.bucket)}
    if result.errors:
        for error in result.errors:
            if error.original_error is not None and not isinstance(error.original_error, GraphQLError):
                raise error.original_error  # a fault of the fake, which no test may take for Shopify's answer
        answer["errors"] = [error.formatted for error in result.errors]
    return answer


def _resolve(thing: Any, info: GraphQLResolveInfo[Any], **args: Any) -> object:
    shop: Shop
    shop, version = info.context
    kind, name = info.parent_type.name, info.field_name
    _allowed(shop, version, info)
    call = Call(shop, info, args)
    own = _FIELDS.get((kind, name))
    if own is not None:
        found = own(call, thing)
    elif isinstance(thing, Mapping):
        found = thing.get(name)
    elif hasattr(thing, snake(name)):
        found = getattr(thing, snake(name))
    else:
        raise NotImplementedError(f"The fake Shopify knows no {kind}.{name}: register it in tests/fakes/shopify.")
    return _shaped(call, found)


def _shaped(call: Call, found: object) -> object:
    if isinstance(found, datetime):
        return stamp(found)
    if isinstance(found, list | paging.Rows):
        if get_named_type(call.info.return_type).name.endswith("Connection"):
            return paging.page(found, call.args)
        if isinstance(found, list) and call.args.get("first") is not None:
            return found[: call.args["first"]]
    return found


def _allowed(shop: Shop, version: str, info: GraphQLResolveInfo[Any]) -> None:
    """A field's own scopes, and those of what it leads to: any one of each list, a write scope granting the read."""
    scopes = scopes_of(version)
    leads_to = get_named_type(info.return_type).name.removesuffix("Connection").removesuffix("Edge")
    for wanted in (scopes.get((info.parent_type.name, info.field_name)), scopes.get((leads_to, ""))):
        if wanted and not any(shop.may(scope) for scope in wanted):
            needed = " or ".join(f"`{scope}` access scope" for scope in sorted(wanted))
            told = f"Access denied for {info.field_name} field. Required access: {needed}."
            raise top_level(told, "ACCESS_DENIED", requiredAccess=f"{needed}.")


def _kind_of(value: Any, info: GraphQLResolveInfo[Any], kind: GraphQLAbstractType) -> str:
    return str(value["__typename"] if isinstance(value, Mapping) else value.TYPE)


def snake(name: str) -> str:
    """`requestStatus` -> `request_status`."""
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def stamp(moment: datetime) -> str:
    """As Shopify writes moments: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@field("QueryRoot", "node")
def _node(call: Call, _: Any) -> object:
    return call.shop.look_up(call.args["id"])


@field("QueryRoot", "nodes")
def _nodes(call: Call, _: Any) -> object:
    return [call.shop.look_up(each) for each in call.args["ids"]]
