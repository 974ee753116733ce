"""Whatever merchant and partner do in whatever order, legal or not: the books balance after every step. Some of what
they trade in are kits that share what they are made of."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from fulfilhub.catalogue.commands import change_product
from fulfilhub.catalogue.rules import NewComponent
from fulfilhub.fulfilment.commands.answering import accept as agree
from fulfilhub.fulfilment.commands.answering import refuse, time_out, withdraw
from fulfilhub.fulfilment.commands.changing import change
from fulfilhub.fulfilment.commands.following import follow, take_back_cancelled
from fulfilhub.fulfilment.commands.freeing import CancelLine, adjust_stock, cancel
from fulfilhub.fulfilment.commands.handling import Pick, accept, pick, pick_short
from fulfilhub.fulfilment.commands.holding import hold_order, release_due, release_order
from fulfilhub.fulfilment.commands.packing import PackedParcel, pack
from fulfilhub.fulfilment.commands.policy import set_request_policy
from fulfilhub.fulfilment.commands.refusing import reject, release
from fulfilhub.fulfilment.queries import WorkLine, read_work
from fulfilhub.fulfilment.queries.requests import list_requests
from fulfilhub.fulfilment.rules import RejectReason, ShortPickReason
from fulfilhub.orders.commands import Changes, LineEdit
from fulfilhub.orders.queries import Whole, get_order
from fulfilhub.orders.rules import ChangeState, HoldReason, OnSilence, RefusalReason, RequestPolicy
from fulfilhub.platform.errors import FulfilHubError
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Work, Works
from fulfilhub.shipping.commands.handover import ParcelToShip, ToShip, ship
from tests.fulfilment.desk import Clock, sound
from tests.fulfilment.world import Site, broken, make_site
from tests.orders.telling import HOME

PARTNER = ("accept", "pick", "pick_some", "short", "pack", "reject", "release", "ship")
ANSWERS = ("agree", "refuse")
CHANGES = ("cancel", "cancel_some", "reduce", "move")
MERCHANT = (*CHANGES, *CHANGES, "withdraw", "hold", "unhold", "adjust", "order", "route", "stock", "remake")
JOBS = ("follow", "time_out", "hold_due")
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
    elif verb == "pack":
        whole = await read_work(work, work.account_id, work_id)
        contents = {each.line_id: each.to_ship for each in whole.lines if each.to_ship}
        await pack(work, work_id, lease, [PackedParcel(contents=contents)])
    elif verb == "reject":
        await reject(work, work_id, lease, chance.choice(list(RejectReason)))
    elif verb == "release":
        await release(work, [work_id], lease)
    else:
        parcel = ParcelToShip(carrier="dpd", tracking_number=f"T{work_id.hex}")
        await ship(work, [ToShip(work_id, lease, [parcel])])


async def answer(work: Work, verb: str, chance: random.Random) -> None:
    """The warehouse answers a request, mostly one that is open."""
    every = await list_requests(work, None, 200)
    waiting = [request for request in every if request.state is ChangeState.REQUESTED]
    request = chance.choice(waiting if waiting and chance.random() < 0.8 else every)
    if verb == "agree":
        await agree(work, request.id)
    else:
        await refuse(work, request.id, chance.choice(list(RefusalReason)))


async def merchant_step(
    site: Site, verb: str, chance: random.Random, orders: list[UUID], claimed: Sequence[UUID] = ()
) -> None:
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
            if verb == "adjust":
                product = site.products[chance.choice(["MUG", "CUP"])].id
                await adjust_stock(work, product, place, reason="count", on_hand=chance.randint(0, 6))
            else:
                some = chance.choice(claimed if claimed and chance.random() < 0.7 else orders)
                await order_step(work, verb, chance, await get_order(work, some))


async def order_step(work: Work, verb: str, chance: random.Random, whole: Whole) -> None:
    order_id, some = whole.order.id, chance.choice(list(whole.lines))
    if verb == "cancel":
        await cancel(work, order_id)
    elif verb == "cancel_some":
        await cancel(work, order_id, [CancelLine(some.id, 1)])
    elif verb == "reduce":
        await change(work, order_id, Changes(lines=[LineEdit(line_id=some.id, quantity=chance.randint(0, 2))]))
    elif verb == "move":
        postcode = chance.choice(["YO1 7HH", "HU1 1AA"])
        await change(work, order_id, Changes(ship_to=replace(HOME, postcode=postcode, line1=chance.choice("abc"))))
    elif verb == "withdraw":
        await withdraw(work, order_id, chance.choice(list(whole.requests)).id if whole.requests else order_id)
    elif verb == "hold":
        until = work.now + timedelta(minutes=5) if chance.random() < 0.5 else None
        await hold_order(work, order_id, HoldReason.OTHER, until=until)
    elif verb == "unhold":
        await release_order(work, order_id, chance.choice(list(whole.holds)).id if whole.holds else order_id)
    else:
        await job(work, verb, whole)


async def job(work: Work, verb: str, whole: Whole) -> None:
    """What jobs do when they run: late, early, or twice."""
    if verb == "follow":
        await take_back_cancelled(work, [whole.order.id])
        await follow(work, [whole.order.id])
    elif verb == "time_out":
        for request in whole.requests:
            await time_out(work, whole.order.id, request.id)
    else:
        for hold in whole.holds:
            await release_due(work, whole.order.id, hold.id)


@pytest.mark.parametrize("seed", range(12))
async def test_the_books_balance_after_every_step(
    works: Works, worker_works: Works, settings: Settings, seed: int
) -> None:
    chance = random.Random(seed)
    clock = works.clock = Clock()
    site = await make_site(works, "MUG", "CUP")
    async with works.begin(site.merchant) as work:
        policy = RequestPolicy(answer_minutes=9, on_silence=chance.choice(list(OnSilence)))
        await set_request_policy(work, policy, None)
    orders: list[UUID] = []
    leased: list[Leased] = []
    claimed: list[UUID] = []
    await site.kit("SET", MUG=2, CUP=1)
    await site.kit("PAIR", CUP=2)
    for sku in ("MUG", "CUP"):
        await site.stock(sku, site.leeds, 20)
        await site.stock(sku, site.bristol, 5)
    for _ in range(6):
        await merchant_step(site, "order", chance, orders)
    await site.route(*orders)
    done = 0
    for _ in range(80):
        clock.ahead += timedelta(seconds=chance.choice([0, 0, 30, 120]))
        if chance.random() < 0.25 or not leased:
            lease, rows = await site.claim(chance.choice([site.leeds, site.bristol]), 2)
            leased += [(lease, row.id, line) for row in rows for line in row.lines]
            claimed = [row.order_id for row in rows] or claimed
        try:
            if leased and chance.random() < 0.5:
                async with works.begin(site.partner) as work:
                    await partner_step(work, chance.choice(PARTNER), chance, leased)
            elif chance.random() < 0.3:
                async with works.begin(site.partner) as work:
                    if await list_requests(work, None, 1):
                        await answer(work, chance.choice(ANSWERS), chance)
            else:
                await merchant_step(site, chance.choice(MERCHANT + JOBS), chance, orders, claimed)
            done += 1
        except FulfilHubError:
            continue
        finally:
            assert await broken(worker_works) == []
    assert done > 10
    await sound(worker_works, settings)
