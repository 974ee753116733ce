"""Writing charges: one per order, however often and in however many parcels it was shipped."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from fulfilhub.accounts.queries import get_account
from fulfilhub.accounts.rules import Mode
from fulfilhub.billing import queries
from fulfilhub.billing.events import ChargeMade
from fulfilhub.billing.rules import DEFAULT_CURRENCY, ChargeKind, Computed, Shipped, order_fulfilled, price_at
from fulfilhub.platform import ids
from fulfilhub.platform.work import Work

CHARGE = text(
    """
    INSERT INTO charges (merchant_id, id, kind, cause, document, quantity, unit, formula, price_version,
                         amount_minor, currency, tax_class, occurred_at, created_at)
    SELECT :merchant, c.id, :kind, c.cause, c.document, c.quantity, c.unit, c.formula, c.price, c.amount,
           c.currency, c.tax, c.occurred, :now
    FROM unnest(cast(:ids AS uuid[]), cast(:causes AS uuid[]), cast(:documents AS uuid[]),
                cast(:quantities AS int[]), cast(:units AS text[]), cast(:formulas AS text[]),
                cast(:prices AS text[]), cast(:amounts AS bigint[]), cast(:currencies AS text[]),
                cast(:taxes AS text[]), cast(:occurred AS timestamptz[]))
         AS c (id, cause, document, quantity, unit, formula, price, amount, currency, tax, occurred)
    ORDER BY c.cause
    ON CONFLICT (merchant_id, kind, cause) DO NOTHING
    RETURNING id, cause, amount_minor, currency
    """
)


async def charge_orders(work: Work, shipments: Sequence[Shipped]) -> list[UUID]:
    """Bill the orders of these shipments that were not billed yet, at the price of the day each was first shipped.

    Test accounts are billed nothing, by a charge of 0. Returns the ids of the new charges. Raises NoPrice.
    """
    first: dict[UUID, Shipped] = {}
    for shipment in sorted(shipments, key=lambda s: (s.shipped_at, s.shipment_id), reverse=True):
        first[shipment.order_id] = shipment
    if not first:
        return []
    kind = ChargeKind.ORDER_FULFILLED
    prices = await queries.prices_of(work, kind)
    test_mode = (await get_account(work, work.account_id)).mode == Mode.TEST
    computed: dict[UUID, Computed] = {
        order: order_fulfilled(price_at(prices, kind, DEFAULT_CURRENCY, shipment.shipped_at), test_mode=test_mode)
        for order, shipment in first.items()
    }
    rows = await work.db.execute(
        CHARGE,
        {
            "merchant": work.account_id,
            "kind": kind,
            "now": work.now,
            "ids": [ids.new() for _ in first],
            "causes": list(first),
            "documents": [shipment.shipment_id for shipment in first.values()],
            "quantities": [c.quantity for c in computed.values()],
            "units": [c.unit for c in computed.values()],
            "formulas": [c.formula for c in computed.values()],
            "prices": [c.price_version for c in computed.values()],
            "amounts": [c.amount_minor for c in computed.values()],
            "currencies": [c.currency for c in computed.values()],
            "taxes": [c.tax_class for c in computed.values()],
            "occurred": [shipment.shipped_at for shipment in first.values()],
        },
    )
    made = rows.all()
    work.publish(
        *(
            ChargeMade(
                order_id=row.cause, charge_id=row.id, kind=kind, amount_minor=row.amount_minor, currency=row.currency
            )
            for row in made
        )
    )
    return [row.id for row in made]
