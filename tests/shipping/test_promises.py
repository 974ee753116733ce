"""Promises kept and broken on the real database: decided once, however often told, and warned of in time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from fulfilhub.auditing import CHECKS
from fulfilhub.fulfilment.commands.freeing import cancel
from fulfilhub.fulfilment.commands.holding import hold_order, release_order
from fulfilhub.fulfilment.commands.refusing import reject
from fulfilhub.fulfilment.rules import RejectReason
from fulfilhub.orders.queries import Filters, get_order, list_orders
from fulfilhub.orders.rules import HoldReason, PromiseState
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Invalid
from fulfilhub.platform.jobs.runner import Runner
from fulfilhub.platform.scopes import Merchant, Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.shipping import queries
from fulfilhub.shipping.commands.handover import ParcelToShip, Shipped, ToShip, ship
from fulfilhub.shipping.commands.promises import judge_promises
from fulfilhub.shipping.commands.scans import ScanTold, record
from fulfilhub.shipping.rules import TrackingState
from fulfilhub.shipping.schemas import promise_days
from fulfilhub.wiring import HEARD_BY, load_tasks
from tests.fulfilment.world import Site, make_site
from tests.orders.telling import told_types

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
"""Ready then: leaves by the end of Tuesday, arrives by the end of Thursday."""
TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (MONDAY + timedelta(days=days) for days in range(1, 5))


@dataclass(slots=True)
class Story:
    """A site whose time is told by the test. `worker` has the worker's login."""

    site: Site
    worker: Works
    now: list[datetime]

    def at(self, moment: datetime) -> None:
        self.now[0] = moment

    async def ordered(self, external_id: str = "o-1", units: int = 2) -> UUID:
        """An order that was routed."""
        order_id = await self.site.order(external_id, ("MUG", units))
        await self.site.route(order_id)
        return order_id

    async def shipped(self, order_id: UUID, number: str = "RM1") -> None:
        """What is queued of the order leaves."""
        works = self.site.works
        lease, rows = await self.site.claim(self.site.leeds)
        (row,) = [row for row in rows if row.order_id == order_id]
        async with works.begin(self.site.partner) as work:
            parcel = ParcelToShip(carrier="royal_mail", tracking_number=number)
            (verdict,) = await ship(work, [ToShip(row.id, lease, [parcel])])
        assert isinstance(verdict, Shipped), verdict

    async def scan(self, state: TrackingState, at: datetime, number: str = "RM1") -> None:
        """A carrier tells, now, what happened then."""
        async with self.site.works.begin(self.site.merchant) as work:
            await record(work, [ScanTold(tracking_number=number, state=state, occurred_at=at)])

    async def look(self, *order_ids: UUID) -> None:
        """What the job does."""
        async with self.site.works.begin(self.site.merchant) as work:
            await judge_promises(work, order_ids)

    async def verdicts(self, order_id: UUID) -> list[tuple[str, str, str | None]]:
        async with self.site.works.begin(self.site.merchant) as work:
            return [(row.stage, row.outcome, row.cause) for row in await queries.verdicts_of(work, order_id)]

    async def stands(self, order_id: UUID) -> tuple[str, str | None]:
        async with self.site.works.begin(self.site.merchant) as work:
            promise = (await get_order(work, order_id)).promise
        assert promise is not None
        return promise.state, promise.cause

    async def told(self, order_id: UUID) -> list[str]:
        """The facts about the promise on the order's timeline."""
        async with self.site.works.begin(self.site.merchant) as work:
            return [each for each in await told_types(work, order_id) if "promise" in each]

    async def breaks(self) -> list[str]:
        """What the audit finds wrong with promises."""
        found = []
        async with self.worker.begin(Platform("test")) as work:
            for name, query in CHECKS.items():
                if "promise" in name:
                    found += [str(row[0]) for row in await work.db.execute(text(query))]
        return found


@pytest.fixture
async def story(works: Works, worker_works: Works) -> Story:
    """Mugs in Leeds on a Monday morning."""
    now = [MONDAY]
    then = Works(works.engine, HEARD_BY, clock=lambda: now[0])
    site = await make_site(then)
    await site.stock("MUG", site.leeds, 100)
    return Story(site, Works(worker_works.engine, HEARD_BY, clock=lambda: now[0]), now)


async def test_a_promise_that_is_kept(story: Story) -> None:
    order = await story.ordered()
    assert await story.stands(order) == ("on_track", None)
    story.at(TUESDAY)
    await story.shipped(order)
    await story.look(order)
    assert await story.verdicts(order) == [("ship", "kept", None)]
    assert await story.stands(order) == ("on_track", None)
    story.at(THURSDAY)
    await story.scan(TrackingState.DELIVERED, THURSDAY - timedelta(minutes=5))
    for _ in range(2):
        await story.look(order)
    assert await story.verdicts(order) == [("ship", "kept", None), ("deliver", "kept", None)]
    assert await story.stands(order) == ("kept", None)
    assert await story.told(order) == ["order.promise_kept", "order.promise_kept"]
    assert await story.breaks() == []


