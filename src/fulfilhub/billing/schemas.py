"""Wire shapes of charges."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from fulfilhub.billing.queries import ChargeRow, SumRow
from fulfilhub.platform import ids

ChargeKindName = Literal["order_fulfilled"]


class ChargeOut(Struct, kw_only=True):
    """One charge: `formula` is its arithmetic in words, `price_version` the price it came from (code, currency,
    version), `shipment_id` the first shipment of the order."""

    id: str
    kind: ChargeKindName
    order_id: str
    shipment_id: str
    quantity: int
    unit: str
    formula: str
    price_version: str
    amount_minor: int
    currency: str
    tax_class: str
    occurred_at: datetime
    created_at: datetime


class ChargeSum(Struct, kw_only=True):
    """The charges of one kind and currency together."""

    kind: ChargeKindName
    currency: str
    count: int
    amount_minor: int


class ChargeSummaryOut(Struct, kw_only=True):
    """What a month cost (UTC), before tax."""

    month: str
    sums: list[ChargeSum]


def charge_out(row: ChargeRow) -> ChargeOut:
    return ChargeOut(
        id=ids.CHARGE.show(row.id),
        kind=row.kind,  # type: ignore[arg-type]  # the CHECK constraint holds it to these values
        order_id=ids.ORDER.show(row.cause),
        shipment_id=ids.SHIPMENT.show(row.document),
        quantity=row.quantity,
        unit=row.unit,
        formula=row.formula,
        price_version=row.price_version,
        amount_minor=row.amount_minor,
        currency=row.currency,
        tax_class=row.tax_class,
        occurred_at=row.occurred_at,
        created_at=row.created_at,
    )


def sum_out(row: SumRow) -> ChargeSum:
    return ChargeSum(
        kind=row.kind,  # type: ignore[arg-type]
        currency=row.currency,
        count=row.count_,
        amount_minor=row.amount_minor,
    )
