"""Wire shapes of products and listings."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from fulfilhub.catalogue.commands import NewProduct
from fulfilhub.catalogue.queries import ListingRow, ProductRow
from fulfilhub.catalogue.rules import (
    BATCH_LIMIT,
    COMPONENT_LIMIT,
    PRODUCT,
    SKU_PATTERN,
    NewComponent,
    ProductState,
)
from fulfilhub.platform import ids
from fulfilhub.platform.machines import Who
from fulfilhub.web.problems import Problem

Sku = Annotated[str, Meta(pattern=SKU_PATTERN, max_length=100, examples=["MUG-RED"])]
Name = Annotated[str, Meta(min_length=1, max_length=300, examples=["Red mug"])]
Barcodes = Annotated[
    list[Annotated[str, Meta(pattern=r"^[\x21-\x7e]{1,64}$", examples=["5012345678900"])]], Meta(max_length=20)
]
Grams = Annotated[int, Meta(ge=0, le=10_000_000, examples=[350])]
Millimetres = Annotated[int, Meta(ge=1, le=100_000, examples=[120])]
HsCode = Annotated[str, Meta(pattern=r"^[0-9]{6,12}$", examples=["691200"])]
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}$", examples=["GB"])]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$", examples=["GBP"])]
Minor = Annotated[int, Meta(ge=0, le=1_000_000_000_000, examples=[499])]
Upright = Annotated[bool, Meta(description="Must not be laid on its side.")]
Fragile = Annotated[bool, Meta(description="Nothing may be put on top of it.")]
Dangerous = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=200,
        description="What makes it dangerous goods, as it is to be declared. It is packed apart from everything else.",
        examples=["UN3481 lithium ion batteries"],
    ),
]
PackingNote = Annotated[str, Meta(max_length=500, examples=["Wrap in tissue paper."])]
StoreId = Annotated[str, Meta(pattern=ids.STORE.pattern, examples=["str_01h455vb4pex5vsknk084sn02q"])]
KIT = [{"sku": "MUG-RED", "units": 2}, {"sku": "TEA-100G", "units": 1}]
ProductId = Annotated[str, Meta(pattern=ids.PRODUCT.pattern, examples=["prd_01h455vb4pex5vsknk084sn02q"])]


class ComponentIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """So many units of a product in one kit; the product by its SKU or its id."""

    sku: Sku | None = None
    product_id: ProductId | None = None
    units: Annotated[int, Meta(ge=1, le=1_000, examples=[2])] = 1


Components = Annotated[list[ComponentIn], Meta(min_length=1, max_length=COMPONENT_LIMIT, examples=[KIT])]


class ProductIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """A new product. The SKU is compared exactly and can't be changed later. With `components` it is a kit: it has no
    stock of its own, and is picked as what it is made of."""

    sku: Sku
    name: Name
    barcodes: Barcodes = msgspec.field(default_factory=list)
    weight_grams: Grams | None = None
    length_mm: Millimetres | None = None
    width_mm: Millimetres | None = None
    height_mm: Millimetres | None = None
    hs_code: HsCode | None = None
    origin_country: Country | None = None
    customs_value_minor: Minor | None = None
    customs_currency: Currency | None = None
    upright: Upright = False
    fragile: Fragile = False
    dangerous_goods: Dangerous | None = None
    packing_note: PackingNote = ""
    components: Components | None = None


class ProductChangeIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """What to change; what is left out stays, null clears. `components` replace all that a kit was made of; null makes
    it a plain product."""

    name: Name | UnsetType = UNSET
    barcodes: Barcodes | UnsetType = UNSET
    weight_grams: Grams | UnsetType | None = UNSET
    length_mm: Millimetres | UnsetType | None = UNSET
    width_mm: Millimetres | UnsetType | None = UNSET
    height_mm: Millimetres | UnsetType | None = UNSET
    hs_code: HsCode | UnsetType | None = UNSET
    origin_country: Country | UnsetType | None = UNSET
    customs_value_minor: Minor | UnsetType | None = UNSET
    customs_currency: Currency | UnsetType | None = UNSET
    upright: Upright | UnsetType = UNSET
    fragile: Fragile | UnsetType = UNSET
    dangerous_goods: Dangerous | UnsetType | None = UNSET
    packing_note: PackingNote | UnsetType = UNSET
    components: Components | UnsetType | None = UNSET


class ProductBatchIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Products to make. Each item is read by itself, so that a bad one never fails its neighbours."""

    products: Annotated[
        list[object],
        Meta(min_length=1, max_length=BATCH_LIMIT, description="Each as the body of `POST /v1/products`."),
    ]


