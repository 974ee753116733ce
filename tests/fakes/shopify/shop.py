"""A Shopify shop: its things by their ids, what the app may see of them, and what it has told and been asked."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from fulfilhub.stores.adapters.shopify import scopes
from tests.fakes.shopify.cost import Bucket
from tests.fakes.shopify.engine import top_level
from tests.fakes.shopify.faults import Faults
from tests.fakes.shopify.messages import Outbox
from tests.fakes.shopify.things import (
    FulfillmentService,
    InventoryItem,
    InventoryLevel,
    Json,
    Location,
    Order,
    Product,
    ProductVariant,
    Thing,
)
from tests.fakes.shopify.tokens import Tokens

SCOPES = (*scopes.REQUIRED, *scopes.OPTIONAL)
"""What the app is granted unless a test says otherwise: what it asks for."""

ADDRESS: Json = {
    "address1": "4 Example Lane",
    "address2": None,
    "city": "Bristol",
    "countryCode": "GB",
    "country": "United Kingdom",
    "phone": "07700900456",
    "province": "England",
    "provinceCode": "ENG",
    "zip": "BS1 4DJ",
    "formatted": ["4 Example Lane", "Bristol BS1 4DJ", "United Kingdom"],
}

_GID = re.compile(r"gid://shopify/(\w+)/(\d+)(\?[\w=]+)?", re.ASCII)
Kind = TypeVar("Kind", bound=Thing)


def _utc() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True, kw_only=True)
class Shop:
    """`access_tokens` that open its API; `client_secrets` sign what it sends, by the first. `shows_personal_data`: the
    app has Shopify's leave for protected customer data; without it names, addresses and e-mails are null."""

    domain: str = "sample-goods.myshopify.com"
    client_id: str = "client-1"
    client_secrets: tuple[str, ...] = ("hush-1",)
    access_tokens: set[str] = field(default_factory=lambda: {"shpat_1"})
    scopes: tuple[str, ...] = SCOPES
    shows_personal_data: bool = True
    now: Callable[[], datetime] = _utc
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    api_versions: tuple[str, ...] = ("2026-10", "2026-07")
    tokens: Tokens = field(default_factory=Tokens)
    bucket: Bucket = field(default_factory=Bucket)
    faults: Faults = field(default_factory=Faults)
    outbox: Outbox = field(default_factory=Outbox)
    asked: list[Json] = field(default_factory=list)
    """Each document that was executed or refused: `operation`, `variables`, `done`."""
    keys: dict[tuple[str, str], tuple[str, Json]] = field(default_factory=dict)
    keys_under_way: set[str] = field(default_factory=set)
    things: dict[str, Thing] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    products: list[Product] = field(default_factory=list)
    locations: list[Location] = field(default_factory=list)
    services: list[FulfillmentService] = field(default_factory=list)
    bulk_operations: list[Any] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    """What is served under /files, by name: results of bulk operations."""
    url: str = ""
    """Where the fake is reached, for the addresses of its files."""
    last_id: int = 5_500_000_000_000

    def __post_init__(self) -> None:
        self.add_location("Shop location", is_primary=True)

    # -- ids --

    def next_id(self) -> int:
        """A number never used before."""
        self.last_id += self.chance.randrange(1, 1000)
        return self.last_id

    def made(self, kind: type[Kind], /, **members: Any) -> Kind:
        """A new thing with an id of its own, found by it from now on."""
        moment = self.now()
        members = {"created_at": moment, "updated_at": moment, **members}
        thing = kind(**{"id": f"gid://shopify/{kind.TYPE}/{self.next_id()}", **members})
        self.things[thing.id] = thing
        return thing

    def look_up(self, gid: str) -> Thing | None:
        """The thing with this id, or None; an id that can't be one is an error, as in Shopify."""
        found = _GID.fullmatch(gid)
        if found is None or int(found[2]) == 0:
            raise top_level(f"Invalid id: {gid}", "RESOURCE_NOT_FOUND")
        return self.things.get(gid)

    def find(self, kind: type[Kind], gid: str) -> Kind | None:
        """As `look_up`; an id of another kind is an error too."""
        found = _GID.fullmatch(gid)
        if found is None or found[1] != kind.TYPE or int(found[2]) == 0:
            raise top_level(f"Invalid id: {gid}", "RESOURCE_NOT_FOUND")
        thing = self.things.get(gid)
        return thing if isinstance(thing, kind) else None

    def may(self, scope: str) -> bool:
        """Was the app granted this scope? A write scope grants the read."""
        return scope in self.scopes or (
            scope.startswith("read_") and f"write_{scope.removeprefix('read_')}" in self.scopes
        )

    # -- places and goods --

    @property
    def primary(self) -> Location:
        return self.locations[0]

    def add_location(self, name: str, **members: Any) -> Location:
        """A place of the merchant's own."""
        location = self.made(Location, name=name, address=dict(ADDRESS), **members)
        self.locations.append(location)
        return location

    def add_product(
        self, sku: str | None, title: str, price: str, units: int = 100, *, at: Location | None = None, **members: Any
    ) -> ProductVariant:
        """A product with one variant, `units` of it stocked `at` a location (the primary one)."""
        product = self.made(Product, title=title, handle=title.lower().replace(" ", "-"))
        self.products.append(product)
        return self.add_variant(product, sku, "Default Title", price, units, at=at, **members)

    def add_variant(
        self,
        product: Product,
        sku: str | None,
        title: str,
        price: str,
        units: int = 100,
        *,
        at: Location | None = None,
        **members: Any,
    ) -> ProductVariant:
        """One more variant of a product."""
        item = self.made(InventoryItem, sku=sku)
        variant = self.made(
            ProductVariant,
            product=product,
            title=title,
            sku=sku,
            price=Decimal(price),
            inventory_item=item,
            position=len(product.variants) + 1,
            **members,
        )
        item.variant = variant
        product.variants.append(variant)
        self.stock(variant, at or self.primary, units)
        return variant

    def stock(self, variant: ProductVariant, at: Location, units: int) -> InventoryLevel:
        """Stock `units` (available) of a variant at a location, whatever was there; nobody is told."""
        level = self.level(variant.inventory_item, at)
        level.is_active = True
        level.quantities["available"] = units
        return level

    def level(self, item: InventoryItem, at: Location) -> InventoryLevel:
        """The item's level there, made (and not active) if there was none."""
        if at.id not in item.levels:
            number = self.next_id()
            name = f"gid://shopify/InventoryLevel/{number}?inventory_item_id={item.number}"
            item.levels[at.id] = self.made(InventoryLevel, id=name, item=item, location=at, is_active=False)
        return item.levels[at.id]

    # -- time and news --

    def touch(self, *things: Thing) -> None:
        """Their time of change moves; an order's by a second at least, so that no two changes share one."""
        for thing in things:
            step = timedelta(seconds=1) if isinstance(thing, Order) else timedelta()
            thing.updated_at = max(self.now(), thing.updated_at + step)

    def tell(self, *news: tuple[str, Json]) -> None:
        """Send these webhooks (topic, payload) to whom it subscribed them: one action, so they share an event id."""
        self.outbox.put(self, news)

    def variants(self) -> Sequence[ProductVariant]:
        """All variants of all products."""
        return [variant for product in self.products for variant in product.variants]
