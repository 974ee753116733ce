"""What an operator's own documents say of work that it is to be told of, in its own scope."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select

from fulfilhub.fulfilment.models import WorkOrder, WorkRequest
from fulfilhub.fulfilment.rules import WorkState
from fulfilhub.orders.rules import ChangeState
from fulfilhub.platform.work import Work


class RequestNews(NamedTuple):
    """A request and how it stands."""

    id: UUID
    warehouse_id: UUID
    work_order_id: UUID
    kind: str
    state: str
    carried_out: bool | None
    answer_by: datetime


class LeasedRow(NamedTuple):
    """Unfinished work under a lease, whether that is live or not."""

    id: UUID
    warehouse_id: UUID
    lease_until: datetime


UNDER = """
SELECT lease_id, id, warehouse_id, lease_until FROM work_orders
WHERE account_id = $1 AND lease_id = ANY ($2) AND ended_at IS NULL ORDER BY lease_id, id
"""
REQUEST = tuple(getattr(WorkRequest, name) for name in RequestNews._fields)


async def work_that_is(work: Work, what: str, ids: Collection[UUID]) -> list[tuple[UUID, UUID]]:
    """(work order, warehouse) of those of the account's that are `queued` (and can be claimed), `held`, `resumed` (not
    ended, and held no longer), `changed` or late (and not ended) or `withdrawn`; those to be shipped first before
    others."""
    live = WorkOrder.ended_at.is_(None)
    wanted: dict[str, ColumnElement[bool]] = {
        "queued": and_(live, ~WorkOrder.held, or_(WorkOrder.lease_until.is_(None), WorkOrder.lease_until <= work.now)),
        "held": and_(live, WorkOrder.held),
        "resumed": and_(live, ~WorkOrder.held),
        "changed": live,
        "late_to_accept": and_(live, WorkOrder.accepted_at.is_(None)),
        "late_to_ship": live,
        "withdrawn": WorkOrder.state == WorkState.CANCELLED,
    }
    rows = await work.db.execute(
        select(WorkOrder.id, WorkOrder.warehouse_id)
        .where(WorkOrder.account_id == work.account_id, WorkOrder.id.in_(ids), wanted[what])
        .order_by(WorkOrder.ship_by, WorkOrder.id)
    )
    return [(row.id, row.warehouse_id) for row in rows]


async def requests_that_are(work: Work, *, open_: bool, ids: Collection[UUID]) -> list[RequestNews]:
    """Those of these requests to the account that are open, or have ended; oldest first."""
    asked = WorkRequest.state == ChangeState.REQUESTED
    rows = await work.db.execute(
        select(*REQUEST)
        .where(WorkRequest.account_id == work.account_id, WorkRequest.id.in_(ids), asked if open_ else ~asked)
        .order_by(WorkRequest.id)
    )
    return [RequestNews(*row) for row in rows]


async def work_under(work: Work, lease_ids: Collection[UUID]) -> dict[UUID, list[LeasedRow]]:
    """The account's unfinished work by the lease that it is, or was last, under."""
    found: dict[UUID, list[LeasedRow]] = {}
    for lease_id, *row in await work.fetch_raw(UNDER, work.account_id, list(lease_ids)):
        found.setdefault(lease_id, []).append(LeasedRow._make(row))
    return found
