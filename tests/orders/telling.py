"""Orders as a store tells them, for tests; and a merchant with a few products."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from fulfilhub.catalogue.commands import NewProduct, make_products
from fulfilhub.orders.incoming import Address, IncomingLine, IncomingOrder
from fulfilhub.platform import ids
from fulfilhub.platform.scopes import Merchant
from fulfilhub.platform.work import Work, Works

T0 = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
HOME = Address(name="Ada L", line1="12 Mill Lane", city="York", postcode="YO1 7HH", country="GB")


def line(external_id: str = "1", sku: str = "MUG", quantity: int = 2, **more: Any) -> IncomingLine:
    return IncomingLine(external_id=external_id, sku=sku, title=f"A {sku}", quantity=quantity, **more)


def order(external_id: str = "o-1", minutes: int = 0, **more: Any) -> IncomingOrder:
    """An order told `minutes` after T0."""
    base = IncomingOrder(
        external_id=external_id,
        number=f"#{external_id}",
        currency="GBP",
        placed_at=T0,
        updated_at=T0 + timedelta(minutes=minutes),
        lines=(line(),),
        ship_to=HOME,
        email="Ada@Example.com",
        total_minor=2_400,
    )
    return replace(base, **more)


async def merchant_with(works: Works, *skus: str) -> Merchant:
    """A merchant scope with a product for each SKU."""
    scope = Merchant(ids.new(), "key_test")
    async with works.begin(scope) as work:
        await make_products(work, [NewProduct(sku=sku, name=sku) for sku in skus])
    return scope


async def told_types(work: Work, order_id: UUID) -> list[str]:
    """The facts of an order's timeline, in order."""
    rows = await work.db.execute(text("SELECT type FROM events WHERE subject_id = :id ORDER BY id"), {"id": order_id})
    return list(rows.scalars())