async def test_a_scan_that_comes_late_counts_by_the_carriers_own_time(story: Story) -> None:
    order = await story.ordered()
    story.at(TUESDAY)
    await story.shipped(order)
    story.at(FRIDAY)
    await story.look(order)
    assert await story.stands(order) == ("at_risk", None)
    await story.scan(TrackingState.DELIVERED, THURSDAY)
    await story.look(order)
    assert await story.stands(order) == ("kept", None)


async def test_what_was_decided_stays_whatever_is_told_later(story: Story) -> None:
    order = await story.ordered()
    story.at(TUESDAY)
    await story.shipped(order)
    story.at(THURSDAY + timedelta(days=3))
    await story.look(order)
    assert await story.verdicts(order) == [("ship", "kept", None), ("deliver", "broken", "carrier")]
    before = await story.told(order)
    await story.scan(TrackingState.DELIVERED, THURSDAY)
    await story.look(order)
    assert await story.stands(order) == ("broken", "carrier")
    assert await story.told(order) == before == ["order.promise_kept", "order.promise_broken"]
    assert await story.breaks() == []


async def test_delivered_told_four_times_at_once_decides_once(story: Story) -> None:
    order = await story.ordered()
    await story.shipped(order)
    story.at(WEDNESDAY)

    async def tell() -> None:
        await story.scan(TrackingState.DELIVERED, WEDNESDAY)
        await story.look(order)

    await asyncio.gather(*(tell() for _ in range(4)))
    assert await story.verdicts(order) == [("ship", "kept", None), ("deliver", "kept", None)]
    assert await story.told(order) == ["order.promise_kept", "order.promise_kept"]


@pytest.mark.parametrize(
    ("reason", "ship"),
    [
        (HoldReason.AWAITING_CONFIRMATION, ("ship", "excused", "merchant")),
        (HoldReason.CUSTOMER_REQUEST, ("ship", "excused", "customer")),
        (HoldReason.OUT_OF_STOCK, ("ship", "broken", "site")),
    ],
)
async def test_the_clock_stands_still_while_an_order_is_held(
    story: Story, reason: HoldReason, ship: tuple[str, str, str]
) -> None:
    order = await story.ordered()
    async with story.site.works.begin(story.site.merchant) as work:
        hold = await hold_order(work, order, reason)
    story.at(WEDNESDAY)
    async with story.site.works.begin(story.site.merchant) as work:
        await release_order(work, order, hold)
    story.at(THURSDAY)
    await story.shipped(order)
    await story.look(order)
    assert await story.verdicts(order) == [ship]


async def test_an_order_that_nobody_ships_is_at_risk_and_then_broken_by_the_site(story: Story) -> None:
    order = await story.ordered()
    story.at(TUESDAY.replace(hour=16))
    for _ in range(2):
        await story.look(order)
    assert await story.stands(order) == ("at_risk", None)
    assert await story.told(order) == ["order.promise_at_risk"]
    async with story.site.works.begin(story.site.merchant) as work:
        at_risk = await list_orders(work, None, 10, Filters(promise=PromiseState.AT_RISK))
        on_track = await list_orders(work, None, 10, Filters(promise=PromiseState.ON_TRACK))
    assert ([row.id for row in at_risk], on_track) == ([order], [])
    story.at(WEDNESDAY)
    await story.look(order)
    assert await story.verdicts(order) == [("ship", "broken", "site")]
    assert await story.stands(order) == ("at_risk", "site")
    story.at(FRIDAY)
    await story.look(order)
    assert await story.stands(order) == ("broken", "site")
    assert await story.told(order) == ["order.promise_at_risk", "order.promise_broken", "order.promise_broken"]
    assert await story.breaks() == []


async def test_what_waits_for_stock_is_the_merchants_doing_unless_a_warehouse_had_said_it_had_it(story: Story) -> None:
    waits, refused = await story.ordered("o-1"), await story.ordered("o-2")
    lease, rows = await story.site.claim(story.site.leeds)
    for row in rows:
        reason = RejectReason.INVALID_SKU if row.order_id == waits else RejectReason.OUT_OF_STOCK
        async with story.site.works.begin(story.site.partner) as work:
            await reject(work, row.id, lease, reason)
    await story.site.route(waits, refused)
    story.at(WEDNESDAY)
    await story.look(waits, refused)
    assert await story.verdicts(waits) == [("ship", "broken", "merchant")]
    assert await story.verdicts(refused) == [("ship", "broken", "site")]


