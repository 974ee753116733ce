"""Shipping: what an operator hands to a carrier, for one work order or two hundred, each with its own verdict.

A constant number of statements per merchant in the batch: every check happens before the first write, so one bad
item never fails its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import msgspec

from fulfilhub.fulfilment.commands.asking import overtake
from fulfilhub.fulfilment.commands.handling import check_contents, check_not_held, check_reported
from fulfilhub.fulfilment.commands.keeping import about, keep_progress, movement, settle
from fulfilhub.fulfilment.commands.packing import MEASURES
from fulfilhub.fulfilment.events import FulfilmentShipped
from fulfilhub.fulfilment.queries import Whose, WorkRow, lock_work, no_work, whose
from fulfilhub.fulfilment.rules import WORK, WorkState, WorkVerb
from fulfilhub.inventory.commands import move
from fulfilhub.inventory.rules.stock import MovementReason
from fulfilhub.orders.commands import LineChange, count
from fulfilhub.orders.queries import lock_orders, normal_tracking
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, FieldError, FulfilHubError, Invalid
from fulfilhub.platform.machines import Who
from fulfilhub.platform.work import Work
from fulfilhub.shipping import queries
from fulfilhub.shipping.commands import early
from fulfilhub.shipping.events import ShipmentCreated
from fulfilhub.shipping.rules import TrackingState, normalise_number

TO_SHIPPED = (
    (WorkVerb.ACCEPT, Who.PARTNER),
    (WorkVerb.PICK, Who.PARTNER),
    (WorkVerb.FINISH_PICK, Who.SYSTEM),
    (WorkVerb.PACK, Who.PARTNER),
    (WorkVerb.SHIP, Who.PARTNER),
)
"""The whole way: an operator that reports only that it shipped has also done what comes before."""

INSERT = """
WITH s AS (
    INSERT INTO shipments (merchant_id, id, order_id, fulfilment_id, warehouse_id, service, shipped_at, created_at)
    SELECT $1, n.id, n.order_id, n.fulfilment_id, n.warehouse_id, n.service, n.shipped_at, $2
    FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $29::timestamptz[])
         AS n (id, order_id, fulfilment_id, warehouse_id, service, shipped_at)
), given AS (
    SELECT * FROM unnest($8::uuid[], $9::uuid[], $10::uuid[], $11::int[], $12::text[], $13::text[], $14::text[],
                         $15::text[], $16::int[], $17::int[], $18::int[], $19::int[], $20::uuid[], $21::uuid[],
                         $28::text[], $30::timestamptz[])
                  AS g (id, shipment_id, order_id, position, carrier, service, number, normal, weight, length, width,
                        height, operator_id, work_id, searched, state_at)
), p AS (
    INSERT INTO parcels (merchant_id, id, shipment_id, order_id, position, carrier, service, tracking_number,
                         tracking_normal, weight_grams, length_mm, width_mm, height_mm, state, state_at, created_at,
                         updated_at)
    SELECT $1, id, shipment_id, order_id, position, carrier, service, number, normal, weight, length, width, height,
           $22, state_at, $2, $2 FROM given
), c AS (
    INSERT INTO parcel_contents (merchant_id, parcel_id, line_id, order_id, product_id, quantity)
    SELECT $1, n.parcel_id, n.line_id, n.order_id, n.product_id, n.quantity
    FROM unnest($23::uuid[], $24::uuid[], $25::uuid[], $26::uuid[], $27::int[])
         AS n (parcel_id, line_id, order_id, product_id, quantity)
), t AS (
    INSERT INTO order_tracking (merchant_id, tracking_normal, order_id)
    SELECT DISTINCT $1::uuid, searched, order_id FROM given ON CONFLICT DO NOTHING
)
INSERT INTO work_parcels (account_id, tracking_normal, parcel_id, merchant_id, work_order_id, created_at)
SELECT operator_id, normal, id, $1, work_id, $2 FROM given
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelToShip:
    """One parcel. `contents` are units by order line; None means all that the work holds (one parcel), or what it
    was packed with. Grams, millimetres; None too is as it was packed."""

    carrier: str
    tracking_number: str
    service: str = ""
    weight_grams: int | None = None
    length_mm: int | None = None
    width_mm: int | None = None
    height_mm: int | None = None
    contents: Mapping[UUID, int] | None = None


@dataclass(frozen=True, slots=True)
class ToShip:
    """One work order to be shipped, under the live lease of who ships it; `at` is when, if that was before now."""

    work_id: UUID
    lease_id: UUID | None
    parcels: Sequence[ParcelToShip]
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shipped:
    """The verdict on a work order that has been shipped, now or by the same call before."""

    work_id: UUID
    shipment_id: UUID
    parcel_ids: tuple[UUID, ...]
    repeated: bool


