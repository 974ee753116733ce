"""Every look at shipments, parcels and how promises turned out, and the lock on parcels."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Select, select

from fulfilhub.fulfilment.rules import WorkState
from fulfilhub.orders.rules import HoldReason, PromiseCause, PromiseOutcome, PromiseStage
from fulfilhub.platform import ids
from fulfilhub.platform.errors import NotFound
from fulfilhub.platform.work import Work
from fulfilhub.shipping.models import Parcel, ParcelContent, PromiseVerdict, Shipment
from fulfilhub.shipping.rules import COMING_BACK, ON_THE_DOORSTEP, STOOD_IN_VAIN, Scan, TrackingState


class ShipmentRow(NamedTuple):
    """A shipment; its parcels beside it."""

    id: UUID
    order_id: UUID
    fulfilment_id: UUID
    warehouse_id: UUID
    service: str
    shipped_at: datetime
    created_at: datetime


class ParcelRow(NamedTuple):
    """A parcel. Grams, millimetres."""

    id: UUID
    shipment_id: UUID
    order_id: UUID
    position: int
    carrier: str
    service: str
    tracking_number: str
    tracking_normal: str
    weight_grams: int | None
    length_mm: int | None
    width_mm: int | None
    height_mm: int | None
    state: str
    state_at: datetime
    version: int

    @property
    def scan(self) -> Scan:
        """Its present state, as the rules read it."""
        return Scan(TrackingState(self.state), self.state_at)


class ContentRow(NamedTuple):
    """Units of one order line in a parcel."""

    parcel_id: UUID
    order_id: UUID
    line_id: UUID
    product_id: UUID
    quantity: int


class HoldTold(msgspec.Struct, frozen=True):
    """When an order was held, and why."""

    reason: HoldReason
    placed_at: datetime
    released_at: datetime | None


class PartTold(msgspec.Struct, frozen=True, kw_only=True):
    """What one warehouse was given of an order, in whatever state it ended. `short`: it could not find some units."""

    warehouse_id: UUID
    service: str
    carrier: str
    state: WorkState
    reason: str | None
    created_at: datetime
    ship_by: datetime
    shipped_at: datetime | None
    short: bool


class DecidedTold(msgspec.Struct, frozen=True, kw_only=True):
    """A stage of a promise that was decided before."""

    stage: PromiseStage
    outcome: PromiseOutcome
    cause: PromiseCause | None
    due: datetime
    happened: datetime | None


class OpenPromise(NamedTuple):
    """A promise of which something is still to be decided, and what is known that decides it. Units of the whole order;
    the parcels' times as `routing.rules.keeping.Story` explains them."""

    order_id: UUID
    country: str
    postcode: str
    cancelled_at: datetime | None
    ship_by: datetime
    deliver_by: datetime
    promised_at: datetime
    ship_warned: bool
    deliver_warned: bool
    wanted: int
    allocated: int
    shipped: int
    delivered: int
    delivered_at: datetime | None
    tried_at: datetime | None
    coming_back: bool
    at_the_door: bool
    holds: list[HoldTold]
    parts: list[PartTold]
    verdicts: list[DecidedTold]


class VerdictRow(NamedTuple):
    """How one stage of a promise ended."""

    stage: str
    outcome: str
    cause: str | None
    promised: datetime
    due: datetime
    happened: datetime | None
    decided_at: datetime


class SumRow(NamedTuple):
    """How the promises of one month, warehouse, service and stage ended."""

    month: datetime
    warehouse_id: UUID | None
    service: str
    stage: str
    kept: int
    excused: int
    site: int
    carrier: int
    merchant: int
    customer: int


def _listed(states: Collection[TrackingState]) -> str:
    return ", ".join(repr(str(state)) for state in sorted(states))


SHIPMENT_COLUMNS = tuple(getattr(Shipment, name) for name in ShipmentRow._fields)
PARCEL_COLUMNS = tuple(getattr(Parcel, name) for name in ParcelRow._fields)
CONTENT_COLUMNS = tuple(getattr(ParcelContent, name) for name in ContentRow._fields)

