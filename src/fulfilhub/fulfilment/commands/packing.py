"""Packing: what is in which parcel and box, whether it weighs what it should, and what merchants want of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.dialects.postgresql import insert

from fulfilhub.fulfilment import queries
from fulfilhub.fulfilment.commands.handling import check_contents, check_not_held, in_hand
from fulfilhub.fulfilment.commands.keeping import about, settle
from fulfilhub.fulfilment.events import FulfilmentPacked
from fulfilhub.fulfilment.models import PackingPolicyRow
from fulfilhub.fulfilment.queries import WorkRow
from fulfilhub.fulfilment.queries.packing import packing_policy, weighing
from fulfilhub.fulfilment.rules import (
    WORK,
    BoxOverloaded,
    PackingPolicy,
    WeightOff,
    WeightReason,
    WorkState,
    WorkVerb,
    expected_grams,
)
from fulfilhub.inventory.queries.boxes import BoxRow
from fulfilhub.inventory.rules.packing import WeightTolerance
from fulfilhub.platform.errors import FieldError, Invalid
from fulfilhub.platform.machines import Who
from fulfilhub.platform.work import Work
from fulfilhub.web.conditional import check_version


class PackedParcel(msgspec.Struct, frozen=True, kw_only=True):
    """One parcel as it was packed: units by line, grams, millimetres. `expected_grams` is found here, not told."""

    contents: dict[UUID, int]
    weight_grams: int | None = None
    length_mm: int | None = None
    width_mm: int | None = None
    height_mm: int | None = None
    box_id: UUID | None = None
    expected_grams: int | None = None
    weight_reason: WeightReason | None = None

    @property
    def record(self) -> dict[str, object]:
        """As a work order keeps it."""
        told: dict[str, object] = msgspec.to_builtins(self)
        return {name: value for name, value in told.items() if value is not None or name in MEASURES}


MEASURES = ("weight_grams", "length_mm", "width_mm", "height_mm")


async def pack(
    work: Work, work_id: UUID, lease_id: UUID | None, parcels: Sequence[PackedParcel], at: datetime | None = None
) -> WorkRow:
    """Everything picked is in these parcels, `at` a time if that was before now.

    Raises LeaseLost, Invalid naming lines whose units do not add up, boxes that are not this warehouse's, or parcels
    that have to be weighed, BoxOverloaded, WeightOff, OnHold, or Conflict (`illegal_action`).
    """
    chosen = {parcel.box_id for parcel in parcels if parcel.box_id is not None}
    tolerance, boxes = await weighing(work, work_id, chosen)
    async with in_hand(work, work_id, lease_id, at) as row:
        check_contents(row, [parcel.contents for parcel in parcels])
        weights = {line.line_id: line.unit_grams for line in row.document.lines}
        fitted = [_fitted(place, parcel, boxes, weights) for place, parcel in enumerate(parcels)]
        record = [parcel.record for parcel in fitted]
        if row.state is WorkState.PACKED and row.packing == record:
            return row
        state = WORK.next(row.state, WorkVerb.PACK, Who.PARTNER)
        check_not_held(row)
        if tolerance is not None:
            _check_weights(fitted, tolerance)
        await settle(work, [row], state, packing=record)
        work.publish(FulfilmentPacked(**about(row)))
        return await queries.read_work(work, row.account_id, row.id)


def _fitted(
    place: int, parcel: PackedParcel, boxes: Mapping[UUID, BoxRow], weights: Mapping[UUID, int | None]
) -> PackedParcel:
    """The parcel with what follows from its contents and its box."""
    if parcel.box_id is None:
        return msgspec.structs.replace(parcel, expected_grams=expected_grams(parcel.contents, weights, 0))
    box = boxes.get(parcel.box_id)
    if box is None:
        detail = "Is not a box of this warehouse."
        raise Invalid(detail, fields=[FieldError(f"/parcels/{place}/box_id", detail)])
    expected = expected_grams(parcel.contents, weights, box.tare_grams)
    heaviest = max(parcel.weight_grams or 0, expected or 0)
    if heaviest > box.max_grams:
        raise BoxOverloaded(
            f"{box.name} may weigh {box.max_grams} g with its contents: parcel {place + 1} is {heaviest} g.",
            fields=[FieldError(f"/parcels/{place}/box_id", "Is too weak for this parcel: take another, or two.")],
            more={"max_grams": box.max_grams, "grams": heaviest},
        )
    changes: dict[str, Any] = {"expected_grams": expected}
    if (parcel.length_mm, parcel.width_mm, parcel.height_mm) == (None, None, None):
        changes |= {"length_mm": box.length_mm, "width_mm": box.width_mm, "height_mm": box.height_mm}
    return msgspec.structs.replace(parcel, **changes)


def _check_weights(parcels: Sequence[PackedParcel], tolerance: WeightTolerance) -> None:
    """Raises Invalid for parcels that nobody weighed, WeightOff for those that weigh something else than they should,
    unless a reason is given. What should weigh nobody knows what, passes."""
    told = [(place, each) for place, each in enumerate(parcels) if each.weight_reason is None]
    unweighed = [place for place, each in told if each.weight_grams is None]
    if unweighed:
        detail = "Weigh it: this warehouse checks what its parcels weigh. Or say by weight_reason why it is right."
        faults = [FieldError(f"/parcels/{place}/weight_grams", detail, "required") for place in unweighed]
        raise Invalid("Some parcels were not weighed.", fields=faults)
    off = [
        (place, each)
        for place, each in told
        if each.expected_grams is not None
        and each.weight_grams is not None
        and not tolerance.allows(each.expected_grams, each.weight_grams)
    ]
    if off:
        raise WeightOff(
            "Look into the parcels whose weight is off; if all is right, say by weight_reason why it is.",
            fields=[
                FieldError(
                    f"/parcels/{place}/weight_reason",
                    f"{each.weight_grams} g were measured, {each.expected_grams} g expected.",
                    "weight_off",
                )
                for place, each in off
            ],
        )


async def set_packing_policy(work: Work, policy: PackingPolicy, version: int | None) -> None:
    """Replace the policy; it counts for work that is queued from now on. Raises Stale."""
    check_version(version, (await packing_policy(work)).version)
    values = {**msgspec.structs.asdict(policy), "inserts": list(policy.inserts), "updated_at": work.now}
    await work.db.execute(
        insert(PackingPolicyRow)
        .values(merchant_id=work.account_id, **values)
        .on_conflict_do_update(
            index_elements=[PackingPolicyRow.merchant_id],
            set_={**values, "version": PackingPolicyRow.version + 1},
        )
    )