@dataclass(frozen=True, slots=True)
class _Going:
    """A work order that passed every check."""

    row: WorkRow
    item: ToShip
    contents: tuple[Mapping[UUID, int], ...]
    shipment_id: UUID
    parcel_ids: tuple[UUID, ...]


Verdict = Shipped | FulfilHubError


async def ship(work: Work, items: Sequence[ToShip]) -> list[Verdict]:
    """Ship work orders of the scope's account: a shipment each, stock deducted, lines counted, facts told.

    Gives a verdict per item, in their order: `Shipped`, or the error that kept it back (NotFound, LeaseLost,
    OnHold, Invalid, Conflict), which then changed nothing. Requests that are still open are overtaken: shipping answers
    them. Shipping again with the same tracking numbers is
    answered as before; with others it is a Conflict (`already_shipped`).
    """
    operator_id = work.account_id
    found = await whose(work, [item.work_id for item in items])
    verdicts: dict[int, Verdict] = {
        place: no_work(item.work_id) for place, item in enumerate(items) if item.work_id not in found
    }
    for place, item in enumerate(items):
        if any(item.work_id == other.work_id for other in items[:place]):
            verdicts[place] = Conflict("This work order is in the batch twice.", code="twice_in_batch")
    for merchant_id in sorted({each.merchant_id for each in found.values()}):
        mine = {
            place: item
            for place, item in enumerate(items)
            if place not in verdicts and found[item.work_id].merchant_id == merchant_id
        }
        async with work.act_for(merchant_id):
            verdicts |= await _ship_for(work, operator_id, mine, found)
    fresh = [
        item for place, item in enumerate(items) if isinstance(told := verdicts[place], Shipped) and not told.repeated
    ]
    if fresh:
        await early.call_up(work, _numbers(fresh))
    return [verdicts[place] for place in range(len(items))]


def _numbers(items: Iterable[ToShip]) -> set[str]:
    return {normalise_number(parcel.tracking_number) for item in items for parcel in item.parcels}


async def _ship_for(
    work: Work, operator_id: UUID, items: Mapping[int, ToShip], found: Mapping[UUID, Whose]
) -> dict[int, Verdict]:
    await lock_orders(work, {found[item.work_id].order_id for item in items.values()})
    rows = {row.id: row for row in await lock_work(work, operator_id, [item.work_id for item in items.values()])}
    done = [row.id for row in rows.values() if row.state is WorkState.SHIPPED]
    before = await _shipped_before(work, done) if done else {}
    verdicts: dict[int, Verdict] = {}
    going: list[_Going] = []
    for place, item in items.items():
        try:
            if item.work_id in before:
                verdicts[place] = _again(item, *before[item.work_id])
                continue
            passed = _check(work, rows[item.work_id], item)
        except FulfilHubError as error:
            verdicts[place] = error
        else:
            going.append(passed)
            verdicts[place] = Shipped(item.work_id, passed.shipment_id, passed.parcel_ids, repeated=False)
    if going:
        await _hand_over(work, going)
    return verdicts


def _check(work: Work, row: WorkRow, item: ToShip) -> _Going:
    state = row.state
    for verb, who in TO_SHIPPED:
        if (state, verb) in WORK.table:
            state = WORK.next(state, verb, who)
    if state is not WorkState.SHIPPED:
        WORK.next(row.state, WorkVerb.SHIP, Who.PARTNER)
    check_reported(work, row, item.lease_id, item.at)
    check_not_held(row)
    faults = [
        FieldError(f"/parcels/{place}/tracking_number", "Must hold letters or digits.")
        for place, parcel in enumerate(item.parcels)
        if not normal_tracking(parcel.tracking_number)
    ]
    if faults:
        raise Invalid("Some tracking numbers are empty.", fields=faults)
    contents = tuple(_contents(row, item.parcels))
    check_contents(row, contents)
    item = replace(item, parcels=_measured(row, item.parcels))
    return _Going(row, item, contents, ids.new(), tuple(ids.new() for _ in item.parcels))


def _contents(row: WorkRow, parcels: Sequence[ParcelToShip]) -> Iterator[Mapping[UUID, int]]:
    packed = row.packing or []
    for place, parcel in enumerate(parcels):
        if parcel.contents is not None:
            yield parcel.contents
        elif len(packed) == len(parcels):
            yield msgspec.convert(packed[place]["contents"], dict[UUID, int])
        elif len(parcels) == 1:
            yield {line.line_id: line.to_ship for line in row.lines if line.to_ship}
        else:
            detail = "Say what is in the parcel: there is more than one."
            raise Invalid(detail, fields=[FieldError(f"/parcels/{place}/contents", detail)])