ORDERS_OF = "SELECT DISTINCT order_id FROM parcels WHERE merchant_id = $1 AND id = ANY ($2)"
ALL_DELIVERED = """
SELECT l.order_id, (SELECT max(p.state_at) FROM parcels AS p
                    WHERE p.merchant_id = $1 AND p.order_id = l.order_id AND p.state = 'delivered')
FROM order_lines AS l
WHERE l.merchant_id = $1 AND l.order_id = ANY ($2) AND l.requires_shipping
GROUP BY l.order_id HAVING sum(l.delivered) >= sum(l.ordered - l.cancelled)
"""
OPEN_PROMISES = f"""
SELECT o.id, coalesce(o.ship_to ->> 'country', ''), coalesce(o.ship_to ->> 'postcode', ''),
       CASE WHEN o.status = 'cancelled' THEN coalesce(
           (SELECT max(c.occurred_at) FROM events AS c
            WHERE c.account_id = $1 AND c.subject_id = o.id AND c.type = 'order.cancelled'), o.updated_at) END,
       o.ship_by, o.deliver_by, o.promised_at, p.ship_risk_at IS NOT NULL, p.deliver_risk_at IS NOT NULL,
       l.wanted, l.allocated, l.shipped, l.delivered, b.delivered_at, b.tried_at, b.coming_back, b.at_the_door,
       (SELECT json_agg(h) FROM holds AS h WHERE h.merchant_id = $1 AND h.order_id = o.id)::text,
       (SELECT json_agg(f) FROM (
            SELECT f.id, f.warehouse_id, f.service, f.carrier, f.state, f.reason, f.created_at, f.ship_by, s.shipped_at,
                   EXISTS (SELECT 1 FROM fulfilment_lines AS x
                           WHERE x.merchant_id = $1 AND x.fulfilment_id = f.id AND x.short > 0) AS short
            FROM fulfilments AS f LEFT JOIN shipments AS s ON s.merchant_id = $1 AND s.fulfilment_id = f.id
            WHERE f.merchant_id = $1 AND f.order_id = o.id ORDER BY f.id
        ) AS f)::text,
       (SELECT json_agg(v) FROM promise_verdicts AS v WHERE v.merchant_id = $1 AND v.order_id = o.id)::text
FROM order_promises AS p JOIN orders AS o ON o.merchant_id = p.merchant_id AND o.id = p.order_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(x.ordered - x.cancelled), 0) AS wanted, coalesce(sum(x.allocated), 0) AS allocated,
           coalesce(sum(x.shipped), 0) AS shipped, coalesce(sum(x.delivered), 0) AS delivered
    FROM order_lines AS x WHERE x.merchant_id = $1 AND x.order_id = o.id AND x.requires_shipping
) AS l
CROSS JOIN LATERAL (
    SELECT max(y.state_at) FILTER (WHERE y.state = 'delivered') AS delivered_at,
           coalesce(bool_or(y.state IN ({_listed(COMING_BACK)})), false) AS coming_back,
           coalesce(bool_and(y.state IN ({_listed(ON_THE_DOORSTEP)}))
                    FILTER (WHERE y.state NOT IN ('delivered', 'cancelled')), false) AS at_the_door,
           CASE WHEN bool_and(t.at IS NOT NULL) FILTER (WHERE y.late) THEN max(t.at) FILTER (WHERE y.late) END
           AS tried_at
    FROM (SELECT q.*, NOT (q.state = 'delivered' AND q.state_at <= o.deliver_by) AS late FROM parcels AS q
          WHERE q.merchant_id = $1 AND q.order_id = o.id) AS y
    CROSS JOIN LATERAL (SELECT min(e.occurred_at) AS at FROM tracking_events AS e
                        WHERE e.merchant_id = $1 AND e.parcel_id = y.id AND e.state IN ({_listed(STOOD_IN_VAIN)})) AS t
) AS b
WHERE p.merchant_id = $1 AND p.order_id = ANY ($2) AND p.look_at IS NOT NULL
ORDER BY p.order_id
"""  # noqa: S608 - names of states only
SUMS = """
SELECT date_trunc('month', promised, 'UTC'), warehouse_id, service, stage,
       count(*) FILTER (WHERE outcome = 'kept'), count(*) FILTER (WHERE outcome = 'excused'),
       count(*) FILTER (WHERE outcome = 'broken' AND cause = 'site'),
       count(*) FILTER (WHERE outcome = 'broken' AND cause = 'carrier'),
       count(*) FILTER (WHERE outcome = 'broken' AND cause = 'merchant'),
       count(*) FILTER (WHERE outcome = 'broken' AND cause = 'customer')
FROM promise_verdicts WHERE merchant_id = $1 AND promised >= $2 AND promised < $3
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4 DESC
"""


async def orders_of(work: Work, parcel_ids: Collection[UUID]) -> list[UUID]:
    """The orders these parcels belong to."""
    return [row[0] for row in await work.fetch_raw(ORDERS_OF, work.account_id, list(parcel_ids))]


