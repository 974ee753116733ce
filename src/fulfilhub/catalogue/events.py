"""What happened to products and listings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from fulfilhub.platform.events import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductChanged(Fact):
    """A product was `created`, `updated`, `archived` or `restored`."""

    TYPE: ClassVar[str] = "product.changed"
    SUBJECT: ClassVar[str] = "product_id"
    product_id: UUID
    change: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KitChanged(Fact):
    """What a product is made of changed: it became a kit, another kit, or plain. What waits for it may be routed
    again; work made before stays as it is."""

    TYPE: ClassVar[str] = "product.kit_changed"
    SUBJECT: ClassVar[str] = "product_id"
    product_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingChanged(Fact):
    """A store's variant was `mapped` to a product, or no longer is (`unmapped`)."""

    TYPE: ClassVar[str] = "listing.changed"
    SUBJECT: ClassVar[str] = "product_id"
    listing_id: UUID
    store_id: UUID
    product_id: UUID
    change: str
