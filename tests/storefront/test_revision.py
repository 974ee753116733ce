"""Whatever merchant, warehouse, carrier and customer do: a shop's state of an order never goes back, and what it shows
never changes without a higher revision."""

from __future__ import annotations

import random
from datetime import timedelta
from uuid import UUID

import pytest
from msgspec import structs

from fulfilhub.fulfilment.commands.holding import hold_order
from fulfilhub.fulfilment.commands.policy import set_request_policy
from fulfilhub.fulfilment.queries.requests import list_requests
from fulfilhub.orders.commands import NO_STORE
from fulfilhub.orders.queries import get_orders
from fulfilhub.orders.rules import HoldReason, OnSilence, RequestPolicy
from fulfilhub.platform import ids
from fulfilhub.platform.errors import FulfilHubError
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.work import Works
from fulfilhub.privacy.commands import ERASE
from fulfilhub.privacy.rules import NEVER_NEWER
from fulfilhub.returns.commands import Asked, request
from fulfilhub.shipping.commands.promises import judge_promises
from fulfilhub.shipping.commands.scans import ScanTold, record
from fulfilhub.shipping.rules import TrackingState
from fulfilhub.storefront.queries import order_panel, order_states
from fulfilhub.storefront.rules import OrderPanel
from tests.fulfilment.desk import Clock
from tests.fulfilment.test_any_sequence import (
    ANSWERS,
    JOBS,
    MERCHANT,
    PARTNER,
    Leased,
    answer,
    merchant_step,
    partner_step,
)
from tests.fulfilment.world import Site, make_site
from tests.shipping.test_scans import T0, parcel

SHIPPING = ("accept", "pick", "pack", "ship")


def page(order_id: UUID) -> str:
    return f"https://api.test/t/{ids.ORDER.show(order_id)}"


async def shown(site: Site, orders: list[UUID]) -> dict[str, OrderPanel]:
    """What shops see now of each order: in lists and on its own page the same."""
    async with site.works.reading(site.merchant) as work:
        known = [whole.order.external_id for whole in (await get_orders(work, orders)).values()]
        states = {state.external_id: state for state in await order_states(work, NO_STORE, known, page)}
        panels = {each: await order_panel(work, NO_STORE, each, page) for each in known}
    assert states.keys() == panels.keys()
    for name, panel in panels.items():
        assert {field: getattr(panel, field) for field in states[name].__struct_fields__} == structs.asdict(
            states[name]
        )
    return panels


def check_step(before: dict[str, OrderPanel], after: dict[str, OrderPanel]) -> int:
    """How many orders changed as far as their shop sees."""
    changed = 0
    for name, now in after.items():
        then = before.get(name)
        if then is None:
            continue
        assert now.revision >= then.revision, name
        assert now.updated_at >= then.updated_at, name
        if structs.replace(now, revision=0, updated_at=then.updated_at) != structs.replace(then, revision=0):
            assert now.revision > then.revision, (name, then, now)
            changed += 1
    return changed


async def outside_step(site: Site, chance: random.Random, orders: list[UUID]) -> None:
    """A carrier tells of a parcel, promises are looked at, or a customer asks for a return."""
    what = chance.choice(["scan", "scan", "scan", "judge", "return"])
    async with site.works.begin(site.merchant) as work:
        if what == "judge":
            await judge_promises(work, orders)
        elif what == "scan":
            numbers = [
                row[0]
                for row in await work.fetch_raw(
                    "SELECT tracking_number FROM parcels WHERE merchant_id = $1", work.account_id
                )
            ]
            if numbers:
                at = work.now - timedelta(minutes=chance.randint(0, 3))
                scan = ScanTold(
                    tracking_number=chance.choice(numbers),
                    state=chance.choice([*TrackingState, *[TrackingState.DELIVERED] * 8]),
                    occurred_at=at,
                )
                await record(work, [scan])
        else:
            whole = (await get_orders(work, [chance.choice(orders)])).popitem()[1]
            back = [line for line in whole.lines if line.delivered > line.return_requested]
            if back:
                await request(work, whole.order.id, [Asked(line_id=back[0].id, quantity=1)])


