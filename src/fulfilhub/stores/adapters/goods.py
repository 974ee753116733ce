"""The second half of the port: what a store says of its products, of its stock, and of the returns begun in it, in our
words; and the verbs that ask it. As in `port`, each outward verb makes one attempt and says how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import httpx

from fulfilhub.returns.rules import ReturnReason
from fulfilhub.stores.adapters.port import Changed, Connection, InDoubt, Missing, Refused, Retry


class ShopStatus(StrEnum):
    """Whether a store sells a variant: it does; not yet; no longer."""

    ACTIVE = "active"
    DRAFT = "draft"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreVariant:
    """A variant as its store has it. None, or empty: the store has none, or did not say. `item_id` is what the store
    counts the stock of, where that is not the variant. `changed_at` is the store's time."""

    variant_id: str
    product_id: str
    changed_at: datetime
    item_id: str = ""
    sku: str = ""
    title: str = ""
    barcode: str = ""
    weight_grams: int | None = None
    hs_code: str = ""
    origin_country: str = ""
    requires_shipping: bool | None = None
    tracked: bool | None = None
    status: ShopStatus = ShopStatus.ACTIVE


@dataclass(frozen=True, slots=True)
class ProductTold:
    """A product with its variants, as the store has it. `whole`: there are no others. Without variants and whole: it
    is gone."""

    product_id: str
    variants: tuple[StoreVariant, ...]
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemTold:
    """What a store counts the stock of, as it is now."""

    item_id: str
    changed_at: datetime
    sku: str = ""
    weight_grams: int | None = None
    hs_code: str = ""
    origin_country: str = ""
    requires_shipping: bool | None = None
    tracked: bool | None = None


@dataclass(frozen=True, slots=True)
class LevelTold:
    """What a store shows of one item at one of its locations."""

    item_id: str
    location: str
    available: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a store's variants. `cursor` is None at the end. `unreadable`: what could not be read, shortened, each
    with why."""

    variants: tuple[StoreVariant, ...]
    cursor: str | None = None
    unreadable: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Begun:
    """The store makes a list of all its variants; `listing_id` is its name for that."""

    listing_id: str


@dataclass(frozen=True, slots=True)
class Making:
    """The list is being made: so many entries so far."""

    entries: int


@dataclass(frozen=True, slots=True)
class Ready:
    """The list is there, for a few days. Empty `url`: it has no entries."""

    entries: int
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Part:
    """Some entries of a list that is ready. `offset`: where the next begin, in bytes; `at_end`: there are none."""

    variants: tuple[StoreVariant, ...]
    offset: int
    at_end: bool
    unreadable: tuple[tuple[str, str], ...] = ()


class SeenStatus(StrEnum):
    """Where a return stands in its store."""

    REQUESTED = "requested"
    OPEN = "open"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class SeenLine:
    """Units of one line of the store's order (its own id) that a return is about."""

    external_id: str
    quantity: int
    reason: ReturnReason = ReturnReason.OTHER
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnSeen:
    """A return as its store has it. `reference`: our id of it, where it was we who began it there. Tracking and label
    are of the way back."""

    external_id: str
    status: SeenStatus
    name: str = ""
    reference: str = ""
    lines: tuple[SeenLine, ...] = ()
    decline_note: str = ""
    tracking_number: str = ""
    tracking_url: str = ""
    label_url: str = ""
    refunds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderReturns:
    """All returns of one order, as its store has them."""

    order_external_id: str
    returns: tuple[ReturnSeen, ...]


class GoodsAdapter(Protocol):
    """One storefront platform's products, and the returns that are begun in it. Stateless, as `StoreAdapter`."""

    @property
    def lists_in_bulk(self) -> bool:
        """Does the store make a list of all its variants by itself (`begin_listing`), instead of page by page?"""
        ...

    @property
    def begins_returns(self) -> bool:
        """Can returns begin in the store (`fetch_returns`)?"""
        ...

    def read_goods(self, topic: str, payload: Mapping[str, object]) -> ProductTold | ItemTold | LevelTold | None:
        """What a delivery says of products or stock; None when nothing that can be read. Never raises."""
        ...

    def read_return(self, payload: Mapping[str, object]) -> str:
        """The order (its own id) that a delivery about a return is of; empty when none can be read."""
        ...

    def read_listed(self, payload: Mapping[str, object]) -> str:
        """The list that a delivery says is over; empty when none can be read."""
        ...

    async def fetch_product(
        self, http: httpx.AsyncClient, connection: Connection, product_id: str
    ) -> ProductTold | Missing | Refused | Retry:
        """A product with all its variants, as the store has it now."""
        ...

    async def list_variants(
        self, http: httpx.AsyncClient, connection: Connection, since: datetime | None, cursor: str | None
    ) -> Listed | Refused | Retry:
        """A page of the variants that changed after `since` (None: of all)."""
        ...

    async def begin_listing(
        self, http: httpx.AsyncClient, connection: Connection, since: datetime
    ) -> Begun | Refused | Retry:
        """Let the store make a list of all its variants. One that we let it make after `since` is found again, so this
        may be repeated after any outcome. Only asked where `lists_in_bulk`."""
        ...

    async def listing(
        self, http: httpx.AsyncClient, connection: Connection, listing_id: str
    ) -> Making | Ready | Refused | Retry:
        """How far a list is."""
        ...

    async def read_listing(self, http: httpx.AsyncClient, url: str, offset: int) -> Part | Refused | Retry:
        """Some entries of a list that is ready, from this byte on."""
        ...

    async def end_listing(
        self, http: httpx.AsyncClient, connection: Connection, listing_id: str
    ) -> InDoubt | Refused | Retry | None:
        """Let the store make the list no longer. May be repeated."""
        ...

    async def fetch_returns(
        self, http: httpx.AsyncClient, connection: Connection, order_external_id: str
    ) -> OrderReturns | Missing | Refused | Retry:
        """Every return of an order."""
        ...

    async def orders_with_returns(
        self, http: httpx.AsyncClient, connection: Connection, since: datetime, cursor: str | None
    ) -> Changed | Refused | Retry:
        """A page of the orders that changed after `since` and have a return."""
        ...
