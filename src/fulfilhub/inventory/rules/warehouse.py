"""What a warehouse is and offers, as plain data: its state, its shipping services and their zones."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec


class WarehouseState(StrEnum):
    """Whether a warehouse is given new work. `suspended` is a pause, `closed` is for good."""

    OPEN = "open"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class DeliveryDays(StrEnum):
    """The weekdays on which a service delivers; public holidays of the destination are left out."""

    MON_FRI = "mon_fri"
    MON_SAT = "mon_sat"
    EVERY_DAY = "every_day"


class Zone(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of the world a service reaches in the same time.

    `countries` are ISO 3166-1 alpha-2, `*` for any other. Without `postcode_prefixes` the zone is the whole
    country; with them only those postcodes, and the longest prefix of all zones wins. A UK prefix means what
    the trade means: `B` is the area B and not BT, `IV5` the district IV5 and not IV51, `M1 1` (with its
    space) a sector. `transit_days` are delivery days after the day of shipping; null says that the service
    does not go there. `cost_minor` is the cost of one parcel in the warehouse's currency's minor units.
    """

    countries: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    postcode_prefixes: tuple[str, ...] = ()
    transit_days: Annotated[int, msgspec.Meta(ge=0, le=90)] | None = None
    cost_minor: Annotated[int, msgspec.Meta(ge=0)] | None = None


class Service(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One shipping service: `code` in our words (`standard`, `express`), the carrier, and where it goes.

    Two services may share a code (two carriers); the better one for an order is taken. `max_weight_grams`
    is the heaviest single item it takes, null for no limit.
    """

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    carrier: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    zones: tuple[Zone, ...]
    delivery_days: DeliveryDays = DeliveryDays.MON_SAT
    max_weight_grams: Annotated[int, msgspec.Meta(ge=1)] | None = None
