"""Whatever merchant and partner do in whatever order, legal or not: the books balance after every step. Some of what
they trade in are kits that share what they are made of."""

from __future__ import annotations

import random
from uuid import UUID

import pytest

from fulfilhub.auditing import CHECKS, audit
from fulfilhub.catalogue.commands import change_product
from fulfilhub.catalogue.rules import NewComponent
from fulfilhub.fulfilment.commands.freeing import adjust_stock, cancel
from fulfilhub.fulfilment.commands.handling import Pick, accept, pick, pick_short
from fulfilhub.fulfilment.commands.holding import hold_order
from fulfilhub.fulfilment.commands.refusing import reject, release
from fulfilhub.fulfilment.queries import WorkLine
from fulfilhub.fulfilment.rules import RejectReason, ShortPickReason
from fulfilhub.orders.rules import HoldReason
from fulfilhub.platform.errors import FulfilHubError
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Work, Works
from fulfilhub.shipping.commands.handover import ParcelToShip, ToShip, ship
from tests.fulfilment.world import Site, broken, make_site

BOOKS = [name for name in CHECKS if "ticket" not in name and "numbered" not in name]
"""Without workers and a relay, tickets wait and events are not numbered."""
PARTNER = ("accept", "pick", "pick_some", "short", "reject", "release", "ship")
MERCHANT = ("cancel", "hold", "adjust", "order", "route", "stock", "remake")
Leased = tuple[UUID, UUID, WorkLine]


async def partner_step(work: Work, verb: str, chance: random.Random, leased: list[Leased]) -> None:
    lease, work_id, row = chance.choice(leased)
    line, part = row.line_id, chance.choice([None, *row.made_of])
    if verb == "accept":
        await accept(work, work_id, lease)
    elif verb == "pick":
        await pick(work, work_id, lease, None)
    elif verb == "pick_some":
        await pick(work, work_id, lease, [Pick(line, chance.randint(0, 3))])
    elif verb == "short":
        await pick_short(work, work_id, lease, line, chance.randint(0, 5), chance.choice(list(ShortPickReason)), part)
    elif verb == "reject":
        await reject(work, work_id, lease, chance.choice(list(RejectReason)))
    elif verb == "release":
        await release(work, [work_id], lease)
    else:
        parcel = ParcelToShip(carrier="dpd", tracking_number=f"T{work_id.hex}")
        await ship(work, [ToShip(work_id, lease, [parcel])])


async def merchant_step(site: Site, verb: str, chance: random.Random, orders: list[UUID]) -> None:
    place = chance.choice([site.leeds, site.bristol])
    if verb == "order":
        bought = [(sku, chance.randint(1, 3)) for sku in chance.sample(["MUG", "CUP", "SET", "PAIR"], 2)]
        orders.append(await site.order(f"o-{len(orders)}", *bought))
    elif verb == "route":
        await site.route(*orders)
    elif verb == "remake":
        made_of = {"MUG": chance.randint(1, 3), **({"CUP": 1} if chance.random() < 0.5 else {})}
        async with site.works.begin(site.merchant) as work:
            components = tuple(NewComponent(units=units, sku=sku) for sku, units in made_of.items())
            await change_product(work, site.products["SET"].id, {"components": components})
    elif verb == "stock":
        await site.stock(chance.choice(["MUG", "CUP"]), place, chance.randint(1, 5))
    else:
        async with site.works.begin(site.merchant) as work:
            if verb == "cancel":
                await cancel(work, chance.choice(orders))
            elif verb == "hold":
                await hold_order(work, chance.choice(orders), HoldReason.OTHER)
            else:
                product = site.products[chance.choice(["MUG", "CUP"])].id
                await adjust_stock(work, product, place, reason="count", on_hand=chance.randint(0, 6))


@pytest.mark.parametrize("seed", range(6))
async def test_the_books_balance_after_every_step(
    works: Works, worker_works: Works, settings: Settings, seed: int
) -> None:
    chance = random.Random(seed)
    site = await make_site(works, "MUG", "CUP")
    orders: list[UUID] = []
    leased: list[Leased] = []
    await site.kit("SET", MUG=2, CUP=1)
    await site.kit("PAIR", CUP=2)
    for sku in ("MUG", "CUP"):
        await site.stock(sku, site.leeds, 20)
        await site.stock(sku, site.bristol, 5)
    for _ in range(6):
        await merchant_step(site, "order", chance, orders)
    await site.route(*orders)
    done = 0
    for _ in range(60):
        if chance.random() < 0.25 or not leased:
            lease, rows = await site.claim(chance.choice([site.leeds, site.bristol]), 2)
            leased += [(lease, row.id, line) for row in rows for line in row.lines]
        try:
            if leased and chance.random() < 0.65:
                async with works.begin(site.partner) as work:
                    await partner_step(work, chance.choice(PARTNER), chance, leased)
            else:
                await merchant_step(site, chance.choice(MERCHANT), chance, orders)
            done += 1
        except FulfilHubError:
            continue
        finally:
            assert await broken(worker_works) == []
    assert done > 10
    assert [check for check in (await audit(settings)).checks if check.breaks and check.name in BOOKS] == []