class ComponentOut(Struct, kw_only=True):
    """So many units of a product in one kit."""

    product_id: str
    sku: str
    units: int


class ProductOut(Struct, kw_only=True):
    """A product: one row per SKU. Weight in grams, sizes in millimetres, customs value in minor units. `components` say
    what a kit is made of; null for a plain product."""

    id: str
    sku: str
    name: str
    barcodes: list[str]
    weight_grams: int | None
    length_mm: int | None
    width_mm: int | None
    height_mm: int | None
    hs_code: str | None
    origin_country: str | None
    customs_value_minor: int | None
    customs_currency: str | None
    upright: bool
    fragile: bool
    dangerous_goods: str | None
    packing_note: str
    components: list[ComponentOut] | None
    state: Literal["active", "archived"]
    actions: list[str]
    version: int
    created_at: datetime
    updated_at: datetime


class ProductAnswerOut(Struct, kw_only=True):
    """What became of one item of a batch: `status` as if it had been sent alone, and the product or the problem."""

    index: int
    status: int
    product: ProductOut | None = None
    problem: Problem | None = None


class ProductBatchOut(Struct, kw_only=True):
    """An answer per item, in the order in which they were sent."""

    created: int
    failed: int
    data: list[ProductAnswerOut]


class ListingIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """A store's variant (the store's own id of it), and the product it means."""

    store_id: StoreId
    external_id: Annotated[str, Meta(min_length=1, max_length=200, examples=["43729076"])]
    product_id: ProductId


class ListingOut(Struct, kw_only=True):
    """A store's variant, mapped to a product."""

    id: str
    store_id: str
    external_id: str
    product_id: str
    created_at: datetime


def changes_of(data: Struct) -> dict[str, object]:
    """The fields that were sent."""
    sent = {name: value for name in data.__struct_fields__ if (value := getattr(data, name)) is not UNSET}
    if "components" in sent:
        sent["components"] = new_components(sent["components"])
    return sent


def new_components(data: list[ComponentIn] | None) -> tuple[NewComponent, ...] | None:
    if data is None:
        return None
    return tuple(
        NewComponent(
            units=each.units,
            sku=None if each.sku is None else each.sku.strip(),
            product_id=None
            if each.product_id is None
            else ids.PRODUCT.read(each.product_id, f"/components/{place}/product_id"),
        )
        for place, each in enumerate(data)
    )


def new_product(data: ProductIn) -> NewProduct:
    values = msgspec.structs.asdict(data)
    # A pattern's `$` lets one line break at the end pass.
    fitted = {"sku": data.sku.strip(), "barcodes": tuple(data.barcodes), "components": new_components(data.components)}
    return NewProduct(**{**values, **fitted})


def product_out(row: ProductRow) -> ProductOut:
    state = ProductState(row.state)
    return ProductOut(
        id=ids.PRODUCT.show(row.id),
        sku=row.sku,
        name=row.name,
        barcodes=row.barcodes,
        weight_grams=row.weight_grams,
        length_mm=row.length_mm,
        width_mm=row.width_mm,
        height_mm=row.height_mm,
        hs_code=row.hs_code,
        origin_country=row.origin_country,
        customs_value_minor=row.customs_value_minor,
        customs_currency=row.customs_currency,
        upright=row.upright,
        fragile=row.fragile,
        dangerous_goods=row.dangerous_goods,
        packing_note=row.packing_note,
        components=[
            ComponentOut(product_id=ids.PRODUCT.show(each.product_id), sku=each.sku, units=each.units)
            for each in row.components
        ]
        if row.is_kit
        else None,
        state=row.state,  # type: ignore[arg-type]  # the CHECK constraint holds it to these values
        actions=[str(verb) for verb in PRODUCT.actions(state, Who.MERCHANT)],
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def listing_out(row: ListingRow) -> ListingOut:
    return ListingOut(
        id=ids.LISTING.show(row.id),
        store_id=ids.STORE.show(row.store_id),
        external_id=row.external_id,
        product_id=ids.PRODUCT.show(row.product_id),
        created_at=row.created_at,
    )
