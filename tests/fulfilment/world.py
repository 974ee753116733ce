"""A merchant with stock at two warehouses of one partner, orders taken in, and the invariants that always hold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import text

from fulfilhub.accounts import commands as accounts
from fulfilhub.catalogue.commands import NewProduct, make_product
from fulfilhub.catalogue.queries import ProductRow
from fulfilhub.catalogue.rules import NewComponent
from fulfilhub.fulfilment.commands.claiming import claim
from fulfilhub.fulfilment.commands.queueing import route
from fulfilhub.fulfilment.queries import WorkRow
from fulfilhub.inventory import commands as inventory
from fulfilhub.orders.commands import NO_STORE, take
from fulfilhub.orders.queries import LineRow, OrderRow, get_order
from fulfilhub.platform.scopes import Merchant, Partner, Platform
from fulfilhub.platform.work import Works
from tests.inventory.world import PROFILE, make_products, make_world, received, terms
from tests.orders.telling import line, order

SERVICES = [
    {
        "code": "standard",
        "carrier": "royal_mail",
        "zones": [{"countries": ["GB"], "transit_days": 2, "cost_minor": 310}],
    }
]


@dataclass(frozen=True, slots=True)
class Site:
    """Two warehouses of one partner, and a merchant under contract with both."""

    works: Works
    merchant: Merchant
    partner: Partner
    leeds: UUID
    bristol: UUID
    products: dict[str, ProductRow]

    async def kit(self, sku: str, **units: int) -> None:
        """Make a product that is a kit of so many units of others."""
        made_of = tuple(NewComponent(units=each, sku=part) for part, each in units.items())
        async with self.works.begin(self.merchant) as work:
            self.products[sku] = await make_product(work, NewProduct(sku=sku, name=sku.title(), components=made_of))

    async def stock(self, sku: str, warehouse_id: UUID, units: int) -> None:
        """Book units in, without telling anybody."""
        async with self.works.begin(self.merchant) as work:
            await inventory.move(work, [received(self.products[sku].id, warehouse_id, units)])

    async def order(self, external_id: str = "o-1", *lines: tuple[str, int], **more: Any) -> UUID:
        """Take an order in: (sku, quantity) per line."""
        wanted = lines or (("MUG", 2),)
        told = order(
            external_id,
            lines=tuple(line(str(place), sku, units) for place, (sku, units) in enumerate(wanted, 1)),
            **more,
        )
        async with self.works.begin(self.merchant) as work:
            (taken,) = await take(work, NO_STORE, [told])
        return taken.order_id

    async def route(self, *order_ids: UUID) -> None:
        """What the job does."""
        async with self.works.begin(self.merchant) as work:
            await route(work, order_ids, "test")

    async def claim(self, warehouse_id: UUID, limit: int = 10) -> tuple[UUID, list[WorkRow]]:
        """The lease and its work."""
        async with self.works.begin(self.partner) as work:
            lease_id, _, rows = await claim(work, warehouse_id, limit)
        return lease_id, rows

    async def read(self, order_id: UUID) -> tuple[OrderRow, list[LineRow]]:
        """An order as it is."""
        async with self.works.begin(self.merchant) as work:
            whole = await get_order(work, order_id)
        return whole.order, list(whole.lines)

    async def level(self, sku: str, warehouse_id: UUID) -> tuple[int, int, int, int]:
        """(available, allocated, quarantined, damaged)."""
        async with self.works.begin(self.merchant) as work:
            rows = await work.fetch_raw(
                "SELECT available, allocated, quarantined, damaged FROM stock_levels "
                "WHERE product_id = $1 AND warehouse_id = $2",
                self.products[sku].id,
                warehouse_id,
            )
        return tuple(rows[0]) if rows else (0, 0, 0, 0)

    async def fulfilments(self, order_id: UUID) -> list[tuple[UUID, str]]:
        """(warehouse, state) of an order's fulfilments, oldest first."""
        async with self.works.begin(self.merchant) as work:
            rows = await work.fetch_raw(
                "SELECT warehouse_id, state FROM fulfilments WHERE order_id = $1 ORDER BY id", order_id
            )
        return [(row[0], row[1]) for row in rows]


async def make_site(works: Works, *skus: str) -> Site:
    """The site; MUG unless other SKUs are named, no stock yet."""
    world = await make_world(works)
    async with works.begin(world.partner) as work:
        bristol = await inventory.make_warehouse(
            work, replace(PROFILE, code="BRISTOL", name="Bristol", postcode="BS1 1AA", services=list[object](SERVICES))
        )
        contract = await accounts.offer_contract(work, world.merchant.account_id, terms(bristol.id, work.now))
    async with works.begin(world.merchant) as work:
        await accounts.accept_contract(work, contract)
    made = await make_products(works, world.merchant, *(skus or ("MUG",)))
    products = {product.sku: product for product in made}
    return Site(works, world.merchant, world.partner, world.warehouse_id, bristol.id, products)


