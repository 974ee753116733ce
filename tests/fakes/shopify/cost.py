"""What a document costs, and the bucket it is taken from: the requested cost up front, the difference back afterwards.

The tariff is what the recorded answers show (a test reckons them again): a mutation 10 with what stands directly in its
payload; an object 1, amounts of money nothing; a connection 2, and its rows not each but by the logarithm of how many.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)


@dataclass(slots=True)
class Bucket:
    """`available` points of `maximum`, refilled by `rate` a second."""

    maximum: float = 2000.0
    rate: float = 100.0
    available: float = 2000.0
    at: datetime | None = None

    def charge(self, points: float, now: datetime) -> bool:
        """Take the points, or take none and say no."""
        if self.at is not None:
            self.available = min(self.maximum, self.available + (now - self.at).total_seconds() * self.rate)
        self.at = now
        if points > self.available:
            return False
        self.available -= points
        return True

    def refund(self, points: float) -> None:
        """Give back what a document cost less than it might have."""
        self.available = min(self.maximum, self.available + points)

    def shown(self) -> dict[str, float]:
        """As an answer shows it."""
        return {
            "maximumAvailable": self.maximum,
            "currentlyAvailable": int(self.available),
            "restoreRate": self.rate,
        }


def block(asked: int, actual: int | None, bucket: Bucket) -> dict[str, Any]:
    """An answer's `extensions`."""
    return {"cost": {"requestedQueryCost": asked, "actualQueryCost": actual, "throttleStatus": bucket.shown()}}


def throttled(asked: int, bucket: Bucket) -> dict[str, Any]:
    """The whole answer to a document that the bucket does not hold: HTTP 200, an error and no data."""
    extensions = {"code": "THROTTLED", "documentation": "https://shopify.dev/api/usage/rate-limits"}
    return {
        "errors": [{"message": "Throttled", "extensions": extensions}],
        "extensions": block(asked, None, bucket),
    }


_FREE = {"MoneyBag", "MoneyV2", "PageInfo"}


def requested(schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> int:
    """The most that the document may cost."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    operation = next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    root = schema.get_root_type(operation.operation)
    assert root is not None
    return _within(schema, root, operation.selection_set, fragments, variables)


def actual(document: DocumentNode, data: Any, at_most: int) -> int:
    """What it did cost: the things that came back."""
    operation = next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    start = 9 if operation.operation is OperationType.MUTATION else 0
    return min(at_most, start + json.dumps(data).count("{"))


def _within(
    schema: GraphQLSchema,
    kind: GraphQLNamedType,
    chosen: SelectionSetNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: Mapping[str, Any],
) -> int:
    total = 0
    for node in chosen.selections:
        if isinstance(node, FragmentSpreadNode):
            total += _within(schema, kind, fragments[node.name.value].selection_set, fragments, variables)
        elif isinstance(node, InlineFragmentNode):
            on = schema.type_map[node.type_condition.name.value] if node.type_condition else kind
            total += _within(schema, on, node.selection_set, fragments, variables)
        elif isinstance(node, FieldNode) and node.selection_set is not None and node.name.value != "__schema":
            inner = get_named_type(getattr(kind, "fields")[node.name.value].type)  # noqa: B009 (not every type has them)
            below = _within(schema, inner, node.selection_set, fragments, variables)
            total += _own(kind, inner, _rows(node, variables), below)
    return total


def _own(kind: GraphQLNamedType, inner: GraphQLNamedType, rows: int, below: int) -> int:
    if kind.name == "Mutation":
        return 10 + below
    if inner.name in _FREE or inner.name.endswith("UserError"):
        return 0
    if inner.name.endswith("Connection"):
        return 2 + round(math.log2(rows) + 1) * below if rows else below
    return below if kind.name.endswith("Payload") else 1 + below


def _rows(node: FieldNode, variables: Mapping[str, Any]) -> int:
    for argument in node.arguments or ():
        if argument.name.value in ("first", "last"):
            if isinstance(argument.value, IntValueNode):
                return int(argument.value.value)
            if isinstance(argument.value, VariableNode):
                return int(variables.get(argument.value.name.value) or 0)
    return 0
