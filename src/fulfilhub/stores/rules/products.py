"""What becomes of a store's variants: which product each means, whether one is made for it, and what of a product a
store may fill in. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from fulfilhub.catalogue.rules import SKU_PATTERN
from fulfilhub.stores.adapters.goods import ShopStatus, StoreVariant

SKU = re.compile(SKU_PATTERN)
BARCODE = re.compile(r"[\x21-\x7e]{1,64}")
HS_CODE = re.compile(r"[0-9]{6,12}")
COUNTRY = re.compile(r"[A-Z]{2}")
NAME_LENGTH = 300
HEAVIEST = 10_000_000

CHUNK = 500
"""So many variants are taken in one transaction."""

LIST_EVERY = timedelta(hours=24)
"""How often a store's whole list is read anew, which finds what was deleted without a word."""

SWEEP_EVERY = timedelta(hours=1)
"""How often a store is asked what changed of its products and returns."""

OVERLAP = timedelta(minutes=10)
"""A sweep begins so long before the last one began: the store's list may lag, and its clock be another."""

LONGEST_POLL = timedelta(minutes=1)


class ImportPolicy(StrEnum):
    """What a store's products do here: nothing; they are mapped to products that are here already; or those that are
    not are made."""

    OFF = "off"
    MATCH = "match"
    CREATE = "create"


class VariantState(StrEnum):
    """Whether it is known what a variant means. `ignored`: somebody said that it needs no product. `gone`: the store
    has it no longer."""

    MAPPED = "mapped"
    UNMAPPED = "unmapped"
    IGNORED = "ignored"
    GONE = "gone"


class ImportState(StrEnum):
    """How far an import is: `listing`, the store makes its list; `reading`, we read it."""

    QUEUED = "queued"
    LISTING = "listing"
    READING = "reading"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


LIVE_IMPORT = (ImportState.QUEUED, ImportState.LISTING, ImportState.READING)


class Why(StrEnum):
    """Why a variant is not mapped, or what is odd about it. Stable: clients may read them."""

    NO_SKU = "no_sku"
    BAD_SKU = "bad_sku"
    DUPLICATE_SKU = "duplicate_sku"
    UNKNOWN_SKU = "unknown_sku"
    AMBIGUOUS_BARCODE = "ambiguous_barcode"
    PRODUCT_ARCHIVED = "product_archived"
    NOT_SHIPPED = "not_shipped"
    ARCHIVED = "archived"
    DELETED = "deleted"
    SKU_DIFFERS = "sku_differs"
    IMPORT_OFF = "import_off"


SENTENCES: dict[Why, str] = {
    Why.NO_SKU: "It has no SKU in the store: give it one there, or map it here.",
    Why.BAD_SKU: "Its SKU is longer than 100 characters or has blanks at its ends: change it in the store, or map it.",
    Why.DUPLICATE_SKU: "Another variant of the store has the same SKU: give it its own, or map it here.",
    Why.UNKNOWN_SKU: "There is no product with its SKU or barcode: make one, or map it to another.",
    Why.AMBIGUOUS_BARCODE: "Several products carry its barcode: map it to the right one.",
    Why.PRODUCT_ARCHIVED: "The product with its SKU is archived: restore it, or map it to another.",
    Why.NOT_SHIPPED: "The store ships nothing for it, so it needs no product.",
    Why.ARCHIVED: "It is archived in the store.",
    Why.DELETED: "The store has it no longer.",
    Why.SKU_DIFFERS: "Its SKU in the store is no longer its product's: it still means the same product.",
    Why.IMPORT_OFF: "The store's products are not taken over (product_import in its settings): map it by hand.",
}


