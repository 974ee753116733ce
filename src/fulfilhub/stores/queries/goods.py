"""Every look at what stores have: their variants, imports, and the returns that stand in both places."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from fulfilhub.platform import ids
from fulfilhub.platform.errors import NotFound
from fulfilhub.platform.work import Work
from fulfilhub.stores.models import StoreCatalogue, StoreImport, StoreProduct, StoreReturn
from fulfilhub.stores.rules.products import LIVE_IMPORT


class CatalogueRow(NamedTuple):
    """One store's row; see `models.goods.StoreCatalogue`."""

    store_id: UUID
    whole_to: datetime | None
    changes_to: datetime | None
    returns_to: datetime | None
    sweep_at: datetime | None


class VariantRow(NamedTuple):
    """One variant of a store; see `models.goods.StoreProduct`."""

    id: UUID
    variant_id: str
    parent_id: str
    item_id: str
    sku: str
    title: str
    barcode: str
    weight_grams: int | None
    hs_code: str
    origin_country: str
    requires_shipping: bool | None
    tracked: bool | None
    status: str
    state: str
    code: str | None
    product_id: UUID | None
    ours: bool
    written: dict[str, object]
    import_id: UUID | None
    changed_at: datetime
    created_at: datetime
    updated_at: datetime


class ImportRow(NamedTuple):
    """One import; see `models.goods.StoreImport`."""

    id: UUID
    store_id: UUID
    state: str
    since: datetime | None
    listing_id: str | None
    place: str | None
    step: int
    polls: int
    failures: int
    total: int | None
    read: int
    mapped: int
    made: int
    unmapped: int
    gone: int
    unreadable: list[object]
    unread: int
    code: str | None
    reason: str | None
    requested_by: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    version: int

    @property
    def live(self) -> bool:
        """Whether it is not over."""
        return self.state in LIVE_IMPORT


class LinkRow(NamedTuple):
    """One return that stands in a store; see `models.goods.StoreReturn`."""

    id: UUID
    store_id: UUID
    order_external_id: str
    order_id: UUID | None
    return_id: UUID | None
    external_id: str | None
    name: str
    begun: str
    status: str
    refunds: list[str]
    code: str | None
    reason: str | None
    created_at: datetime
    updated_at: datetime


CATALOGUE = tuple(getattr(StoreCatalogue, name) for name in CatalogueRow._fields)
VARIANT = tuple(getattr(StoreProduct, name) for name in VariantRow._fields)
IMPORT = tuple(getattr(StoreImport, name) for name in ImportRow._fields)
LINK = tuple(getattr(StoreReturn, name) for name in LinkRow._fields)


async def catalogue_of(work: Work, store_id: UUID, *, lock: bool = False) -> CatalogueRow | None:
    """How far a store's products and returns are known, optionally locked; None before anything is."""
    query = select(*CATALOGUE).where(StoreCatalogue.merchant_id == work.account_id, StoreCatalogue.store_id == store_id)
    row = (await work.db.execute(query.with_for_update() if lock else query)).one_or_none()
    return None if row is None else CatalogueRow._make(row)


async def known_variants(
    work: Work,
    store_id: UUID,
    variant_ids: Collection[str] = (),
    *,
    skus: Collection[str] = (),
    parents: Collection[str] = (),
    items: Collection[str] = (),
) -> dict[str, VariantRow]:
    """A store's variants by their ids: those named, those with one of these SKUs, of one of these products, or counted
    by one of these items."""
    mine = (StoreProduct.merchant_id == work.account_id, StoreProduct.store_id == store_id)
    found: dict[str, VariantRow] = {}
    for column, names in (
        (StoreProduct.variant_id, variant_ids),
        (StoreProduct.sku, skus),
        (StoreProduct.parent_id, parents),
        (StoreProduct.item_id, items),
    ):
        wanted = sorted({name for name in names if name})
        if wanted:
            query = select(*VARIANT).where(*mine, column == any_(bindparam("names", wanted, ARRAY(Text()))))
            found |= {row.variant_id: VariantRow._make(row) for row in await work.db.execute(query)}
    return found


