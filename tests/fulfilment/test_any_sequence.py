"""Whatever merchant and partner do in whatever order, legal or not: the books balance after every step."""

from __future__ import annotations

import random
from uuid import UUID

import pytest

from fulfilhub.fulfilment.commands.freeing import adjust_stock, cancel
from fulfilhub.fulfilment.commands.handling import Pick, accept, pick, pick_short
from fulfilhub.fulfilment.commands.holding import hold_order
from fulfilhub.fulfilment.commands.refusing import reject, release
from fulfilhub.fulfilment.rules import RejectReason, ShortPickReason
from fulfilhub.orders.rules import HoldReason
from fulfilhub.platform.errors import FulfilHubError
from fulfilhub.platform.work import Work, Works
from fulfilhub.shipping.commands.handover import ParcelToShip, ToShip, ship
from tests.fulfilment.world import Site, broken, make_site

PARTNER = ("accept", "pick", "pick_some", "short", "reject", "release", "ship")
MERCHANT = ("cancel", "hold", "adjust", "order", "route", "stock")


async def partner_step(work: Work, verb: str, chance: random.Random, leased: list[tuple[UUID, UUID, UUID]]) -> None:
    lease, work_id, line = chance.choice(leased)
    if verb == "accept":
        await accept(work, work_id, lease)
    elif verb == "pick":
        await pick(work, work_id, lease, None)
    elif verb == "pick_some":
        await pick(work, work_id, lease, [Pick(line, chance.randint(0, 3))])
    elif verb == "short":
        await pick_short(work, work_id, lease, line, chance.randint(0, 2), chance.choice(list(ShortPickReason)))
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
        orders.append(await site.order(f"o-{len(orders)}", ("MUG", chance.randint(1, 3)), ("CUP", 1)))
    elif verb == "route":
        await site.route(*orders)
    elif verb == "stock":
        await site.stock(chance.choice(["MUG", "CUP"]), place, chance.randint(1, 5))
    else:
        async with site.works.begin(site.merchant) as work:
            if verb == "cancel":
                await cancel(work, chance.choice(orders))
            elif verb == "hold":
                await hold_order(work, chance.choice(orders), HoldReason.OTHER)
            else:
                product = site.products["MUG"].id
                await adjust_stock(work, product, place, reason="count", on_hand=chance.randint(0, 6))


@pytest.mark.parametrize("seed", range(6))
async def test_the_books_balance_after_every_step(works: Works, worker_works: Works, seed: int) -> None:
    chance = random.Random(seed)
    site = await make_site(works, "MUG", "CUP")
    orders: list[UUID] = []
    leased: list[tuple[UUID, UUID, UUID]] = []
    for sku in ("MUG", "CUP"):
        await site.stock(sku, site.leeds, 10)
    for _ in range(6):
        await merchant_step(site, "order", chance, orders)
    await site.route(*orders)
    done = 0
    for _ in range(60):
        if chance.random() < 0.25 or not leased:
            lease, rows = await site.claim(chance.choice([site.leeds, site.bristol]), 2)
            leased += [(lease, row.id, line.line_id) for row in rows for line in row.lines]
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
