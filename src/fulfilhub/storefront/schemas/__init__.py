"""Wire shapes of what a shop's plugin asks about its orders and carts. What it is answered is the rules' own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from fulfilhub.orders.commands import Changes
from fulfilhub.orders.incoming import Address
from fulfilhub.orders.rules import HoldReason, is_destination
from fulfilhub.platform import ids
from fulfilhub.routing.queries import Cart, Quoted
from fulfilhub.routing.rules.places import clock_of
from fulfilhub.storefront.rules import OrderState
from fulfilhub.storefront.rules.words import LONDON, day, service_name

MOST_ORDERS = 100
MOST_LINES = 50
ANY_TOWN = "-"
STANDARD = "standard"
"""The service that a page speaks of where nobody has chosen one."""

Short = Annotated[str, Meta(max_length=200)]
Text = Annotated[str, Meta(max_length=2000)]
Country = Annotated[str, Meta(pattern="^[A-Z]{2}$", examples=["GB"])]
HoldId = Annotated[str, Meta(pattern=ids.HOLD.pattern, examples=["hld_01h455vb4pex5vsknk084sn02q"])]


class ShopHoldIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Why the order is to wait, and until when at the latest (without `until`: until it is released)."""

    reason: HoldReason
    note: Text = ""
    until: Annotated[datetime | None, Meta(examples=["2036-01-07T09:00:00Z"])] = None


class ShopReleaseIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Which hold is over."""

    hold_id: HoldId


class ShopCancelIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Nothing more of the order is wanted. `note` is told to a warehouse that is asked for what it has in hand."""

    note: Text = ""


class ShopAddressIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Where to ship; `email` is who is told, and stays as it is when empty."""

    name: Short
    company: Short = ""
    line1: Short
    line2: Short = ""
    city: Short
    region: Short = ""
    postcode: Short = ""
    country: Country
    phone: Short = ""
    email: Annotated[str, Meta(max_length=320)] = ""


class ShopMoveIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Another address for the order."""

    ship_to: ShopAddressIn


class ShopOrdersOut(Struct, kw_only=True):
    """States of orders; those that are not here are left out."""

    data: list[OrderState]


class ShopCartLineIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is in the cart: the shop's own `variant_id`, or the `sku`."""

    variant_id: Short = ""
    sku: Annotated[str, Meta(max_length=200, examples=["MUG-BLUE"])] = ""
    quantity: Annotated[int, Meta(ge=1, le=100_000)]


class ShopDestinationIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Where it would go, as far as the customer has said."""

    country: Country
    postcode: Annotated[str, Meta(max_length=200, examples=["M1 1AA"])] = ""
    region: Short = ""
    city: Short = ""


class ShopCartIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """A cart, and where it would go."""

    lines: Annotated[list[ShopCartLineIn], Meta(min_length=1, max_length=MOST_LINES)]
    ship_to: ShopDestinationIn


class ShopPromiseOut(Struct, kw_only=True):
    """What one service would promise. `deliver_by_text` is the day in words, where the customer lives."""

    service: str
    name: str
    ship_by: datetime
    deliver_by: datetime
    deliver_by_text: str


class ShopPromisesOut(Struct, kw_only=True):
    """What would be promised, earliest first. `complete`: everything in the cart is known and in stock, so that what
    can be promised is here; otherwise say nothing of dates."""

    options: list[ShopPromiseOut]
    complete: bool


def another_address(told: ShopMoveIn) -> Changes:
    """The command's words."""
    fields = {name: getattr(told.ship_to, name) for name in ShopAddressIn.__struct_fields__ if name != "email"}
    return Changes(ship_to=Address(**fields), email=told.ship_to.email or None)


def cart_of(told: ShopCartIn, store_id: UUID) -> Cart:
    """The query's words."""
    place = told.ship_to
    return Cart(
        store_id=store_id,
        lines=[(line.variant_id, line.sku, line.quantity) for line in told.lines],
        country=place.country,
        postcode=place.postcode,
        city=place.city or place.region,
        service=None,
    )


def promises_out(quoted: Quoted, country: str) -> ShopPromisesOut:
    """Only what can be promised is told."""
    return ShopPromisesOut(options=_options(quoted, country), complete=_complete(quoted))


def _options(quoted: Quoted, country: str) -> list[ShopPromiseOut]:
    return [
        ShopPromiseOut(
            service=option.service,
            name=service_name(option.service),
            ship_by=option.promise.ship_by,
            deliver_by=option.promise.deliver_by,
            deliver_by_text=day(option.promise.deliver_by, country),
        )
        for option in quoted.options
        if option.promise is not None
    ]


def _complete(quoted: Quoted) -> bool:
    return all(line.product_id is not None and line.there >= line.wanted for line in quoted.lines)


def one_of(store_id: UUID, variant_id: str, country: str, postcode: str) -> Cart:
    """What a product's page asks of: one unit, to where its visitor seems to be. A page never knows the town, and only
    asks for a postcode where that tells more."""
    return Cart(store_id, [(variant_id, "", 1)], country, postcode, ANY_TOWN, None)


class PromisedOut(Struct, kw_only=True):
    """When a page may say that something is delivered. `needs_postcode`: more can be said once it is known."""

    deliver_on: date | None
    needs_postcode: bool


def promised_out(quoted: Quoted, country: str, postcode: str) -> PromisedOut:
    """The day that standard delivery of all of it is promised for, by the clock of where it goes."""
    found = [each.promise for each in quoted.options if each.service == STANDARD and each.promise is not None]
    here = clock_of(country) or LONDON
    return PromisedOut(
        deliver_on=found[0].deliver_by.astimezone(here).date() if found and _complete(quoted) else None,
        needs_postcode=not postcode and _complete(quoted) and not is_destination(country, "", ANY_TOWN),
    )


def external_ids_of(text: str) -> Sequence[str]:
    """The ids of a list such as `11,12`, each once."""
    return list(dict.fromkeys(part for each in text.split(",") if (part := each.strip())))