async def get_variant(work: Work, store_id: UUID, id_: UUID, *, lock: bool = False) -> VariantRow:
    """One variant of a store by our id of it. Raises NotFound."""
    query = select(*VARIANT).where(
        StoreProduct.merchant_id == work.account_id, StoreProduct.store_id == store_id, StoreProduct.id == id_
    )
    row = (await work.db.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no product {ids.STORE_PRODUCT.show(id_)!r} of this store.")
    return VariantRow._make(row)


async def list_variants(
    work: Work,
    store_id: UUID,
    after: UUID | None,
    limit: int,
    *,
    state: str | None = None,
    code: str | None = None,
    sku: str | None = None,
) -> list[VariantRow]:
    """A store's variants by when they were first seen."""
    query = (
        select(*VARIANT)
        .where(StoreProduct.merchant_id == work.account_id, StoreProduct.store_id == store_id)
        .order_by(StoreProduct.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(StoreProduct.id > after)
    if state is not None:
        query = query.where(StoreProduct.state == state)
    if code is not None:
        query = query.where(StoreProduct.code == code)
    if sku is not None:
        query = query.where(StoreProduct.sku == sku)
    return [VariantRow._make(row) for row in await work.db.execute(query)]


async def get_import(work: Work, store_id: UUID, import_id: UUID, *, lock: bool = False) -> ImportRow:
    """One import of a store. Raises NotFound."""
    query = select(*IMPORT).where(
        StoreImport.merchant_id == work.account_id, StoreImport.store_id == store_id, StoreImport.id == import_id
    )
    row = (await work.db.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no import {ids.STORE_IMPORT.show(import_id)!r} of this store.")
    return ImportRow._make(row)


async def live_import(work: Work, store_id: UUID, *, lock: bool = False) -> ImportRow | None:
    """The store's import that is not over, if there is one."""
    query = select(*IMPORT).where(
        StoreImport.merchant_id == work.account_id,
        StoreImport.store_id == store_id,
        StoreImport.state.in_(LIVE_IMPORT),
    )
    row = (await work.db.execute(query.with_for_update() if lock else query)).one_or_none()
    return None if row is None else ImportRow._make(row)


async def last_import(work: Work, store_id: UUID) -> ImportRow | None:
    """The store's newest import; None before the first."""
    query = (
        select(*IMPORT)
        .where(StoreImport.merchant_id == work.account_id, StoreImport.store_id == store_id)
        .order_by(StoreImport.id.desc())
        .limit(1)
    )
    row = (await work.db.execute(query)).one_or_none()
    return None if row is None else ImportRow._make(row)


async def count_variants(work: Work, store_id: UUID) -> dict[str, int]:
    """How many of a store's variants are in each state."""
    query = (
        select(StoreProduct.state, func.count())
        .where(StoreProduct.merchant_id == work.account_id, StoreProduct.store_id == store_id)
        .group_by(StoreProduct.state)
    )
    return {state: int(count) for state, count in await work.db.execute(query)}


async def list_imports(work: Work, store_id: UUID, after: UUID | None, limit: int) -> list[ImportRow]:
    """A store's imports, oldest first."""
    query = select(*IMPORT).where(StoreImport.merchant_id == work.account_id, StoreImport.store_id == store_id)
    if after is not None:
        query = query.where(StoreImport.id > after)
    return [ImportRow._make(row) for row in await work.db.execute(query.order_by(StoreImport.id).limit(limit))]


async def links(
    work: Work,
    store_id: UUID,
    *,
    external_ids: Collection[str] = (),
    return_ids: Collection[UUID] = (),
    order_external_id: str | None = None,
) -> list[LinkRow]:
    """The returns of a store that are known by one of these names, or of this order; locked in key order."""
    known = StoreReturn.external_id.in_(list(external_ids)) | StoreReturn.return_id.in_(list(return_ids))
    if order_external_id is not None:
        known |= StoreReturn.order_external_id == order_external_id
    query = select(*LINK).where(StoreReturn.merchant_id == work.account_id, StoreReturn.store_id == store_id, known)
    return [LinkRow._make(row) for row in await work.db.execute(query.order_by(StoreReturn.id).with_for_update())]


async def get_link(work: Work, store_id: UUID, id_: UUID) -> LinkRow:
    """One return that stands in a store, by our id of the pair. Raises NotFound."""
    query = select(*LINK).where(
        StoreReturn.merchant_id == work.account_id, StoreReturn.store_id == store_id, StoreReturn.id == id_
    )
    row = (await work.db.execute(query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no return {ids.STORE_RETURN.show(id_)!r} of this store.")
    return LinkRow._make(row)


async def list_links(
    work: Work, store_id: UUID, after: UUID | None, limit: int, *, troubled: bool | None = None
) -> list[LinkRow]:
    """A store's returns by when they were first known; `troubled`: only those with a reason, or only those without."""
    query = (
        select(*LINK)
        .where(StoreReturn.merchant_id == work.account_id, StoreReturn.store_id == store_id)
        .order_by(StoreReturn.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(StoreReturn.id > after)
    if troubled is not None:
        query = query.where(StoreReturn.code.is_not(None) if troubled else StoreReturn.code.is_(None))
    return [LinkRow._make(row) for row in await work.db.execute(query)]
