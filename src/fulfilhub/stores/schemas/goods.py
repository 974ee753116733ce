"""Wire shapes of what stores have: their variants, imports, and the returns that stand in both places."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from fulfilhub.platform import ids
from fulfilhub.stores.queries import ImportRow, LinkRow, VariantRow
from fulfilhub.stores.rules.products import SENTENCES, Why

VariantStateName = Literal["mapped", "unmapped", "ignored", "gone"]
VariantCode = Literal[
    "no_sku",
    "bad_sku",
    "duplicate_sku",
    "unknown_sku",
    "ambiguous_barcode",
    "product_archived",
    "not_shipped",
    "archived",
    "deleted",
    "sku_differs",
    "import_off",
]
ImportStateName = Literal["queued", "listing", "reading", "completed", "failed", "cancelled"]
SeenStatusName = Literal["requested", "open", "declined", "cancelled", "closed"]
ProductId = Annotated[str, Meta(pattern=ids.PRODUCT.pattern, examples=["prd_01h455vb4pex5vsknk084sn02q"])]


class StoreProductOut(Struct, kw_only=True):
    """A variant as the store has it, and the product it means. `code` and `reason` say why it means none, or what is
    odd. `mapped_by`: whether FulfilHub mapped it, by its SKU or barcode, or a person. `filled` are the fields of the
    product that the store fills in; one that is changed here is left alone from then on."""

    id: str
    variant_id: Annotated[str, Meta(examples=["gid://shopify/ProductVariant/4711"])]
    external_product_id: str
    sku: Annotated[str, Meta(examples=["MUG"])]
    title: str
    barcode: str
    requires_shipping: bool | None
    tracked: bool | None
    status: Literal["active", "draft", "archived"]
    state: VariantStateName
    code: VariantCode | None
    reason: str | None
    product_id: str | None
    mapped_by: Literal["fulfilhub", "person"] | None
    filled: list[str]
    changed_at: datetime
    created_at: datetime
    updated_at: datetime


class MapIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """The product that a variant means."""

    product_id: ProductId


class UnreadableOut(Struct, kw_only=True):
    """What could not be read of a list, shortened, and why."""

    raw: str
    reason: str


class StoreImportOut(Struct, kw_only=True):
    """How bringing in a store's products goes. `state`: `queued`; `listing`, the store makes its list; `reading`, it is
    read; and how it ended. `total`: entries of the list, as far as the store says. `read` of them were read: `mapped`
    to products (`made`: to new ones), `unmapped` (see the list of the store's products), `unread` where they made no
    sense, of which some are shown. `gone`: variants the store has no longer. `since`: only what changed after that."""

    id: str
    store_id: str
    state: ImportStateName
    since: datetime | None
    total: int | None
    read: int
    mapped: int
    made: int
    unmapped: int
    gone: int
    unread: int
    unreadable: list[UnreadableOut]
    code: str | None
    reason: str | None
    requested_by: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    version: int


class StoreReturnOut(Struct, kw_only=True):
    """A return that stands in a store. `return_id` is ours, null while it can't be taken (`code` and `reason` say why;
    it is tried again with every look at the order). `external_id` is the store's own, null while it was not told.
    `begun`: where it began. `refunds`: what the store paid back for it, by its own ids."""

    id: str
    order_id: str | None
    order_external_id: str
    return_id: str | None
    external_id: str | None
    name: Annotated[str, Meta(examples=["#1001-R1"])]
    begun: Literal["here", "store"]
    status: SeenStatusName
    refunds: list[str]
    code: str | None
    reason: str | None
    created_at: datetime
    updated_at: datetime


def store_product_out(row: VariantRow) -> StoreProductOut:
    return StoreProductOut(
        id=ids.STORE_PRODUCT.show(row.id),
        variant_id=row.variant_id,
        external_product_id=row.parent_id,
        sku=row.sku,
        title=row.title,
        barcode=row.barcode,
        requires_shipping=row.requires_shipping,
        tracked=row.tracked,
        status=row.status,  # type: ignore[arg-type]  # the CHECK constraint holds it to these values
        state=row.state,  # type: ignore[arg-type]
        code=row.code,  # type: ignore[arg-type]  # written from rules.products.Why only
        reason=None if row.code is None else SENTENCES[Why(row.code)],
        product_id=None if row.product_id is None else ids.PRODUCT.show(row.product_id),
        mapped_by=None if row.product_id is None else "fulfilhub" if row.ours else "person",
        filled=sorted(row.written),
        changed_at=row.changed_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def store_import_out(row: ImportRow) -> StoreImportOut:
    return StoreImportOut(
        id=ids.STORE_IMPORT.show(row.id),
        store_id=ids.STORE.show(row.store_id),
        state=row.state,  # type: ignore[arg-type]
        since=row.since,
        total=row.total,
        read=row.read,
        mapped=row.mapped,
        made=row.made,
        unmapped=row.unmapped,
        gone=row.gone,
        unread=row.unread,
        unreadable=msgspec.convert(row.unreadable, list[UnreadableOut]),
        code=row.code,
        reason=row.reason,
        requested_by=row.requested_by,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        version=row.version,
    )


def store_return_out(row: LinkRow) -> StoreReturnOut:
    return StoreReturnOut(
        id=ids.STORE_RETURN.show(row.id),
        order_id=None if row.order_id is None else ids.ORDER.show(row.order_id),
        order_external_id=row.order_external_id,
        return_id=None if row.return_id is None else ids.RETURN.show(row.return_id),
        external_id=row.external_id,
        name=row.name,
        begun=row.begun,  # type: ignore[arg-type]
        status=row.status,  # type: ignore[arg-type]
        refunds=row.refunds,
        code=row.code,
        reason=row.reason,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
