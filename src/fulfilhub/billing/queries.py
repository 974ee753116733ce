"""Every look at prices and charges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select

from fulfilhub.billing.models import Charge, PriceVersion
from fulfilhub.billing.rules import Price, Shipped
from fulfilhub.platform.work import Work
from fulfilhub.shipping.models import Shipment


class ChargeRow(NamedTuple):
    id: UUID
    kind: str
    cause: UUID
    document: UUID
    quantity: int
    unit: str
    formula: str
    price_version: str
    amount_minor: int
    currency: str
    tax_class: str
    occurred_at: datetime
    created_at: datetime


class SumRow(NamedTuple):
    kind: str
    currency: str
    count_: int
    amount_minor: int


CHARGE = tuple(getattr(Charge, name) for name in ChargeRow._fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeFilter:
    """Which charges: all fields narrow; times bound `occurred_at`, the end is exclusive."""

    kind: str | None = None
    cause: UUID | None = None
    occurred_after: datetime | None = None
    occurred_before: datetime | None = None


async def prices_of(work: Work, code: str) -> Sequence[Price]:
    """All versions of a price."""
    rows = await work.db.execute(
        select(
            PriceVersion.code,
            PriceVersion.currency,
            PriceVersion.version,
            PriceVersion.amount_minor,
            PriceVersion.tax_class,
            PriceVersion.valid_from,
        ).where(PriceVersion.code == code)
    )
    return [
        Price(
            code=row.code,
            currency=row.currency,
            version=row.version,
            amount_minor=row.amount_minor,
            tax_class=row.tax_class,
            valid_from=row.valid_from,
        )
        for row in rows
    ]


async def shipped(work: Work, shipment_ids: Sequence[UUID]) -> list[Shipped]:
    """When these shipments left, and for which order."""
    rows = await work.db.execute(
        select(Shipment.order_id, Shipment.id, Shipment.shipped_at).where(
            Shipment.merchant_id == work.account_id, Shipment.id.in_(shipment_ids)
        )
    )
    return [Shipped(*row) for row in rows]


async def list_charges(work: Work, wanted: ChargeFilter, after: UUID | None, limit: int) -> list[ChargeRow]:
    """The merchant's charges in the order they were written."""
    query = select(*CHARGE).where(Charge.merchant_id == work.account_id).order_by(Charge.id).limit(limit)
    if after is not None:
        query = query.where(Charge.id > after)
    if wanted.kind is not None:
        query = query.where(Charge.kind == wanted.kind)
    if wanted.cause is not None:
        query = query.where(Charge.cause == wanted.cause)
    if wanted.occurred_after is not None:
        query = query.where(Charge.occurred_at > wanted.occurred_after)
    if wanted.occurred_before is not None:
        query = query.where(Charge.occurred_at < wanted.occurred_before)
    return [ChargeRow(*row) for row in await work.db.execute(query)]


async def sums(work: Work, start: datetime, end: datetime) -> list[SumRow]:
    """What was charged from `start` to before `end`, per kind and currency."""
    rows = await work.db.execute(
        select(Charge.kind, Charge.currency, func.count(), func.sum(Charge.amount_minor))
        .where(Charge.merchant_id == work.account_id, Charge.occurred_at >= start, Charge.occurred_at < end)
        .group_by(Charge.kind, Charge.currency)
        .order_by(Charge.kind, Charge.currency)
    )
    return [SumRow(kind, currency, count, int(total)) for kind, currency, count, total in rows]