async def all_delivered(work: Work, order_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """Which of these orders have been delivered whole, and when the last parcel was."""
    rows = await work.fetch_raw(ALL_DELIVERED, work.account_id, list(order_ids))
    return {row[0]: row[1] for row in rows}


async def lock_parcels(work: Work, parcel_ids: Collection[UUID]) -> dict[UUID, ParcelRow]:
    """Parcels, locked in the order of their ids. Their order rows are locked already."""
    rows = await work.db.execute(
        _parcels(work).where(Parcel.id.in_(parcel_ids)).order_by(Parcel.id).with_for_update(key_share=True)
    )
    return {row.id: ParcelRow._make(row) for row in rows}


def _parcels(work: Work) -> Select[*tuple[object, ...]]:
    return select(*PARCEL_COLUMNS).where(Parcel.merchant_id == work.account_id)


async def parcels_of(work: Work, shipment_ids: Collection[UUID]) -> dict[UUID, list[ParcelRow]]:
    """The parcels of these shipments, by shipment, in their order."""
    query = _parcels(work).where(Parcel.shipment_id.in_(shipment_ids)).order_by(Parcel.shipment_id, Parcel.position)
    found: dict[UUID, list[ParcelRow]] = {}
    for row in await work.db.execute(query):
        parcel = ParcelRow._make(row)
        found.setdefault(parcel.shipment_id, []).append(parcel)
    return found


async def contents_of(work: Work, parcel_ids: Collection[UUID]) -> dict[UUID, list[ContentRow]]:
    """What is in these parcels, by parcel."""
    rows = await work.db.execute(
        select(*CONTENT_COLUMNS)
        .where(ParcelContent.merchant_id == work.account_id, ParcelContent.parcel_id.in_(parcel_ids))
        .order_by(ParcelContent.parcel_id, ParcelContent.line_id)
    )
    found: dict[UUID, list[ContentRow]] = {}
    for row in rows:
        content = ContentRow._make(row)
        found.setdefault(content.parcel_id, []).append(content)
    return found


async def list_shipments(
    work: Work, after: UUID | None, limit: int, *, order_id: UUID | None = None, fulfilment_id: UUID | None = None
) -> list[ShipmentRow]:
    """The merchant's shipments by age, those after the id `after`."""
    query = select(*SHIPMENT_COLUMNS).where(Shipment.merchant_id == work.account_id).order_by(Shipment.id).limit(limit)
    if after is not None:
        query = query.where(Shipment.id > after)
    if order_id is not None:
        query = query.where(Shipment.order_id == order_id)
    if fulfilment_id is not None:
        query = query.where(Shipment.fulfilment_id == fulfilment_id)
    return [ShipmentRow._make(row) for row in await work.db.execute(query)]


async def get_shipment(work: Work, shipment_id: UUID) -> ShipmentRow:
    """One shipment of the merchant. Raises NotFound."""
    query = select(*SHIPMENT_COLUMNS).where(Shipment.merchant_id == work.account_id, Shipment.id == shipment_id)
    row = (await work.db.execute(query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no shipment {ids.SHIPMENT.show(shipment_id)!r}.")
    return ShipmentRow._make(row)


async def shipments_of(work: Work, fulfilment_ids: Sequence[UUID]) -> dict[UUID, ShipmentRow]:
    """The shipments of these fulfilments, by fulfilment."""
    query = select(*SHIPMENT_COLUMNS).where(
        Shipment.merchant_id == work.account_id, Shipment.fulfilment_id.in_(fulfilment_ids)
    )
    return {row.fulfilment_id: ShipmentRow._make(row) for row in await work.db.execute(query)}


async def open_promises(work: Work, order_ids: Collection[UUID]) -> list[OpenPromise]:
    """The promises of these orders of which something is still to be decided. The order rows are locked already."""
    rows = await work.fetch_raw(OPEN_PROMISES, work.account_id, list(order_ids))
    kinds = (list[HoldTold], list[PartTold], list[DecidedTold])
    found = []
    for row in rows:
        *plain, holds, parts, verdicts = row.values()
        told = zip((holds, parts, verdicts), kinds, strict=True)
        read = [msgspec.json.decode(text or "[]", type=kind) for text, kind in told]
        found.append(OpenPromise._make((*plain, *read)))
    return found


async def verdicts_of(work: Work, order_id: UUID) -> list[VerdictRow]:
    """How the stages of an order's promise ended, as far as they have: leaving, then arriving."""
    query = select(*(getattr(PromiseVerdict, name) for name in VerdictRow._fields)).where(
        PromiseVerdict.merchant_id == work.account_id, PromiseVerdict.order_id == order_id
    )
    rows = [VerdictRow._make(row) for row in await work.db.execute(query)]
    return sorted(rows, key=lambda row: row.promised)


async def promise_sums(work: Work, start: datetime, end: datetime) -> list[SumRow]:
    """How promises for moments from `start` to before `end` ended, by month (UTC), warehouse, service and stage."""
    return [SumRow._make(row) for row in await work.fetch_raw(SUMS, work.account_id, start, end)]
