"""Carriers' scans: kept once each, and a parcel moved on by the strongest of them, never backwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from fulfilhub.orders.commands import LineChange, count
from fulfilhub.orders.queries import LockedOrder, lock_orders
from fulfilhub.platform import ids
from fulfilhub.platform.errors import FieldError, FulfilHubError, Invalid, NotFound
from fulfilhub.platform.scopes import Merchant
from fulfilhub.platform.work import Work
from fulfilhub.shipping import queries
from fulfilhub.shipping.events import OrderDelivered, ParcelAdvanced
from fulfilhub.shipping.queries.scans import Told, parcels_by_number, parcels_handed_over
from fulfilhub.shipping.rules import Scan, TrackingState, advance, is_on_time, normalise_number

AHEAD = timedelta(hours=24)
"""A scan may seem to lie this far ahead (carriers' clocks and time zones); a later one is a mistake."""

ERASED = "erased"
"""Who told a scan whose words were erased at the customer's request: no repeat brings them back."""

# Of what two tellers say beside the same scan the greater counts, so that it does not matter who came first.
GREATER = ", ".join(
    [
        *(
            f'{name} = greatest(t.{name} COLLATE "C", excluded.{name} COLLATE "C")'
            for name in ("description", "location", "code", "signed_by")
        ),
        "estimated_at = greatest(t.estimated_at, excluded.estimated_at)",
    ]
)
INSERT = (
    """
INSERT INTO tracking_events AS t (merchant_id, id, parcel_id, state, occurred_at, received_at, description, location,
                                  code, signed_by, estimated_at, told_by)
SELECT $1, e.id, e.parcel_id, e.state, e.occurred_at, $2, e.description, e.location, e.code, e.signed_by,
       e.estimated_at, e.told_by
FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::timestamptz[], $7::text[], $8::text[], $9::text[], $10::text[],
            $11::timestamptz[], $12::text[])
     AS e (id, parcel_id, state, occurred_at, description, location, code, signed_by, estimated_at, told_by)
ON CONFLICT (merchant_id, parcel_id, occurred_at, state) DO UPDATE
SET """
    + GREATER
    + f"""
WHERE t.told_by <> '{ERASED}'
RETURNING t.id
"""
)
ADVANCE = """
UPDATE parcels AS p SET state = a.state, state_at = a.state_at, version = p.version + 1, updated_at = $2
FROM unnest($3::uuid[], $4::text[], $5::timestamptz[]) AS a (id, state, state_at)
WHERE p.merchant_id = $1 AND p.id = a.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanTold:
    """One scan as a carrier tells it; `occurred_at` is the carrier's time, aware. `code` is the carrier's own word for
    it, `signed_by` who took the parcel, `estimated_at` when it is expected. `told_by`: who told it, where that is not
    the scope's actor."""

    tracking_number: str
    state: TrackingState
    occurred_at: datetime
    description: str = ""
    location: str = ""
    code: str = ""
    signed_by: str = ""
    estimated_at: datetime | None = None
    told_by: str = ""

    def joined(self, other: ScanTold) -> ScanTold:
        """This scan with what another telling of it knows more, the same whichever of the two came first."""
        estimates = [each for each in (self.estimated_at, other.estimated_at) if each is not None]
        return replace(
            self,
            description=max(self.description, other.description),
            location=max(self.location, other.location),
            code=max(self.code, other.code),
            signed_by=max(self.signed_by, other.signed_by),
            estimated_at=max(estimates, default=None),
        )


@dataclass(frozen=True, slots=True)
class Recorded:
    """The verdict on a scan: which parcels it is about, their state after the whole batch, whether it was new."""

    parcel_ids: tuple[UUID, ...]
    state: TrackingState
    repeated: bool


Verdict = Recorded | FulfilHubError
_Known = Mapping[str, Sequence[Told]]


async def record(work: Work, scans: Sequence[ScanTold]) -> list[Verdict]:
    """Keep scans of parcels that the scope's account may speak of: a merchant's own, or those that an operator
    handed over. Gives a verdict per scan, in their order: `Recorded`, or NotFound or Invalid."""
    numbers = {normalise_number(scan.tracking_number) for scan in scans}
    if isinstance(work.scope, Merchant):
        known: _Known = await parcels_by_number(work, numbers)
    else:
        known = await parcels_handed_over(work, numbers)
    verdicts: dict[int, Verdict] = {}
    for place, scan in enumerate(scans):
        error = _refused(work, scan, known)
        if error is not None:
            verdicts[place] = error
    merchants = sorted({told.merchant_id for each in known.values() for told in each})
    for merchant_id in merchants:
        mine = {
            place: (scan, [told.parcel_id for told in known[number] if told.merchant_id == merchant_id])
            for place, scan in enumerate(scans)
            if place not in verdicts
            and known[number := normalise_number(scan.tracking_number)][0].merchant_id == merchant_id
        }
        if not mine:
            continue
        if isinstance(work.scope, Merchant):
            verdicts |= await _record_for(work, mine)
        else:
            async with work.act_for(merchant_id):
                verdicts |= await _record_for(work, mine)
    return [verdicts[place] for place in range(len(scans))]


def _refused(work: Work, scan: ScanTold, known: _Known) -> FulfilHubError | None:
    if scan.occurred_at > work.now + AHEAD:
        detail = "Lies in the future: send the carrier's own time with its offset."
        return Invalid(detail, fields=[FieldError("/occurred_at", detail)])
    if normalise_number(scan.tracking_number) not in known:
        return NotFound(f"No parcel of yours has the tracking number {scan.tracking_number!r}.")
    return None


async def _record_for(work: Work, scans: Mapping[int, tuple[ScanTold, list[UUID]]]) -> dict[int, Verdict]:
    parcel_ids = sorted({parcel_id for _, each in scans.values() for parcel_id in each})
    orders = {order.id: order for order in await lock_orders(work, await queries.orders_of(work, parcel_ids))}
    parcels = await queries.lock_parcels(work, parcel_ids)
    fresh = await _keep(work, scans)
    now = {parcel_id: parcel.scan for parcel_id, parcel in parcels.items()}
    for scan, each in scans.values():
        for parcel_id in each:
            now[parcel_id] = advance(now[parcel_id], Scan(scan.state, scan.occurred_at))
    changed = {parcel_id: scan for parcel_id, scan in now.items() if scan != parcels[parcel_id].scan}
    if changed:
        await _advance(work, parcels, changed, orders)
    return {
        place: Recorded(tuple(each), now[each[0]].state, repeated=place not in fresh)
        for place, (_, each) in scans.items()
    }


async def _keep(work: Work, scans: Mapping[int, tuple[ScanTold, list[UUID]]]) -> set[int]:
    """Writes the scans; gives the places of those that had not been told before."""
    rows: dict[tuple[UUID, datetime, TrackingState], tuple[UUID, int, ScanTold]] = {}
    for place, (scan, each) in scans.items():
        for parcel_id in each:
            key = (parcel_id, scan.occurred_at, scan.state)
            row_id, first, before = rows.get(key, (ids.new(), place, scan))
            rows[key] = row_id, first, before.joined(scan)
    told = [scan for *_, scan in rows.values()]
    kept = await work.fetch_raw(
        INSERT,
        work.account_id,
        work.now,
        [row_id for row_id, *_ in rows.values()],
        [parcel_id for parcel_id, *_ in rows],
        *columns(told),
        [scan.told_by or work.actor for scan in told],
    )
    places = {row_id: place for row_id, place, _ in rows.values()}
    return {places[row[0]] for row in kept if row[0] in places}


def columns(scans: Sequence[ScanTold]) -> list[list[object]]:
    """Scans as columns: state, time, description, location, code, who signed, when expected."""
    return [
        [str(scan.state) for scan in scans],
        [scan.occurred_at for scan in scans],
        [scan.description for scan in scans],
        [scan.location for scan in scans],
        [scan.code for scan in scans],
        [scan.signed_by for scan in scans],
        [scan.estimated_at for scan in scans],
    ]


async def _advance(
    work: Work,
    parcels: Mapping[UUID, queries.ParcelRow],
    changed: Mapping[UUID, Scan],
    orders: Mapping[UUID, LockedOrder],
) -> None:
    await work.execute_raw(
        ADVANCE,
        work.account_id,
        work.now,
        list(changed),
        [str(scan.state) for scan in changed.values()],
        [scan.occurred_at for scan in changed.values()],
    )
    work.publish(
        *(
            ParcelAdvanced(order_id=parcels[parcel_id].order_id, parcel_id=parcel_id, state=str(scan.state))
            for parcel_id, scan in changed.items()
            if scan.state != parcels[parcel_id].state
        )
    )
    arrived = [
        parcel_id
        for parcel_id, scan in changed.items()
        if scan.state is TrackingState.DELIVERED and parcels[parcel_id].state != TrackingState.DELIVERED
    ]
    if arrived:
        await _count_delivered(work, arrived, orders)


async def _count_delivered(work: Work, parcel_ids: Sequence[UUID], orders: Mapping[UUID, LockedOrder]) -> None:
    contents = [each for held in (await queries.contents_of(work, parcel_ids)).values() for each in held]
    await count(work, [LineChange(each.order_id, each.line_id, delivered=each.quantity) for each in contents])
    for order_id, last in (await queries.all_delivered(work, {each.order_id for each in contents})).items():
        promised = orders[order_id].deliver_by
        on_time = None if promised is None else is_on_time(promised, last)
        work.publish(OrderDelivered(order_id=order_id, on_time=on_time))
