"""Making and changing products and kits, and mapping stores' variants to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, insert, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from fulfilhub.catalogue import queries
from fulfilhub.catalogue.events import KitChanged, ListingChanged, ProductChanged
from fulfilhub.catalogue.models import Listing, Product, ProductComponent
from fulfilhub.catalogue.queries import LISTING_COLUMNS, PRODUCT_COLUMNS, ComponentRow, ListingRow, ProductRow
from fulfilhub.catalogue.rules import (
    PRODUCT,
    ComponentArchived,
    ComponentInUse,
    ListingTaken,
    NewComponent,
    Part,
    ProductKind,
    ProductState,
    ProductVerb,
    SkuTaken,
    Stocked,
    component_faults,
    customs_fault,
)
from fulfilhub.platform import ids
from fulfilhub.platform.errors import FieldError, Invalid, NotFound
from fulfilhub.platform.machines import Who
from fulfilhub.platform.work import Work
from fulfilhub.web.conditional import check_version


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProduct:
    """What a product is. Grams, millimetres; the customs value in minor units of its currency. With `components` it is
    a kit."""

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
    upright: bool = False
    fragile: bool = False
    dangerous_goods: str | None = None
    packing_note: str = ""
    components: tuple[NewComponent, ...] | None = None


CHANGES = {ProductVerb.ARCHIVE: "archived", ProductVerb.RESTORE: "restored"}


async def make_products(work: Work, wanted: Sequence[NewProduct]) -> list[ProductRow | SkuTaken | Invalid]:
    """Make products, plain ones in one statement and then kits, which may be made of them; for each, in the order
    given, the product or why it was not made.

    Of several with one SKU in the same call the first is made. Raises nothing.
    """
    faults = [customs_fault(each.customs_value_minor, each.customs_currency) for each in wanted]
    firsts: dict[str, int] = {}
    for place, product in enumerate(wanted):
        if faults[place] is None:
            firsts.setdefault(product.sku, place)
    chosen = [wanted[place] for place in firsts.values()]
    made = await _insert(work, [each for each in chosen if each.components is None])
    kits, bad = await _make_kits(work, [each for each in chosen if each.components is not None])
    made |= kits
    work.publish(*(ProductChanged(product_id=row.id, change="created") for row in made.values()))
    answers: list[ProductRow | SkuTaken | Invalid] = []
    for place, product in enumerate(wanted):
        mine = made.get(product.sku) or bad.get(product.sku) if firsts.get(product.sku) == place else None
        answers.append(faults[place] or mine or _taken(product.sku))
    return answers


async def _insert(work: Work, products: Sequence[NewProduct]) -> dict[str, ProductRow]:
    """Those that were made, by SKU; one whose SKU is in use is left out."""
    if not products:
        return {}
    # In SKU order, so that two batches at once wait for each other instead of deadlocking.
    values = [_new_row(work, product) for product in sorted(products, key=lambda each: each.sku)]
    statement = upsert(Product).on_conflict_do_nothing(index_elements=["merchant_id", "sku"])
    rows = await work.db.execute(statement.returning(*PRODUCT_COLUMNS), values)
    return {row.sku: ProductRow(*row) for row in rows}


async def _make_kits(work: Work, kits: Sequence[NewProduct]) -> tuple[dict[str, ProductRow], dict[str, Invalid]]:
    """Kits made, and why others can't be made, by SKU."""
    if not kits:
        return {}, {}
    names = {each.name for kit in kits for each in kit.components or () if each.name is not None}
    found = await queries.find_parts(work, names)
    bad: dict[str, Invalid] = {}
    recipes: dict[str, tuple[ComponentRow, ...]] = {}
    for kit in kits:
        wanted = kit.components or ()
        faults = component_faults(wanted, found)
        if faults:
            bad[kit.sku] = _bad_components(faults)
        else:
            recipes[kit.sku] = _recipe(wanted, found)
    made = {
        sku: row._replace(components=recipes[sku])
        for sku, row in (await _insert(work, [kit for kit in kits if kit.sku in recipes])).items()
    }
    await _write_components(work, made.values())
    return made, bad


def _recipe(wanted: Sequence[NewComponent], found: Mapping[str | UUID, Part]) -> tuple[ComponentRow, ...]:
    parts = [(found[each.name], each.units) for each in wanted if each.name is not None]
    return tuple(sorted(ComponentRow(part.id, part.sku, units) for part, units in parts))


def _bad_components(faults: Sequence[FieldError]) -> Invalid:
    return Invalid("A kit can't be made of these components.", fields=faults)


async def _write_components(work: Work, kits: Iterable[ProductRow]) -> None:
    values = [
        {"merchant_id": work.account_id, "kit_id": kit.id, "product_id": each.product_id, "units": each.units}
        for kit in kits
        for each in kit.components
    ]
    if values:
        await work.db.execute(insert(ProductComponent), values)


async def make_product(work: Work, wanted: NewProduct) -> ProductRow:
    """Make one product. Raises SkuTaken, and Invalid for a customs value without its currency or components that a kit
    can't be made of."""
    (made,) = await make_products(work, [wanted])
    if isinstance(made, ProductRow):
        return made
    raise made


