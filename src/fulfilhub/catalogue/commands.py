"""Making and changing products, and mapping stores' variants to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert as upsert

from fulfilhub.catalogue import queries
from fulfilhub.catalogue.events import ListingChanged, ProductChanged
from fulfilhub.catalogue.models import Listing, Product
from fulfilhub.catalogue.queries import LISTING_COLUMNS, PRODUCT_COLUMNS, ListingRow, ProductRow
from fulfilhub.catalogue.rules import PRODUCT, ListingTaken, ProductState, ProductVerb, SkuTaken, customs_fault
from fulfilhub.platform import ids
from fulfilhub.platform.errors import FieldError, Invalid, NotFound
from fulfilhub.platform.machines import Who
from fulfilhub.platform.work import Work
from fulfilhub.web.conditional import check_version


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProduct:
    """What a product is made of. Grams, millimetres; the customs value in minor units of its currency."""

    sku: str
    name: str
    barcodes: tuple[str, ...] = ()
    weight_grams: int | None = None
    length_mm: int | None = None
    width_mm: int | None = None
    height_mm: int | None = None
    hs_code: str | None = None
    origin_country: str | None = None
    customs_value_minor: int | None = None
    customs_currency: str | None = None


CHANGES = {ProductVerb.ARCHIVE: "archived", ProductVerb.RESTORE: "restored"}


async def make_products(work: Work, wanted: Sequence[NewProduct]) -> list[ProductRow | SkuTaken | Invalid]:
    """Make products in one statement; for each, in order, the product or why it was not made.

    Of several with one SKU in the same call the first is made. Raises nothing.
    """
    faults = [customs_fault(each.customs_value_minor, each.customs_currency) for each in wanted]
    firsts: dict[str, int] = {}
    for place, product in enumerate(wanted):
        if faults[place] is None:
            firsts.setdefault(product.sku, place)
    # In SKU order, so that two batches at once wait for each other instead of deadlocking.
    values = [_new_row(work, wanted[place]) for _, place in sorted(firsts.items())]
    made: dict[str, ProductRow] = {}
    if values:
        statement = upsert(Product).on_conflict_do_nothing(index_elements=["merchant_id", "sku"])
        rows = await work.db.execute(statement.returning(*PRODUCT_COLUMNS), values)
        made = {row.sku: ProductRow(*row) for row in rows}
    work.publish(*(ProductChanged(product_id=row.id, change="created") for row in made.values()))
    answers: list[ProductRow | SkuTaken | Invalid] = []
    for place, product in enumerate(wanted):
        is_first = firsts.get(product.sku) == place
        answers.append(faults[place] or (made.get(product.sku) if is_first else None) or _taken(product.sku))
    return answers


async def make_product(work: Work, wanted: NewProduct) -> ProductRow:
    """Make one product. Raises SkuTaken, and Invalid for a customs value without its currency."""
    (made,) = await make_products(work, [wanted])
    if isinstance(made, ProductRow):
        return made
    raise made


async def change_product(
    work: Work, product_id: UUID, changes: Mapping[str, object], expected_version: int | None = None
) -> ProductRow:
    """Set the named columns of a product; without a real change nothing happens.

    Raises NotFound, Stale when `expected_version` is no longer the present one, and Invalid for a customs
    value without its currency (or the other way round).
    """
    row = await queries.get_product(work, product_id, lock=True)
    check_version(expected_version, row.version)
    new = {name: value for name, value in changes.items() if getattr(row, name) != value}
    if not new:
        return row
    value = new.get("customs_value_minor", row.customs_value_minor)
    fault = customs_fault(value, new.get("customs_currency", row.customs_currency))
    if fault is not None:
        raise fault
    return await _write(work, row, new, "updated")


async def move_product(
    work: Work, product_id: UUID, verb: ProductVerb, expected_version: int | None = None
) -> ProductRow:
    """Archive or restore a product. Raises NotFound, Stale, and Conflict when it is so already."""
    row = await queries.get_product(work, product_id, lock=True)
    check_version(expected_version, row.version)
    state = PRODUCT.next(ProductState(row.state), verb, Who.MERCHANT)
    return await _write(work, row, {"state": state}, CHANGES[verb])


async def _write(work: Work, row: ProductRow, new: Mapping[str, object], change: str) -> ProductRow:
    statement = (
        update(Product)
        .where(Product.merchant_id == work.account_id, Product.id == row.id)
        .values(**new, version=row.version + 1, updated_at=work.now)
        .returning(*PRODUCT_COLUMNS)
    )
    changed = (await work.db.execute(statement)).one()
    work.publish(ProductChanged(product_id=row.id, change=change))
    return ProductRow(*changed)


async def make_listing(work: Work, store_id: UUID, external_id: str, product_id: UUID) -> ListingRow:
    """Map a store's variant to a product.

    Raises Invalid for an unknown product, ListingTaken when the variant is mapped to another one. Mapping it
    to the same product again gives the listing that is there.
    """
    if product_id not in await queries.get_products(work, [product_id]):
        detail = "There is no such product."
        raise Invalid(detail, fields=[FieldError("/product_id", detail)])
    statement = upsert(Listing).on_conflict_do_nothing(index_elements=["merchant_id", "store_id", "external_id"])
    made = (
        await work.db.execute(
            statement.values(
                merchant_id=work.account_id,
                id=ids.new(),
                store_id=store_id,
                external_id=external_id,
                product_id=product_id,
                created_at=work.now,
            ).returning(*LISTING_COLUMNS)
        )
    ).one_or_none()
    if made is not None:
        row = ListingRow(*made)
        _tell(work, row, "mapped")
        return row
    (present,) = await queries.list_listings(work, None, 1, store_id=store_id, external_id=external_id)
    if present.product_id != product_id:
        raise ListingTaken(
            f"Variant {external_id!r} of this store means {ids.PRODUCT.show(present.product_id)}; "
            f"delete listing {ids.LISTING.show(present.id)} first.",
            more={"listing_id": ids.LISTING.show(present.id)},
        )
    return present


async def delete_listing(work: Work, listing_id: UUID) -> None:
    """End a mapping; orders taken before keep their product. Raises NotFound."""
    row = await queries.get_listing(work, listing_id)
    gone = await work.db.execute(
        delete(Listing).where(Listing.merchant_id == work.account_id, Listing.id == listing_id).returning(Listing.id)
    )
    if gone.one_or_none() is None:
        raise NotFound(f"There is no listing {ids.LISTING.show(listing_id)!r}.")
    _tell(work, row, "unmapped")


def _tell(work: Work, row: ListingRow, change: str) -> None:
    work.publish(ListingChanged(listing_id=row.id, store_id=row.store_id, product_id=row.product_id, change=change))


def _new_row(work: Work, product: NewProduct) -> dict[str, object]:
    return {
        "merchant_id": work.account_id,
        "id": ids.new(),
        "sku": product.sku,
        "name": product.name,
        "barcodes": list(product.barcodes),
        "weight_grams": product.weight_grams,
        "length_mm": product.length_mm,
        "width_mm": product.width_mm,
        "height_mm": product.height_mm,
        "hs_code": product.hs_code,
        "origin_country": product.origin_country,
        "customs_value_minor": product.customs_value_minor,
        "customs_currency": product.customs_currency,
        "created_at": work.now,
        "updated_at": work.now,
    }


def _taken(sku: str) -> SkuTaken:
    return SkuTaken(f"There is a product with the SKU {sku!r} already.", fields=[FieldError("/sku", "Is in use.")])