@pytest.mark.parametrize("seed", range(8))
async def test_a_state_never_goes_back_nor_changes_unseen(works: Works, worker_works: Works, seed: int) -> None:
    chance = random.Random(seed)
    clock = works.clock = Clock()
    site = await make_site(works, "MUG", "CUP")
    async with works.begin(site.merchant) as work:
        await set_request_policy(work, RequestPolicy(answer_minutes=9, on_silence=OnSilence.ACCEPT), None)
    await site.kit("SET", MUG=2, CUP=1)
    await site.kit("PAIR", CUP=2)
    for sku in ("MUG", "CUP"):
        await site.stock(sku, site.leeds, 30)
    orders: list[UUID] = []
    leased: list[Leased] = []
    for _ in range(6):
        await merchant_step(site, "order", chance, orders)
    await site.route(*orders)
    seen, changes = await shown(site, orders), 0
    for _ in range(70):
        clock.ahead += timedelta(seconds=chance.choice([0, 30, 120, 40_000]))
        try:
            dice = chance.random()
            if dice < 0.35:
                lease, rows = await site.claim(chance.choice([site.leeds, site.bristol]), 2)
                leased += [(lease, row.id, line) for row in rows for line in row.lines]
                mine = [each for each in leased if rows and each[1] == rows[0].id]
                for verb in SHIPPING if rows and chance.random() < 0.6 else [chance.choice(PARTNER)]:
                    async with works.begin(site.partner) as work:
                        await partner_step(work, verb, chance, mine or leased)
            elif dice < 0.45:
                async with works.begin(site.partner) as work:
                    if await list_requests(work, None, 1):
                        await answer(work, chance.choice(ANSWERS), chance)
            elif dice < 0.7:
                await outside_step(site, chance, orders)
            else:
                await merchant_step(site, chance.choice(MERCHANT + JOBS), chance, orders)
        except (FulfilHubError, IndexError):
            continue
        finally:
            now = await shown(site, orders)
            changes += check_step(seen, now)
            seen = now
    assert changes > 8


async def test_erasing_a_customer_is_a_change_too(works: Works, worker_works: Works) -> None:
    """Notes of holds are gone from the shop's page, and its copy is told to go as well."""
    site = await make_site(works)
    order_id = await site.order()
    async with works.begin(site.merchant) as work:
        await hold_order(work, order_id, HoldReason.OTHER, "Ring Ada")
    before = await shown(site, [order_id])
    async with worker_works.begin(Platform("test")) as work:
        merchant = site.merchant.account_id
        await work.execute_raw(ERASE["orders"], merchant, [order_id], NEVER_NEWER, work.now)
        await work.execute_raw(ERASE["holds"], merchant, [order_id])
    after = await shown(site, [order_id])
    assert check_step(before, after) == 1
    assert "Ring" not in str(after)


async def test_a_delivery_that_turns_out_to_be_earlier_is_a_change(works: Works, worker_works: Works) -> None:
    merchant = await parcel(worker_works)
    seen: list[tuple[int, object]] = []
    for hours in (3, 1, 2):
        async with works.begin(merchant) as work:
            at = T0 + timedelta(hours=hours)
            await record(work, [ScanTold(tracking_number="H01", state=TrackingState.DELIVERED, occurred_at=at)])
        async with works.reading(merchant) as work:
            (state,) = await order_states(work, NO_STORE, ["1001"], page)
        seen.append((state.revision, state.shipments[0].parcels[0].delivered_at))
    (first, late), (second, early), (third, last) = seen
    assert (late, early, last) == (T0 + timedelta(hours=3), T0 + timedelta(hours=1), T0 + timedelta(hours=1))
    assert first < second == third
