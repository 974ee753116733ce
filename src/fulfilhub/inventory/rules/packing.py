"""What a warehouse packs with: its cartons, and how far a parcel's weight may be from what its contents weigh."""

from __future__ import annotations

from typing import Annotated

import msgspec

from fulfilhub.platform.errors import Conflict, FieldError, Invalid

LONGEST_MM = 10_000
HEAVIEST_GRAMS = 2_000_000


class BoxNameTaken(Conflict):
    """The warehouse has a box with this name."""

    code = "box_name_taken"
    title = "This name is in use"


class WeightTolerance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far a measured weight may be off, in per cent of the expected one and in grams: the larger of both counts,
    because small parcels are mostly packaging."""

    percent: Annotated[int, msgspec.Meta(ge=0, le=100, examples=[5])] = 5
    grams: Annotated[int, msgspec.Meta(ge=0, le=10_000, examples=[50])] = 50

    def allows(self, expected_grams: int, measured_grams: int) -> bool:
        """True when the measured weight is near enough to the expected one."""
        return abs(measured_grams - expected_grams) <= max(self.grams, expected_grams * self.percent // 100)


def check_weights(tare_grams: int, max_grams: int) -> None:
    """Raises Invalid for a box that is too heavy to hold anything."""
    if max_grams <= tare_grams:
        detail = f"Must be more than the box itself weighs, {tare_grams} g."
        raise Invalid(detail, fields=[FieldError("/max_grams", detail)])