class Act(StrEnum):
    """What is to be done with a variant: leave its mapping as it is, map it, make its product first, or nothing."""

    KEEP = "keep"
    MAP = "map"
    CREATE = "create"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class Known:
    """A product that a variant may mean."""

    id: UUID
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What is known here of a variant: the product its listing names (`listed`), and whether we made that listing
    (`ours`); the product with its SKU, and those with its barcode; whether another variant of the store has its SKU
    and the better right to it (`twin`)."""

    listed: UUID | None = None
    ours: bool = False
    by_sku: Known | None = None
    by_barcode: Sequence[UUID] = ()
    twin: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """What becomes of a variant; `why` says why nothing does, or what is odd."""

    act: Act
    product_id: UUID | None = None
    why: Why | None = None


def judge(variant: StoreVariant, ground: Ground, policy: ImportPolicy) -> Judged:
    """Which product a variant means: the listing's, else the one with its SKU, else the only one with its barcode.

    What somebody mapped by hand stays. What we mapped moves only where the store gave it the SKU of another product.
    """
    if ground.listed is not None:
        return _listed(variant, ground, ground.listed)
    if policy is ImportPolicy.OFF:
        return Judged(Act.LEAVE, None, Why.IMPORT_OFF)
    if variant.requires_shipping is False:
        return Judged(Act.LEAVE, None, Why.NOT_SHIPPED)
    if variant.status is ShopStatus.ARCHIVED:
        return Judged(Act.LEAVE, None, Why.ARCHIVED)
    if ground.twin:
        return Judged(Act.LEAVE, None, Why.DUPLICATE_SKU)
    if ground.by_sku is not None:
        if ground.by_sku.active:
            return Judged(Act.MAP, ground.by_sku.id)
        return Judged(Act.LEAVE, None, Why.PRODUCT_ARCHIVED)
    if len(ground.by_barcode) == 1:
        return Judged(Act.MAP, ground.by_barcode[0])
    if not variant.sku:
        return Judged(Act.LEAVE, None, Why.AMBIGUOUS_BARCODE if ground.by_barcode else Why.NO_SKU)
    if not SKU.fullmatch(variant.sku):
        return Judged(Act.LEAVE, None, Why.BAD_SKU)
    if ground.by_barcode:
        return Judged(Act.LEAVE, None, Why.AMBIGUOUS_BARCODE)
    return Judged(Act.CREATE) if policy is ImportPolicy.CREATE else Judged(Act.LEAVE, None, Why.UNKNOWN_SKU)


def _listed(variant: StoreVariant, ground: Ground, listed: UUID) -> Judged:
    named = ground.by_sku
    if ground.ours and named is not None and named.active and named.id != listed and not ground.twin:
        return Judged(Act.MAP, named.id)
    if variant.status is ShopStatus.ARCHIVED:
        return Judged(Act.KEEP, listed, Why.ARCHIVED)
    if ground.ours and variant.sku and named is None:
        return Judged(Act.KEEP, listed, Why.SKU_DIFFERS if not ground.by_barcode else None)
    return Judged(Act.KEEP, listed)


def told_fields(variant: StoreVariant) -> dict[str, object]:
    """What a variant says of its product, by our names; what it does not say, or says so that we can't keep it, is
    left out."""
    told: dict[str, object] = {}
    if variant.title:
        told["name"] = variant.title[:NAME_LENGTH]
    if BARCODE.fullmatch(variant.barcode):
        told["barcodes"] = [variant.barcode]
    if variant.weight_grams and 0 < variant.weight_grams <= HEAVIEST:
        told["weight_grams"] = variant.weight_grams
    if HS_CODE.fullmatch(variant.hs_code):
        told["hs_code"] = variant.hs_code
    if COUNTRY.fullmatch(variant.origin_country):
        told["origin_country"] = variant.origin_country
    return told


def merge(
    present: Mapping[str, object], written: Mapping[str, object], told: Mapping[str, object]
) -> tuple[dict[str, object], dict[str, object]]:
    """What of a product a store changes, and what the store is then known to have written: (changes, written).

    A field is the store's as long as it says what the store wrote last (`written`), or is empty and the store never
    wrote it. What somebody edited or emptied here is theirs, and stays.
    """
    changes: dict[str, object] = {}
    after = dict(written)
    for name, value in told.items():
        mine = present.get(name)
        free = mine == written[name] if name in written else not mine
        if free and mine != value:
            changes[name] = value
        if free or mine == value:
            after[name] = value
    return changes, after


def poll_after(polls: int) -> timedelta:
    """How long until a list that is being made is asked after again, the so-manieth time: 2, 3, 4.5 ... seconds up to
    LONGEST_POLL. The store's own word that it is ready comes first as a rule."""
    return min(timedelta(seconds=2 * 1.5 ** min(polls, 20)), LONGEST_POLL)
