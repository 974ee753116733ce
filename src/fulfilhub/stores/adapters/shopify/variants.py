"""Shopify's products in our words: from a query, a line of a bulk operation, or a webhook. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from fulfilhub.stores.adapters import reading
from fulfilhub.stores.adapters.goods import ItemTold, LevelTold, ProductTold, ShopStatus, StoreVariant
from fulfilhub.stores.adapters.shopify.ids import gid

#: A product that has only one variant calls it this.
_ONLY = "Default Title"
#: Source: the international avoirdupois pound and ounce, in grams.
_GRAMS = {
    "GRAMS": Decimal(1),
    "KILOGRAMS": Decimal(1000),
    "OUNCES": Decimal("28.349523125"),
    "POUNDS": Decimal("453.59237"),
    "G": Decimal(1),
    "KG": Decimal(1000),
    "OZ": Decimal("28.349523125"),
    "LB": Decimal("453.59237"),
}
_STATUS = {"archived": ShopStatus.ARCHIVED, "draft": ShopStatus.DRAFT}


def grams(value: object, unit: object) -> int | None:
    """A weight in whole grams, rounded up from half; None for what is no weight above zero."""
    amount, each = reading.decimal(value), _GRAMS.get(reading.text(unit).upper())
    if amount is None or each is None or amount <= 0:
        return None
    return int((amount * each).to_integral_value(ROUND_HALF_UP)) or None


def variant(row: Mapping[str, object]) -> StoreVariant | None:
    """A variant as the API has it (see the fragment `Variant`); None when it is none."""
    product, item = reading.table(row.get("product")), reading.table(row.get("inventoryItem"))
    variant_id, product_id = gid("ProductVariant", row.get("id")), gid("Product", product.get("id"))
    if not variant_id or not product_id:
        return None
    weight = reading.table(reading.table(item.get("measurement")).get("weight"))
    ships = _flag(item.get("requiresShipping"))
    return StoreVariant(
        variant_id=variant_id,
        product_id=product_id,
        changed_at=_latest(row.get("updatedAt"), product.get("updatedAt")),
        item_id=gid("InventoryItem", item.get("id")),
        sku=_sku(row.get("sku")),
        title=_title(product.get("title"), row.get("title")),
        barcode=reading.identifier(row.get("barcode")),
        weight_grams=grams(weight.get("value"), weight.get("unit")),
        hs_code=reading.identifier(item.get("harmonizedSystemCode")),
        origin_country=reading.country(item.get("countryCodeOfOrigin")),
        requires_shipping=False if product.get("isGiftCard") is True else ships,
        tracked=_flag(item.get("tracked")),
        status=_STATUS.get(reading.text(product.get("status")).lower(), ShopStatus.ACTIVE),
    )


def product_told(payload: Mapping[str, object]) -> ProductTold | None:
    """What products/create and products/update tell. They show the first hundred variants; of the others only the ids,
    and then the product is not told whole."""
    product_id = gid("Product", payload.get("admin_graphql_api_id") or payload.get("id"))
    rows = reading.rows(payload.get("variants"))
    if not product_id or not isinstance(payload.get("variants"), list):
        return None
    found = [_from_webhook(row, payload, product_id) for row in rows]
    variants = tuple(each for each in found if each is not None)
    named = payload.get("variant_gids")
    others = len(named) if isinstance(named, list) else 0
    return ProductTold(product_id, variants, 0 < len(variants) == len(rows) and len(rows) >= others and len(rows) < 100)


def product_gone(payload: Mapping[str, object]) -> ProductTold | None:
    """What products/delete tells: the number, and nothing else."""
    product_id = gid("Product", payload.get("admin_graphql_api_id") or payload.get("id"))
    return ProductTold(product_id, (), whole=True) if product_id and "variants" not in payload else None


def item_told(payload: Mapping[str, object]) -> ItemTold | None:
    """What inventory_items/update tells."""
    item_id = gid("InventoryItem", payload.get("admin_graphql_api_id") or payload.get("id"))
    changed_at = reading.moment(payload.get("updated_at"))
    if not item_id or changed_at is None:
        return None
    return ItemTold(
        item_id=item_id,
        changed_at=changed_at,
        sku=_sku(payload.get("sku")),
        weight_grams=grams(payload.get("weight_value"), payload.get("weight_unit")),
        hs_code=reading.identifier(payload.get("harmonized_system_code")),
        origin_country=reading.country(payload.get("country_code_of_origin")),
        requires_shipping=_flag(payload.get("requires_shipping")),
        tracked=_flag(payload.get("tracked")),
    )


def level_told(payload: Mapping[str, object]) -> LevelTold | None:
    """What inventory_levels/update tells."""
    item_id = gid("InventoryItem", payload.get("inventory_item_id"))
    location = gid("Location", payload.get("location_id"))
    available, changed_at = reading.stock(payload.get("available")), reading.moment(payload.get("updated_at"))
    if not item_id or not location or available is None or changed_at is None:
        return None
    return LevelTold(item_id, location, available, changed_at)


def return_told(payload: Mapping[str, object]) -> str:
    """The order of a returns/* delivery: some carry its number, others the order itself."""
    return gid("Order", payload.get("order_id") or reading.table(payload.get("order")).get("admin_graphql_api_id"))


def listed_told(payload: Mapping[str, object]) -> str:
    """The operation of bulk_operations/finish."""
    return gid("BulkOperation", payload.get("admin_graphql_api_id"))


def _from_webhook(row: Mapping[str, object], product: Mapping[str, object], product_id: str) -> StoreVariant | None:
    variant_id = gid("ProductVariant", row.get("admin_graphql_api_id") or row.get("id"))
    if not variant_id:
        return None
    return StoreVariant(
        variant_id=variant_id,
        product_id=product_id,
        changed_at=_latest(row.get("updated_at"), product.get("updated_at")),
        item_id=gid("InventoryItem", row.get("inventory_item_id")),
        sku=_sku(row.get("sku")),
        title=_title(product.get("title"), row.get("title")),
        barcode=reading.identifier(row.get("barcode")),
        weight_grams=grams(row.get("weight"), row.get("weight_unit")),
        requires_shipping=_flag(row.get("requires_shipping")),
        status=_STATUS.get(reading.text(product.get("status")).lower(), ShopStatus.ACTIVE),
    )


def _sku(value: object) -> str:
    # Compared exactly, as everywhere; but a SKU is never longer than a page of them.
    return reading.text(value)[:255]


def _title(product: object, variant_title: object) -> str:
    name, own = reading.text(product), reading.text(variant_title)
    return name if not own or own == _ONLY else f"{name} - {own}" if name else own


def _latest(*given: object) -> datetime:
    times = [found for each in given if (found := reading.moment(each)) is not None]
    return max(times, default=reading.UNKNOWN_TIME)


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None
