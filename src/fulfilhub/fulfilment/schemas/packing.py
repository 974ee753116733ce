"""Wire shapes of packing: parcels as they were packed, how things are handled, and what merchants want of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct, field

from fulfilhub.fulfilment.commands.packing import PackedParcel
from fulfilhub.fulfilment.queries import Handling, Packing
from fulfilhub.fulfilment.queries.packing import PolicyRow
from fulfilhub.fulfilment.rules import PackingPolicy, WeightReason
from fulfilhub.platform import ids

Units = Annotated[int, Meta(ge=1, le=100_000)]
Grams = Annotated[int, Meta(ge=1, le=2_000_000)]
Millimetres = Annotated[int, Meta(ge=1, le=10_000)]
LeaseId = Annotated[str, Meta(pattern=ids.LEASE.pattern, description="From your claim.")]
LineId = Annotated[str, Meta(pattern=ids.ORDER_LINE.pattern)]
OccurredAt = Annotated[
    datetime | None,
    Meta(
        description="When it was done, if that was before now. Work under a lease that lived then is taken although it "
        "has run out meanwhile, unless somebody has claimed the work since.",
        examples=["2026-11-25T09:30:00Z"],
    ),
]
BoxId = Annotated[str, Meta(pattern=ids.BOX.pattern, description="The box of this warehouse that was used.")]
Brand = Annotated[str, Meta(max_length=100, description="Empty: the account's name.", examples=["Ada's Mugs"])]
Colour = Annotated[
    str, Meta(pattern=r"^(#[0-9a-fA-F]{6})?$", description="Of the packing slip's head.", examples=["#0f766e"])
]
SlipMessage = Annotated[str, Meta(max_length=500, examples=["Thank you for buying from a small pottery."])]
Instructions = Annotated[str, Meta(max_length=1000, examples=["Use paper tape only."])]
Insert = Annotated[str, Meta(min_length=1, max_length=100, examples=["Care leaflet"])]


class ContentIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Units of one line in a parcel."""

    line_id: LineId
    quantity: Units


class PackedParcelIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """One packed parcel. Grams, millimetres; without sizes it has those of its box. Where the warehouse weighs its
    parcels against what they hold, `weight_reason` says why one that is off is right all the same."""

    contents: Annotated[list[ContentIn], Meta(min_length=1, max_length=500)]
    weight_grams: Grams | None = None
    length_mm: Millimetres | None = None
    width_mm: Millimetres | None = None
    height_mm: Millimetres | None = None
    box_id: BoxId | None = None
    weight_reason: WeightReason | None = None


class PackIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """All parcels of the work order, in boxes of your choice: what is proposed binds nobody."""

    lease_id: LeaseId
    occurred_at: OccurredAt = None
    parcels: Annotated[list[PackedParcelIn], Meta(min_length=1, max_length=100)]


class PackedContentOut(Struct, kw_only=True):
    """Units of one line in a parcel."""

    line_id: str
    quantity: int


class PackedParcelOut(Struct, kw_only=True):
    """A parcel as it was packed. Grams, millimetres; `expected_grams` is what it should weigh, where that was known."""

    contents: list[PackedContentOut]
    weight_grams: int | None
    length_mm: int | None
    width_mm: int | None
    height_mm: int | None
    box_id: str | None
    expected_grams: int | None
    weight_reason: WeightReason | None


class HandlingOut(Struct, kw_only=True):
    """How a thing is packed. Millimetres of one unit. An `upright` thing is not laid on its side, nothing is put on a
    `fragile` one, and `dangerous_goods` go into a parcel of their own."""

    length_mm: int | None
    width_mm: int | None
    height_mm: int | None
    upright: bool
    fragile: bool
    dangerous_goods: str | None
    packing_note: str


class WishesOut(Struct, kw_only=True):
    """What the merchant wants of who packs this: `inserts` go into each parcel, `gift_message` is printed for who
    unpacks it."""

    instructions: str
    inserts: list[str]
    gift_message: str


class PackingPolicyIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """What you want of everybody who packs for you, and how your packing slips look."""

    brand_name: Brand = ""
    brand_colour: Colour = ""
    slip_message: SlipMessage = ""
    instructions: Instructions = ""
    inserts: Annotated[list[Insert], Meta(max_length=20)] = field(default_factory=list)


class PackingPolicyOut(Struct, kw_only=True):
    """The policy in force; version 0 is the default."""

    brand_name: str
    brand_colour: str
    slip_message: str
    instructions: str
    inserts: list[str]
    version: int


def contents_of(parcels: Sequence[PackedParcelIn]) -> list[dict[UUID, int]]:
    """Units by line, parcel by parcel."""
    made: list[dict[UUID, int]] = []
    for place, parcel in enumerate(parcels):
        held: dict[UUID, int] = {}
        for at, content in enumerate(parcel.contents):
            line_id = ids.ORDER_LINE.read(content.line_id, f"/parcels/{place}/contents/{at}/line_id")
            held[line_id] = held.get(line_id, 0) + content.quantity
        made.append(held)
    return made


def packed_parcels(parcels: Sequence[PackedParcelIn]) -> list[PackedParcel]:
    """The parcels as the command takes them."""
    return [
        PackedParcel(
            contents=held,
            weight_grams=parcel.weight_grams,
            length_mm=parcel.length_mm,
            width_mm=parcel.width_mm,
            height_mm=parcel.height_mm,
            box_id=None if parcel.box_id is None else ids.BOX.read(parcel.box_id, f"/parcels/{place}/box_id"),
            weight_reason=parcel.weight_reason,
        )
        for place, (parcel, held) in enumerate(zip(parcels, contents_of(parcels), strict=True))
    ]


def packed_out(record: Mapping[str, object]) -> PackedParcelOut:
    """A parcel of a work order's record."""
    parcel = msgspec.convert(record, PackedParcel)
    plain: dict[str, Any] = {
        name: getattr(parcel, name)
        for name in ("weight_grams", "length_mm", "width_mm", "height_mm", "expected_grams", "weight_reason")
    }
    return PackedParcelOut(
        contents=[
            PackedContentOut(line_id=ids.ORDER_LINE.show(line_id), quantity=units)
            for line_id, units in parcel.contents.items()
        ],
        box_id=None if parcel.box_id is None else ids.BOX.show(parcel.box_id),
        **plain,
    )


def handling_out(told: Handling) -> HandlingOut:
    return HandlingOut(**{name: getattr(told, name) for name in HandlingOut.__struct_fields__})


def wishes_out(told: Packing) -> WishesOut:
    return WishesOut(instructions=told.instructions, inserts=told.inserts, gift_message=told.gift_message)


def packing_policy_of(told: PackingPolicyIn) -> PackingPolicy:
    return msgspec.convert(msgspec.structs.asdict(told), PackingPolicy)


def packing_policy_out(row: PolicyRow) -> PackingPolicyOut:
    stored = {**msgspec.structs.asdict(row.policy), "inserts": list(row.policy.inserts)}
    return PackingPolicyOut(**stored, version=row.version)