BROKEN = {
    "the ledger adds up to the level": """
        SELECT 1 FROM stock_levels AS l LEFT JOIN (
            SELECT merchant_id, product_id, warehouse_id, sum(available) AS available, sum(allocated) AS allocated,
                   sum(quarantined) AS quarantined, sum(damaged) AS damaged
            FROM stock_movements GROUP BY 1, 2, 3) AS m USING (merchant_id, product_id, warehouse_id)
        WHERE (l.available, l.allocated, l.quarantined, l.damaged)
              <> (coalesce(m.available, 0), coalesce(m.allocated, 0), coalesce(m.quarantined, 0),
                  coalesce(m.damaged, 0))
        """,
    "what is allocated is what live work holds": """
        SELECT 1 FROM stock_levels AS l LEFT JOIN (
            SELECT f.merchant_id, coalesce(c.product_id, x.product_id) AS product_id, f.warehouse_id,
                   sum((x.quantity - x.short - x.cancelled) * coalesce(c.units, 1)) AS held
            FROM fulfilments AS f JOIN fulfilment_lines AS x ON x.merchant_id = f.merchant_id AND x.fulfilment_id = f.id
            LEFT JOIN fulfilment_components AS c ON c.merchant_id = x.merchant_id
                  AND c.fulfilment_id = x.fulfilment_id AND c.line_id = x.line_id
            WHERE f.state NOT IN ('shipped', 'rejected', 'cancelled') GROUP BY 1, 2, 3) AS h
          USING (merchant_id, product_id, warehouse_id)
        WHERE l.allocated <> coalesce(h.held, 0)
        """,
    "counters of lines are sums over their fulfilments": """
        SELECT 1 FROM order_lines AS o LEFT JOIN (
            SELECT x.merchant_id, x.line_id,
                   sum(x.quantity - x.short - x.cancelled)
                       FILTER (WHERE f.state NOT IN ('rejected', 'cancelled')) AS allocated,
                   sum(x.picked) FILTER (WHERE f.state NOT IN ('rejected', 'cancelled')) AS picked,
                   sum(x.quantity - x.short - x.cancelled) FILTER (WHERE f.state = 'shipped') AS shipped
            FROM fulfilments AS f JOIN fulfilment_lines AS x ON x.merchant_id = f.merchant_id AND x.fulfilment_id = f.id
            GROUP BY 1, 2) AS h ON h.merchant_id = o.merchant_id AND h.line_id = o.id
        WHERE (o.allocated, o.picked, o.shipped)
              <> (coalesce(h.allocated, 0), coalesce(h.picked, 0), coalesce(h.shipped, 0))
        """,
    "work orders and fulfilments are in step": """
        SELECT 1 FROM fulfilments AS f LEFT JOIN work_orders AS w ON w.account_id = f.operator_id AND w.id = f.id
        WHERE w.id IS NULL OR w.state <> f.state OR w.merchant_id <> f.merchant_id
        """,
    "ended work has no open request": """
        SELECT 1 FROM work_requests AS r JOIN work_orders AS w ON w.account_id = r.account_id AND w.id = r.work_order_id
        WHERE r.state = 'requested' AND w.ended_at IS NOT NULL
        """,
    "requests are the same for merchant and warehouse": """
        SELECT 1 FROM order_requests AS o FULL JOIN work_requests AS w
          ON w.id = o.id AND w.merchant_id = o.merchant_id AND w.work_order_id = o.fulfilment_id
        WHERE (o.state, o.kind, o.asked, o.carried_out) IS DISTINCT FROM (w.state, w.kind, w.asked, w.carried_out)
        """,
    "parcels hold what was shipped": """
        SELECT 1 FROM order_lines AS o LEFT JOIN (
            SELECT merchant_id, line_id, sum(quantity) AS units FROM parcel_contents GROUP BY 1, 2) AS c
          ON c.merchant_id = o.merchant_id AND c.line_id = o.id
        WHERE o.shipped <> coalesce(c.units, 0)
        """,
}


async def broken(worker_works: Works) -> list[str]:
    """The invariants that do not hold."""
    async with worker_works.begin(Platform("test")) as work:
        return [name for name, query in BROKEN.items() if (await work.db.execute(text(query))).first() is not None]
