"""Lists as connections: `nodes`, `edges`, `pageInfo`, by cursors that hold a place and not a position."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError


@dataclass(frozen=True, slots=True)
class Rows:
    """Things in the order of `key`. A cursor holds a key and an id, so one that changes while a reader pages comes
    again further on, as in Shopify."""

    things: Sequence[Any]
    key: Callable[[Any], str]


def page(found: Sequence[Any] | Rows, args: Mapping[str, Any]) -> dict[str, Any]:
    """What `first`, `after`, `last`, `before` and `reverse` choose."""
    first, last = args.get("first"), args.get("last")
    if first is None and last is None:
        raise GraphQLError("you must provide one of first or last", extensions={"code": "BAD_REQUEST"})
    if max(first or 0, last or 0) > 250:
        raise GraphQLError("first cannot exceed 250", extensions={"code": "MAX_COST_EXCEEDED"})
    rows = [(_key(found, place, thing), thing) for place, thing in enumerate(_things(found))]
    rows.sort(key=lambda row: row[0])
    if args.get("reverse"):
        rows.reverse()
    kept = [row for row in rows if _beyond(row[0], args)]
    chosen = kept[:first] if first is not None else kept[-int(last or 0) :]
    edges = [{"cursor": _cursor(key), "node": thing} for key, thing in chosen]
    return {
        "edges": edges,
        "nodes": [thing for _, thing in chosen],
        "pageInfo": {
            "hasNextPage": bool(chosen) and chosen[-1][0] != kept[-1][0],
            "hasPreviousPage": bool(chosen) and chosen[0][0] != rows[0][0],
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
        },
    }


Key = tuple[str, int]


def _things(found: Sequence[Any] | Rows) -> Sequence[Any]:
    return found.things if isinstance(found, Rows) else found


def _key(found: Sequence[Any] | Rows, place: int, thing: Any) -> Key:
    return (found.key(thing), thing.number) if isinstance(found, Rows) else ("", place)


def _cursor(key: Key) -> str:
    return base64.b64encode(json.dumps({"last_id": key[1], "last_value": key[0]}).encode()).decode()


def _place(cursor: str) -> Key:
    try:
        held = json.loads(base64.b64decode(cursor))
        return str(held["last_value"]), int(held["last_id"])
    except (ValueError, KeyError, TypeError):
        raise GraphQLError("Invalid cursor for current pagination sort.", extensions={"code": "BAD_REQUEST"}) from None


def _beyond(key: Key, args: Mapping[str, Any]) -> bool:
    """After `after` and before `before`, in the direction of reading."""
    way = -1 if args.get("reverse") else 1
    for cursor, side in ((args.get("after"), way), (args.get("before"), -way)):
        if cursor is not None and not (key > _place(cursor) if side > 0 else key < _place(cursor)):
            return False
    return True
