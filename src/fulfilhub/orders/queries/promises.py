"""Looks at how orders' promises stand."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from fulfilhub.platform.work import Work

PROMISES = "SELECT order_id, state, cause FROM order_promises WHERE merchant_id = $1 AND order_id = ANY ($2)"


class PromiseRow(NamedTuple):
    """How an order's promise stands."""

    order_id: UUID
    state: str
    cause: str | None


async def promises_of(work: Work, order_ids: Collection[UUID]) -> dict[UUID, PromiseRow]:
    """How the promises of these orders stand, by order; orders without one are left out."""
    rows = await work.fetch_raw(PROMISES, work.account_id, list(order_ids))
    return {row[0]: PromiseRow._make(row) for row in rows}