def _measured(row: WorkRow, parcels: Sequence[ParcelToShip]) -> list[ParcelToShip]:
    """The parcels, with the weights and sizes they were packed with where nobody says otherwise."""
    packed = row.packing or []
    if len(packed) != len(parcels) or any(parcel.contents is not None for parcel in parcels):
        return list(parcels)
    return [
        replace(
            parcel,
            **{name: msgspec.convert(known[name], int) for name in MEASURES if known.get(name) is not None}
            | {name: value for name in MEASURES if (value := getattr(parcel, name)) is not None},
        )
        for parcel, known in zip(parcels, packed, strict=True)
    ]


async def _shipped_before(
    work: Work, work_ids: Sequence[UUID]
) -> dict[UUID, tuple[queries.ShipmentRow, list[queries.ParcelRow]]]:
    shipments = await queries.shipments_of(work, work_ids)
    parcels = await queries.parcels_of(work, [each.id for each in shipments.values()])
    return {work_id: (each, parcels[each.id]) for work_id, each in shipments.items()}


def _again(item: ToShip, shipment: queries.ShipmentRow, parcels: Sequence[queries.ParcelRow]) -> Shipped:
    told = sorted(normalise_number(parcel.tracking_number) for parcel in item.parcels)
    if told != sorted(parcel.tracking_normal for parcel in parcels):
        raise Conflict(
            "This was shipped already, with other tracking numbers.",
            code="already_shipped",
            more={
                "shipment_id": ids.SHIPMENT.show(shipment.id),
                "tracking_numbers": [parcel.tracking_number for parcel in parcels],
            },
        )
    return Shipped(item.work_id, shipment.id, tuple(parcel.id for parcel in parcels), repeated=True)


async def _hand_over(work: Work, going: Sequence[_Going]) -> None:
    rows = [each.row for each in going]
    unpicked = [(row, line) for row in rows for line in row.lines if line.picked < line.to_ship]
    await keep_progress(work, [(row, line._replace(picked=line.to_ship)) for row, line in unpicked])
    await settle(work, rows, WorkState.SHIPPED, at=[each.item.at for each in going])
    await overtake(work, rows)
    await _insert(work, going)
    await move(
        work,
        [
            movement(row, product_id, units, MovementReason.SHIPPED, None)
            for row in rows
            for line in row.lines
            for product_id, units in line.stock(line.to_ship)
        ],
    )
    await count(
        work,
        [
            LineChange(row.order_id, line.line_id, picked=line.to_ship - line.picked, shipped=line.to_ship)
            for row in rows
            for line in row.lines
            if line.to_ship
        ],
    )
    if any(row.account_id != work.account_id for row in rows):  # who ships its own is asked once, as its operator
        await early.call_up(work, _numbers(each.item for each in going))
    for each in going:
        work.publish(
            ShipmentCreated(order_id=each.row.order_id, shipment_id=each.shipment_id, fulfilment_id=each.row.id),
            FulfilmentShipped(**about(each.row), shipment_id=each.shipment_id),
        )


async def _insert(work: Work, going: Sequence[_Going]) -> None:
    parcels = [
        (parcel_id, each, place, parcel)
        for each in going
        for place, (parcel_id, parcel) in enumerate(zip(each.parcel_ids, each.item.parcels, strict=True))
    ]
    products = {line.line_id: line.product_id for each in going for line in each.row.lines}
    contents = [
        (parcel_id, line_id, each.row.order_id, products[line_id], units)
        for each in going
        for parcel_id, held in zip(each.parcel_ids, each.contents, strict=True)
        for line_id, units in held.items()
    ]
    await work.execute_raw(
        INSERT,
        work.account_id,
        work.now,
        [each.shipment_id for each in going],
        [each.row.order_id for each in going],
        [each.row.id for each in going],
        [each.row.warehouse_id for each in going],
        [each.row.service for each in going],
        [parcel_id for parcel_id, *_ in parcels],
        [each.shipment_id for _, each, *_ in parcels],
        [each.row.order_id for _, each, *_ in parcels],
        [place for _, _, place, _ in parcels],
        [parcel.carrier for *_, parcel in parcels],
        [parcel.service or each.row.service for _, each, _, parcel in parcels],
        [parcel.tracking_number.strip() for *_, parcel in parcels],
        [normalise_number(parcel.tracking_number) for *_, parcel in parcels],
        [parcel.weight_grams for *_, parcel in parcels],
        [parcel.length_mm for *_, parcel in parcels],
        [parcel.width_mm for *_, parcel in parcels],
        [parcel.height_mm for *_, parcel in parcels],
        [each.row.account_id for _, each, *_ in parcels],
        [each.row.id for _, each, *_ in parcels],
        str(TrackingState.LABEL_CREATED),
        *(list(column) for column in zip(*contents, strict=True)),
        [normal_tracking(parcel.tracking_number) for *_, parcel in parcels],
        [each.item.at or work.now for each in going],
        [each.item.at or work.now for _, each, *_ in parcels],
    )
