"""What a store wants sent from which warehouse: an order's lines told apart by it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from fulfilhub.routing.rules.terms import OrderToRoute

Wishes = Mapping[tuple[UUID, UUID], int]
"""Units of an order that no warehouse has been given, by (line id, warehouse id)."""


def told_apart(order: OrderToRoute, wishes: Wishes | None) -> Sequence[OrderToRoute]:
    """The order as it is decided: whole without wishes (None), otherwise once for each warehouse that is asked for
    units which have none yet. Units that the store asks of nobody stay where they are: they are not ours to send."""
    if wishes is None:
        return [order]
    left = {line.line_id: line.quantity for line in order.lines}
    parts: dict[UUID, dict[UUID, int]] = {}
    for (line_id, warehouse_id), wished in sorted(wishes.items()):
        units = min(wished, left.get(line_id, 0))
        if units > 0:
            left[line_id] -= units
            parts.setdefault(warehouse_id, {})[line_id] = units
    return [
        msgspec.structs.replace(
            order,
            only=warehouse_id,
            lines=tuple(
                msgspec.structs.replace(line, quantity=units[line.line_id])
                for line in order.lines
                if line.line_id in units
            ),
        )
        for warehouse_id, units in sorted(parts.items())
    ]
