"""The port between us and any storefront: its verbs in our words, and the plain data they take and give.

The three pure verbs (`verify`, `read_delivery`, `normalise`) read what a store sent; the outward ones make one attempt
each and say how it ended. When to try again is the business of who calls them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

import httpx

from fulfilhub.orders.incoming import IncomingOrder
from fulfilhub.stores.adapters.news import ReturnNews, ShipmentNews, ShippedLine, StateNews, StockNews, StockTold

PlatformName = Literal["shopify", "woocommerce"]


class Unreadable(Exception):
    """A payload that is not an order at all. `args[0]` is one sentence, with nothing personal in it."""


class Kind(StrEnum):
    """What a delivery asks of us.

    ORDER: `payload` is the whole order. CHANGED: an order changed, read it again with `fetch_order` (`payload`, if any,
    is the fallback for a store that can't be read). DELETED: read it again; if it is `Missing`, it is gone. PING: the
    store tries the address, unsigned; answer 200 and keep nothing. UNINSTALLED: the merchant cut the connection.
    PRIVACY: a data request or erasure. ASSIGNED: parts of orders that the store assigns to locations changed (`parts`).
    OTHER: nothing for us. UNREADABLE: signed or not, not their format.
    """

    ORDER = "order"
    CHANGED = "changed"
    DELETED = "deleted"
    PING = "ping"
    UNINSTALLED = "uninstalled"
    PRIVACY = "privacy"
    ASSIGNED = "assigned"
    OTHER = "other"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One webhook delivery, read. `dedupe_key` is the same for every repeat of one message and differs otherwise.
    `sender` is the store's own name for itself (shop domain, site address) as the headers claim it: they are not
    signed, so use it to refuse a mismatch, never to choose the connection. `event_at` is when it happened."""

    kind: Kind
    topic: str
    dedupe_key: str
    sender: str = ""
    external_id: str | None = None
    event_at: datetime | None = None
    payload: Mapping[str, object] | None = field(default=None, repr=False)
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyAsk:
    """What a store asks about its customers' data, and about whom: what is known of the customer may be empty. `orders`
    are the store's ids of theirs; `reference` is its own name for the request."""

    kind: Literal["export", "erasure", "store_erasure"]
    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    orders: tuple[str, ...] = ()
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """What a merchant may adjust per store; the defaults suit most. Read from JSON with `msgspec.convert`.

    `services`: the storefront's shipping method (title, code or method id; case ignored) -> our service code.
    `states`: the storefront's own order or payment status -> `unpaid`, `open`, `completed` or `cancelled`.
    `accept_test_orders`: treat the storefront's test orders like real ones.
    `stock_location`: the storefront's location whose stock we set (Shopify; a GID).
    `customers`: not the merchant's to adjust: whether the storefront always tells us whose an order is.
    """

    services: Mapping[str, str] = field(default_factory=dict)
    states: Mapping[str, str] = field(default_factory=dict)
    accept_test_orders: bool = False
    stock_location: str = ""
    customers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """How to reach one store. `credentials`: WooCommerce `consumer_key` and `consumer_secret`; Shopify
    `access_token`. `secrets` sign its webhooks, every live one (two during a rotation). Neither is ever
    shown. `plugin`: our plugin is in the shop, so that it can be told more than its platform takes. `renewable`: the
    token is our app's, so that one which is refused can be renewed."""

    platform: PlatformName
    base_url: str
    credentials: Mapping[str, str] = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    settings: StoreSettings = field(default_factory=StoreSettings)
    plugin: bool = False
    renewable: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What was asked for, in the shape `normalise` takes."""

    payload: Mapping[str, object] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Missing:
    """The store has no such order (any more)."""


@dataclass(frozen=True, slots=True)
class Spared:
    """Orders of a list that need not be read, by what our plugin says of them: `unwanted`, which its merchant does not
    send us, unless we have them already; `own`, whose last change is what we told ourselves, unless we don't."""

    unwanted: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()


NOTHING = Spared()


@dataclass(frozen=True, slots=True)
class Changed:
    """Orders changed since, oldest first, as (external id, the store's time of change). `cursor` is None at
    the end. `at` is the store's own clock when it answered, where it tells. Only where they were asked for
    (`survey`): `total`, how many orders the whole list has, and `reach`, the time before which the store hides
    orders from us; None: not known, or nothing is hidden."""

    orders: tuple[tuple[str, datetime], ...]
    cursor: str | None = None
    at: datetime | None = None
    total: int | None = None
    reach: datetime | None = None
    spared: Spared = NOTHING


@dataclass(frozen=True, slots=True)
class Named:
    """There is an order of that number: its external id."""

    external_id: str


@dataclass(frozen=True, slots=True)
class Pushed:
    """The store says what we wanted it to say, now or already. `external_ids`: its names for it, to be kept.
    `left_out`: units it no longer has open (edited, or sent by others). `remark`: for the merchant, if it is odd."""

    external_ids: tuple[str, ...] = ()
    left_out: tuple[ShippedLine, ...] = ()
    remark: str = ""


@dataclass(frozen=True, slots=True)
class InDoubt:
    """The write was sent and no trustworthy answer came: it may or may not have happened. Call the same verb
    again with the same reference, not before `after` seconds; it reads back before it writes. `resting`: as in
    `Retry`."""

    reason: str
    after: float = 10.0
    resting: bool = False


@dataclass(frozen=True, slots=True)
class Retry:
    """Nothing was done; try again, not before `after` seconds. `resting`: it is the whole store that can't be reached,
    fails or asks for rest, so nothing else should be tried before."""

    reason: str
    after: float = 5.0
    resting: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Trying again as it is would not help. `code` is stable; `reason` is one sentence for the merchant."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Stocked:
    """How telling stock ended, for each variant that was settled; `trouble` is what became of the others."""

    told: tuple[StockTold, ...] = ()
    trouble: InDoubt | Refused | Retry | None = None


Ended = Pushed | InDoubt | Refused | Retry
"""How telling a store one thing ended."""


class StoreAdapter(Protocol):
    """One storefront platform. Stateless: everything about a store comes in the arguments."""

    @property
    def counts_orders(self) -> bool:
        """Are orders numbered by a counter of their own, so that a missing number is worth a question? (It still
        proves nothing: no platform promises numbers without gaps.)"""
        ...

    def verify(self, headers: Mapping[str, str], body: bytes, secrets: tuple[str, ...]) -> bool:
        """Is `body`, byte for byte as received, signed with one of the secrets? Takes the same time for any answer.
        False without secrets. A `Kind.PING` is not signed by its platform: read the delivery first."""
        ...

    def read_delivery(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """What this delivery is. Never raises."""
        ...

    def read_privacy(self, delivery: Delivery) -> PrivacyAsk | None:
        """What a delivery of `Kind.PRIVACY` asks, and about whom; None when it can't be read. Never raises."""
        ...

    def normalise(self, payload: Mapping[str, object], settings: StoreSettings) -> IncomingOrder:
        """The order in our words; what can't be read whole is in its `problems`. Raises Unreadable, nothing
        else."""
        ...

    async def fetch_order(
        self, http: httpx.AsyncClient, connection: Connection, external_id: str
    ) -> Found | Missing | Refused | Retry:
        """The order as the store has it now."""
        ...

    async def changed_orders(
        self,
        http: httpx.AsyncClient,
        connection: Connection,
        since: datetime,
        cursor: str | None = None,
        *,
        survey: bool = False,
    ) -> Changed | Refused | Retry:
        """A page of the orders changed after `since`. An order may be listed twice, and none is passed
        over. `survey`: also how much there is."""
        ...

    async def find_number(
        self, http: httpx.AsyncClient, connection: Connection, number: str
    ) -> Named | Missing | Refused | Retry:
        """The order with this number, as customers see it. Only asked where `counts_orders`."""
        ...

    def stock_at_once(self, connection: Connection) -> int:
        """How many variants `push_stock` takes in one call."""
        ...

    def shows_states(self, connection: Connection) -> bool:
        """Can this store show orders' states (`push_state`)?"""
        ...

    def shows_returns(self, connection: Connection) -> bool:
        """Can this store show returns (`push_return`)?"""
        ...

    async def push_shipment(self, http: httpx.AsyncClient, connection: Connection, news: ShipmentNews) -> Ended:
        """Make the store show this shipment. Always reads first and writes only what is not there yet, so it
        may be repeated after any outcome, and again when the tracking numbers change."""
        ...

    async def push_stock(self, http: httpx.AsyncClient, connection: Connection, news: Sequence[StockNews]) -> Stocked:
        """Make the store's sellable stock of these variants say `available`, where it shows what is expected. May be
        repeated after any outcome."""
        ...

    async def push_state(self, http: httpx.AsyncClient, connection: Connection, news: StateNews) -> Ended:
        """Make the store show this state of an order, unless it shows a newer one. May be repeated after any
        outcome."""
        ...

    async def push_return(self, http: httpx.AsyncClient, connection: Connection, news: ReturnNews) -> Ended:
        """Make the store show this return. May be repeated after any outcome."""
        ...

    async def ask_to_rotate(self, http: httpx.AsyncClient, connection: Connection) -> Ended:
        """Ask our plugin in the shop to change its keys and secrets. May be repeated after any outcome."""
        ...

    async def say_goodbye(self, http: httpx.AsyncClient, connection: Connection) -> Ended:
        """Tell our plugin in the shop, if there is one, that we no longer serve it."""
        ...