async def change_product(
    work: Work, product_id: UUID, changes: Mapping[str, object], expected_version: int | None = None
) -> ProductRow:
    """Set the named columns of a product; without a real change nothing happens. `components` (NewComponents, or None)
    make it a kit of just these, or plain; fulfilments made before keep what they were made with.

    Raises NotFound, Stale when `expected_version` is no longer the present one, Invalid for a customs value without
    its currency (or the other way round) or components that a kit can't be made of, ComponentInUse or Stocked when it
    can't become a kit.
    """
    row = await queries.get_product(work, product_id, lock=True)
    check_version(expected_version, row.version)
    new = {name: value for name, value in changes.items() if name != "components" and getattr(row, name) != value}
    recipe = await _new_recipe(work, row, changes["components"]) if "components" in changes else None
    if not new and recipe is None:
        return row
    value = new.get("customs_value_minor", row.customs_value_minor)
    fault = customs_fault(value, new.get("customs_currency", row.customs_currency))
    if fault is not None:
        raise fault
    if recipe is None:
        return await _write(work, row, new, "updated")
    return await _remake(work, row, new, recipe)


async def _new_recipe(work: Work, row: ProductRow, wanted: object) -> tuple[ComponentRow, ...] | None:
    """What the product is to be made of now (nothing: it is to be plain); None when it is so already. Its row is
    locked."""
    present = (await queries.components_of(work, [row.id])).get(row.id, ())
    if not isinstance(wanted, tuple):
        return () if row.is_kit else None
    found = await queries.find_parts(work, {each.name for each in wanted if each.name is not None})
    faults = component_faults(wanted, found, row.id)
    if faults:
        raise _bad_components(faults)
    recipe = _recipe(wanted, found)
    return None if recipe == present else recipe


async def _remake(
    work: Work, row: ProductRow, new: Mapping[str, object], recipe: tuple[ComponentRow, ...]
) -> ProductRow:
    await _refuse_in_use(work, row, "become a kit", archived=True)
    await work.db.execute(
        delete(ProductComponent).where(
            ProductComponent.merchant_id == work.account_id, ProductComponent.kit_id == row.id
        )
    )
    kind = ProductKind.KIT if recipe else ProductKind.PLAIN
    try:
        made = await _write(work, row, {**new, "kind": kind}, "updated")
    except IntegrityError as error:
        # Stock levels refer to plain products only (inventory's key): having any, ever, keeps a product plain.
        if "fk_stock_levels_product" not in str(error.orig):
            raise
        raise Stocked(
            f"{row.sku} has had stock of its own, which a kit never has: make the kit as a new product."
        ) from None
    made = made._replace(components=recipe)
    await _write_components(work, [made])
    work.publish(KitChanged(product_id=row.id))
    return made


async def _refuse_in_use(work: Work, row: ProductRow, what: str, *, archived: bool) -> None:
    kits = await queries.kits_using(work, row.id, archived=archived)
    if kits:
        raise ComponentInUse(
            f"{row.sku} can't {what}: {', '.join(kits)} {'is' if len(kits) == 1 else 'are'} made of it.",
            more={"kits": kits},
        )


async def move_product(
    work: Work, product_id: UUID, verb: ProductVerb, expected_version: int | None = None
) -> ProductRow:
    """Archive or restore a product.

    Raises NotFound, Stale, Conflict when it is so already, ComponentInUse when a kit in use is made of it, and
    ComponentArchived for a kit of something archived.
    """
    row = await queries.get_product(work, product_id, lock=True)
    check_version(expected_version, row.version)
    state = PRODUCT.next(ProductState(row.state), verb, Who.MERCHANT)
    if state is ProductState.ARCHIVED:
        await _refuse_in_use(work, row, "be archived", archived=False)
    else:
        await _refuse_archived(work, row)
    return await _write(work, row, {"state": state}, CHANGES[verb])


async def _refuse_archived(work: Work, kit: ProductRow) -> None:
    components = (await queries.components_of(work, [kit.id])).get(kit.id, ())
    parts = await queries.find_parts(work, {each.product_id for each in components})
    archived = sorted(part.sku for part in parts.values() if part.state is ProductState.ARCHIVED)
    if archived:
        raise ComponentArchived(
            f"{kit.sku} is made of {' and '.join(archived)}, which {'is' if len(archived) == 1 else 'are'} archived: "
            "restore that first.",
            more={"components": archived},
        )


async def _write(work: Work, row: ProductRow, new: Mapping[str, object], change: str) -> ProductRow:
    statement = (
        update(Product)
        .where(Product.merchant_id == work.account_id, Product.id == row.id)
        .values(**new, version=row.version + 1, updated_at=work.now)
        .returning(*PRODUCT_COLUMNS)
    )
    changed = (await work.db.execute(statement)).one()
    work.publish(ProductChanged(product_id=row.id, change=change))
    return ProductRow(*changed)._replace(components=row.components)


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
        "upright": product.upright,
        "fragile": product.fragile,
        "dangerous_goods": product.dangerous_goods,
        "packing_note": product.packing_note,
        "kind": ProductKind.PLAIN if product.components is None else ProductKind.KIT,
        "created_at": work.now,
        "updated_at": work.now,
    }


def _taken(sku: str) -> SkuTaken:
    return SkuTaken(f"There is a product with the SKU {sku!r} already.", fields=[FieldError("/sku", "Is in use.")])
