"""Makes what inventory's tests stand on: a merchant with products, a partner with a warehouse, their contract."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from fulfilhub.accounts import commands as accounts
from fulfilhub.accounts.rules import AccountKind, Terms
from fulfilhub.catalogue import commands as catalogue
from fulfilhub.catalogue.commands import NewProduct
from fulfilhub.catalogue.queries import ProductRow
from fulfilhub.inventory import commands
from fulfilhub.inventory.commands import Movement, NewWarehouse
from fulfilhub.inventory.rules.stock import MovementReason
from fulfilhub.platform import ids
from fulfilhub.platform.scopes import Merchant, Operator, Partner
from fulfilhub.platform.work import Works

WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "14:00")
PROFILE = NewWarehouse(
    code="LEEDS",
    name="Leeds North",
    address={"line1": "1 Mill Lane", "line2": "", "city": "Leeds"},
    country="GB",
    postcode="LS1 1AA",
    timezone="Europe/London",
    currency="GBP",
    cutoffs={**WEEK, "sat": None},
    calendar={"holiday_region": "GB-ENG", "closed_dates": ["2026-12-24"]},
    handling_days=1,
    services=[
        {
            "code": "standard",
            "carrier": "royal_mail",
            "zones": [{"countries": ["GB"], "transit_days": 2, "cost_minor": 310}, {"countries": ["*"]}],
        }
    ],
    daily_capacity=500,
)


@dataclass(frozen=True, slots=True)
class World:
    """Ids and scopes of one merchant and one partner with a contracted warehouse."""

    merchant: Merchant
    partner: Partner
    warehouse_id: UUID
    contract_id: UUID


def terms(warehouse_id: UUID, now: datetime) -> Terms:
    """From today on, for every service."""
    return Terms(warehouse_ids=(warehouse_id,), starts_on=now.date())


async def make_world(works: Works, code: str = "LEEDS") -> World:
    """A merchant, a partner, the partner's warehouse, and an active contract."""
    async with works.begin(Operator(ids.new())) as work:
        merchant = await accounts.make_account(work, AccountKind.MERCHANT, "Shop")
        partner = await accounts.make_account(work, AccountKind.PARTNER, "3PL")
    scope, partners = Merchant(merchant.live.account_id, "key_m"), Partner(partner.live.account_id, "key_p")
    async with works.begin(partners) as work:
        warehouse = await commands.make_warehouse(work, replace(PROFILE, code=code))
        contract = await accounts.offer_contract(work, scope.account_id, terms(warehouse.id, work.now))
    async with works.begin(scope) as work:
        await accounts.accept_contract(work, contract)
    return World(scope, partners, warehouse.id, contract)


async def make_products(works: Works, scope: Merchant, *skus: str) -> list[ProductRow]:
    """Products with these SKUs."""
    async with works.begin(scope) as work:
        return [await catalogue.make_product(work, NewProduct(sku=sku, name=sku.title())) for sku in skus]


def received(product_id: UUID, warehouse_id: UUID, units: int) -> Movement:
    """Units that came in."""
    return Movement(
        product_id=product_id,
        warehouse_id=warehouse_id,
        reason=MovementReason.RECEIVED,
        document="receipt",
        document_id=ids.new(),
        available=units,
    )


def allocated(product_id: UUID, warehouse_id: UUID, units: int) -> Movement:
    """Units an order took (negative: gave back)."""
    return Movement(
        product_id=product_id,
        warehouse_id=warehouse_id,
        reason=MovementReason.ALLOCATED if units > 0 else MovementReason.DEALLOCATED,
        document="order",
        document_id=ids.new(),
        available=-units,
        allocated=units,
    )
