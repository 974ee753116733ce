"""Whatever comes when and how often: one parcel state and one timeline, in the rules and in the database."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from fulfilhub.platform import ids
from fulfilhub.platform.scopes import Merchant, Platform
from fulfilhub.platform.work import Works
from fulfilhub.shipping.commands.scans import ScanTold, record
from fulfilhub.shipping.models import Parcel
from fulfilhub.shipping.queries import list_shipments, parcels_of
from fulfilhub.shipping.queries.scans import list_scans
from fulfilhub.shipping.rules import Scan, TrackingState, state_of
from tests.make.shipped import shipped_order

T0 = datetime(2026, 11, 24, 9, tzinfo=UTC)
WORDS = st.sampled_from(["", "Leeds", "Zürich", "leeds", "At the hub"])

scans = st.builds(
    ScanTold,
    tracking_number=st.just("H01"),
    state=st.sampled_from(TrackingState),
    occurred_at=st.integers(0, 3).map(lambda hours: T0 + timedelta(hours=hours)),
    description=WORDS,
    location=WORDS,
    code=st.sampled_from(["", "7", "DLVD"]),
    signed_by=st.sampled_from(["", "A. Test"]),
    estimated_at=st.none() | st.integers(0, 2).map(lambda days: T0 + timedelta(days=days)),
)


@given(scans, scans, scans)
def test_what_tellers_know_adds_up_whoever_came_first(one: ScanTold, two: ScanTold, three: ScanTold) -> None:
    def beside(scan: ScanTold) -> tuple[object, ...]:
        return scan.description, scan.location, scan.code, scan.signed_by, scan.estimated_at

    assert beside(one.joined(two)) == beside(two.joined(one))
    assert beside(one.joined(two).joined(three)) == beside(one.joined(two.joined(three)))
    assert one.joined(one) == one


async def parcel(worker_works: Works) -> Merchant:
    """A merchant with one parcel, of which only the label is known."""
    made = await shipped_order(worker_works, ids.new(), [1], delivered=False)
    async with worker_works.begin(Platform("test")) as work:
        await work.db.execute(
            update(Parcel)
            .where(Parcel.order_id == made.order_id)
            .values(state="label_created", state_at=T0, tracking_number="H01", tracking_normal="H01")
        )
    return Merchant(made.merchant_id)


Ends = tuple[str, datetime, list[tuple[object, ...]]]


async def ends(works: Works, merchant: Merchant, batches: Sequence[Sequence[ScanTold]]) -> Ends:
    """The parcel's state, since when, and its timeline, after these tellings."""
    for batch in batches:
        async with works.begin(merchant) as work:
            await record(work, batch)
    async with works.begin(merchant) as work:
        (shipment,) = await list_shipments(work, None, 2)
        ((row,),) = (await parcels_of(work, [shipment.id])).values()
        told = await list_scans(work, shipment.id, None, 200)
    kept = [
        (each.occurred_at, each.state, each.description, each.location, each.code, each.signed_by, each.estimated_at)
        for each in told
    ]
    return row.state, row.state_at, sorted(kept, key=lambda each: each[:2])


def cut(told: list[ScanTold], dice: random.Random) -> list[list[ScanTold]]:
    """The same tellings in portions."""
    places = sorted(dice.sample(range(1, len(told)), min(len(told) - 1, dice.randrange(4))))
    return [told[start:end] for start, end in zip([0, *places], [*places, len(told)], strict=True)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(scans, min_size=1, max_size=8), st.integers(0, 2**32), st.lists(st.integers(0, 7), max_size=6))
async def test_any_order_and_any_repetition_end_in_one_state_and_one_timeline(
    works: Works, worker_works: Works, told: list[ScanTold], seed: int, repeats: list[int]
) -> None:
    dice = random.Random(seed)
    shuffled = told + [told[place % len(told)] for place in repeats]
    dice.shuffle(shuffled)
    straight = await ends(works, await parcel(worker_works), [[each] for each in told])
    other = await ends(works, await parcel(worker_works), cut(shuffled, dice))
    assert straight == other
    label = Scan(TrackingState.LABEL_CREATED, T0)
    wanted = state_of([label, *(Scan(each.state, each.occurred_at) for each in told)])
    assert wanted is not None
    assert straight[:2] == (str(wanted.state), wanted.occurred_at)
    assert len(straight[2]) == len({(each.state, each.occurred_at) for each in told}), "each event once"


async def test_no_repeat_brings_back_what_was_erased(works: Works, worker_works: Works) -> None:
    merchant = await parcel(worker_works)
    scan = ScanTold(
        tracking_number="H01", state=TrackingState.DELIVERED, occurred_at=T0, location="Leeds", signed_by="Ada"
    )
    await ends(works, merchant, [[scan]])
    async with worker_works.begin(Platform("test")) as work:
        await work.execute_raw("UPDATE tracking_events SET location = '', signed_by = '', told_by = 'erased'")
    *_, ((*_, location, _code, signed_by, _at),) = await ends(works, merchant, [[scan]])
    assert (location, signed_by) == ("", "")
