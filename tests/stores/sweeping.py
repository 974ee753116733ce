"""Sweeping by hand: begins runs as the clock or a merchant would, and runs their tickets to the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import text

from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.settings import SweepSettings
from fulfilhub.platform.work import Works
from fulfilhub.stores import queries
from fulfilhub.stores.commands import sweeping
from fulfilhub.stores.queries import Figures, LateRow, SweepRow
from fulfilhub.stores.schemas.completeness import Completeness, completeness_out
from tests.stores.conftest import Connected, Hand

FIGURES = SweepSettings()
KINDS = ("stores.sweep", "stores.ask_gaps", "stores.read_orders", "stores.backfill")


async def work_off(hand: Hand) -> int:
    """Run every ticket about a store that is due, until none is left; how many rounds it took."""
    for rounds in range(1000):
        kinds = [kind for kind in KINDS if await due(hand, kind)]
        for kind in kinds:
            await hand.run(kind)
        if not kinds:
            return rounds
    raise AssertionError("There is no end to it.")


async def due(hand: Hand, kind: str) -> bool:
    """Whether a ticket of this kind is due."""
    async with hand.works.begin(Platform("test")) as work:
        found = await work.db.execute(
            text("SELECT count(*) FROM jobs WHERE kind = :kind AND state = 'ready' AND due_at <= :now"),
            {"kind": kind, "now": work.now},
        )
        return bool(found.scalar_one())


async def begin(works: Works, connected: Connected, figures: SweepSettings = FIGURES) -> None:
    """A merchant asks for a sweep."""
    async with works.begin(connected.merchant) as work:
        await sweeping.sweep_now(work, connected.store_id, figures)


async def sweep(works: Works, connected: Connected, hand: Hand) -> None:
    """A whole sweep, and the reading of all that it found."""
    await begin(works, connected)
    await work_off(hand)


async def clock_strikes(hand: Hand, after: timedelta = timedelta()) -> int:
    """The clock begins the sweeps that are due when so much time has passed; how many."""
    late = Works(hand.works.engine, hand.works._wiring, clock=lambda: hand.works.clock() + after)
    async with late.begin(Platform("test")) as work:
        begun = await sweeping.begin_due(work, FIGURES)
        for merchant_id, store_id, run_id in begun:
            await work.enqueue_for(merchant_id, sweeping.PAGE, {"store_id": store_id, "run_id": run_id})
    return len(begun)


def at(hand: Hand, after: timedelta) -> Hand:
    """The same worker at a later time."""
    late = Works(hand.works.engine, hand.works._wiring, clock=lambda: hand.works.clock() + after)
    return Hand(late, replace(hand.runner, works=late))


async def standing(works: Works, connected: Connected) -> SweepRow:
    async with works.begin(connected.merchant) as work:
        row = await queries.sweep_of(work, connected.store_id)
    assert row is not None
    return row


async def figures(works: Works, connected: Connected) -> Figures:
    async with works.begin(connected.merchant) as work:
        return await queries.figures(work, connected.store_id)


async def told(works: Works, connected: Connected, now: datetime | None = None) -> Completeness:
    """What the API says."""
    async with works.begin(connected.merchant) as work:
        store = await queries.get_store(work, connected.store_id)
        row = await queries.sweep_of(work, connected.store_id)
        assert row is not None
        found = await queries.figures(work, connected.store_id)
        held = await queries.held_by(work, connected.store_id)
        return completeness_out(store, row, found, held, timedelta(seconds=FIGURES.interval), now or work.now)


async def late(works: Works, connected: Connected) -> list[LateRow]:
    async with works.begin(connected.merchant) as work:
        return await queries.list_late(work, connected.store_id, None, 500)


async def orders(works: Works, connected: Connected) -> Sequence[tuple[str, str, str]]:
    """(external id, status, store's state) of the merchant's orders."""
    async with works.begin(connected.merchant) as work:
        rows = await work.db.execute(text("SELECT external_id, status, store_state FROM orders ORDER BY external_id"))
        return [(row.external_id, row.status, row.store_state) for row in rows]