async def test_a_parcel_that_was_refused_is_the_customers_doing(story: Story) -> None:
    order = await story.ordered()
    story.at(TUESDAY)
    await story.shipped(order)
    story.at(WEDNESDAY)
    await story.scan(TrackingState.RETURNING, WEDNESDAY)
    story.at(THURSDAY + timedelta(days=3))
    await story.look(order)
    assert await story.verdicts(order) == [("ship", "kept", None), ("deliver", "broken", "customer")]


async def test_a_cancelled_order_is_excused_and_tells_no_more(story: Story) -> None:
    order = await story.ordered()
    async with story.site.works.begin(story.site.merchant) as work:
        await cancel(work, order)
    await story.look(order)
    assert await story.verdicts(order) == [("ship", "excused", "merchant"), ("deliver", "excused", "merchant")]
    assert await story.told(order) == []
    assert await story.breaks() == []


async def test_facts_and_time_bring_the_job_that_decides(story: Story, settings: Settings, vault: Vault) -> None:
    """From the schedule and from shipping's own facts, through the runner; repeated runs change nothing."""
    load_tasks()
    runner = Runner(story.worker, settings, vault, httpx.AsyncClient())
    late, kept = await story.ordered("o-1"), await story.ordered("o-2")
    await story.shipped(kept)

    async def run(kind: str) -> int:
        async with story.worker.begin(Platform("test")) as work:
            rows = await work.fetch_raw("SELECT account_id, id FROM jobs WHERE kind = $1", kind)
        for row in rows:
            await runner.run(kind, row["account_id"], [row["id"]])
        return len(rows)

    assert await run("shipping.judge_promises") == 1
    assert await story.verdicts(kept) == [("ship", "kept", None)]
    assert await story.verdicts(late) == []
    story.at(WEDNESDAY)
    for expected in (1, 0):
        async with story.worker.begin(Platform("test")) as work:
            await work.enqueue_for(UUID(int=0), "shipping.watch_promises", {})
        assert await run("shipping.watch_promises") == 1
        assert await run("shipping.judge_promises") == expected
    assert await story.verdicts(late) == [("ship", "broken", "site")]
    assert await story.breaks() == []


async def test_the_audit_names_a_promise_that_nobody_decides(story: Story) -> None:
    order = await story.ordered()
    async with story.site.works.begin(story.site.merchant) as work:
        await cancel(work, order)
    async with story.worker.begin(Platform("test")) as work:
        await work.db.execute(text("DELETE FROM jobs WHERE kind = 'shipping.judge_promises'"))
        await work.db.execute(text("UPDATE order_promises SET look_at = '2026-01-01'"))
    assert await story.breaks() == [f"order {order}: 0 verdicts"]
    async with story.worker.begin(Platform("test")) as work:
        await work.db.execute(text("UPDATE order_promises SET look_at = NULL"))
    assert len(await story.breaks()) == 2


@pytest.mark.parametrize("statement", ["UPDATE promise_verdicts SET outcome = 'kept'", "DELETE FROM promise_verdicts"])
async def test_no_merchant_rewrites_a_verdict(works: Works, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with works.begin(Merchant(ids.new())) as work:
            await work.db.execute(text(statement))


async def test_the_summary_counts_by_month_warehouse_service_stage_and_cause(story: Story) -> None:
    kept, broken, cancelled = [await story.ordered(f"o-{place}") for place in range(3)]
    async with story.site.works.begin(story.site.merchant) as work:
        await cancel(work, cancelled)
    await story.shipped(kept, "RM1")
    story.at(WEDNESDAY)
    await story.scan(TrackingState.DELIVERED, WEDNESDAY)
    story.at(FRIDAY)
    await story.look(kept, broken, cancelled)
    async with story.site.works.begin(story.site.merchant) as work:
        rows = await queries.promise_sums(work, *promise_days(date(2026, 11, 1), date(2026, 12, 1)))
        assert await queries.promise_sums(work, *promise_days(date(2026, 10, 1), date(2026, 11, 1))) == []
    assert [(row.month.month, row.warehouse_id, row.service, row.stage) for row in rows] == [
        (11, story.site.leeds, "standard", stage) for stage in ("ship", "deliver")
    ]
    assert [(row.kept, row.excused, row.site, row.carrier, row.merchant, row.customer) for row in rows] == [
        (1, 1, 1, 0, 0, 0)
    ] * 2


@pytest.mark.parametrize("days", [0, -1, 401])
def test_a_summary_over_no_time_or_too_much_is_refused(days: int) -> None:
    with pytest.raises(Invalid):
        promise_days(date(2026, 1, 1), date(2026, 1, 1) + timedelta(days=days))
