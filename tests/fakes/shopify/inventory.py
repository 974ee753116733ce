"""Stock: what is at which location under which name, and the mutations that set it by compare and set, each under its
idempotency key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.fakes.shopify import payloads
from tests.fakes.shopify.engine import Call, No, field, mutation, top_level
from tests.fakes.shopify.search import chosen
from tests.fakes.shopify.shop import Shop
from tests.fakes.shopify.things import InventoryItem, InventoryLevel, Json, Location, ProductVariant

MOST = 1_000_000_000
REASONS = (
    "correction, cycle_count_available, damaged, movement_canceled, movement_created, movement_received, "
    "movement_updated, other, promotion, quality_control, received, reservation_created, reservation_deleted, "
    "reservation_updated, restock, safety_stock, shrinkage"
)
_NAMES = ("available", "on_hand", "committed", "incoming", "reserved", "damaged", "safety_stock", "quality_control")


# -- what orders do to stock --


def commit(shop: Shop, variant: ProductVariant | None, at: Location, units: int) -> None:
    """Units are sold: no longer available, still on hand. Shopify sells into the negative where a shop lets it."""
    _shift(shop, variant, at, available=-units, committed=units)


def release(shop: Shop, variant: ProductVariant | None, at: Location, units: int, *, restock: bool = True) -> None:
    """Units are not to be sent after all."""
    _shift(shop, variant, at, available=units if restock else 0, committed=-units)


def send(shop: Shop, variant: ProductVariant | None, at: Location, units: int) -> None:
    """Committed units left."""
    _shift(shop, variant, at, committed=-units)


def add(shop: Shop, variant: ProductVariant | None, at: Location, units: int) -> None:
    """Units came back, or in."""
    _shift(shop, variant, at, available=units)


def _shift(shop: Shop, variant: ProductVariant | None, at: Location, **deltas: int) -> None:
    if variant is None or not variant.inventory_item.tracked or not any(deltas.values()):
        return
    level = shop.level(variant.inventory_item, at)
    level.is_active = True
    for name, delta in deltas.items():
        level.quantities[name] += delta
    _changed(shop, [level] if deltas.get("available") else [])


def _changed(shop: Shop, levels: Sequence[InventoryLevel]) -> None:
    for level in levels:
        shop.touch(level)
    shop.tell(*(("inventory_levels/update", payloads.inventory_level(level)) for level in levels))


def set_available(shop: Shop, variant: ProductVariant, at: Location, units: int) -> None:
    """The merchant corrects the stock in the shop's admin."""
    level = shop.level(variant.inventory_item, at)
    level.is_active = True
    level.quantities["available"] = units
    _changed(shop, [level])


# -- what queries see --


@field("QueryRoot", "inventoryItem")
def _item(call: Call, _: Any) -> object:
    return call.shop.find(InventoryItem, call.args["id"])


@field("QueryRoot", "inventoryItems")
def _items(call: Call, _: Any) -> object:
    rows = [variant.inventory_item for variant in call.shop.variants()]
    members = {
        "id": lambda item: item.number,
        "sku": lambda item: item.sku,
        "updated_at": lambda item: item.updated_at,
        "created_at": lambda item: item.created_at,
    }
    return chosen(rows, call.args.get("query"), members)


@field("QueryRoot", "inventoryLevel")
def _one_level(call: Call, _: Any) -> object:
    return call.shop.find(InventoryLevel, call.args["id"])


@field("InventoryItem", "inventoryLevel")
def _level_of(call: Call, item: InventoryItem) -> object:
    place = call.shop.find(Location, call.args["locationId"])
    level = item.levels.get(place.id) if place else None
    return level if level and (level.is_active or call.args.get("includeInactive")) else None


@field("InventoryItem", "inventoryLevels")
def _levels_of(call: Call, item: InventoryItem) -> object:
    return [level for level in item.levels.values() if level.is_active or call.args.get("includeInactive")]


@field("InventoryItem", "variants")
def _variants_of(_: Call, item: InventoryItem) -> object:
    return [item.variant] if item.variant else []


@field("Location", "inventoryLevel")
def _level_at(call: Call, place: Location) -> object:
    item = call.shop.find(InventoryItem, call.args["inventoryItemId"])
    level = item.levels.get(place.id) if item else None
    return level if level and level.is_active else None


@field("Location", "inventoryLevels")
def _levels_at(call: Call, place: Location) -> object:
    found = [variant.inventory_item.levels.get(place.id) for variant in call.shop.variants()]
    levels = [level for level in found if level is not None and level.is_active]
    members = {
        "inventory_item_id": lambda level: level.item.number,
        "updated_at": lambda level: level.updated_at,
    }
    return chosen(levels, call.args.get("query"), members)


@field("InventoryLevel", "quantities")
def _quantities(call: Call, level: InventoryLevel) -> object:
    wrong = [name for name in call.args["names"] if name not in _NAMES]
    if wrong:
        raise top_level(f"The specified quantity names are invalid: {', '.join(wrong)}.", "BAD_REQUEST")
    return [
        {
            "id": f"gid://shopify/InventoryQuantity/{level.number}?name={name}",
            "name": name,
            "quantity": level.on_hand if name == "on_hand" else level.quantities[name],
            "updatedAt": level.updated_at if name == "available" else None,
        }
        for name in call.args["names"]
    ]


# -- mutations --


def _reason(given: Mapping[str, Any]) -> None:
    if given["reason"] not in REASONS.split(", "):
        told = f"The specified reason is invalid. Valid values are: {REASONS}."
        raise No(told, ["input", "reason"], "INVALID_REASON")


def _wrong(kind: str, place: int, row: Mapping[str, Any], shop: Shop) -> list[Json]:
    """What is wrong with the ids of one row."""
    told = []
    if shop.find(InventoryItem, row["inventoryItemId"]) is None:
        field_, message = "inventoryItemId", "The specified inventory item could not be found."
        told.append(
            {"field": ["input", kind, str(place), field_], "message": message, "code": "INVALID_INVENTORY_ITEM"}
        )
    if shop.find(Location, row["locationId"]) is None:
        field_, message = "locationId", "The specified location could not be found."
        told.append({"field": ["input", kind, str(place), field_], "message": message, "code": "INVALID_LOCATION"})
    return told


def _too_much(quantity: int) -> tuple[str, str] | None:
    if quantity > MOST:
        return "The quantity can't be higher than 1,000,000,000.", "INVALID_QUANTITY_TOO_HIGH"
    if quantity < 0:
        return "The quantity can't be negative.", "INVALID_QUANTITY_NEGATIVE"
    return None


def _refuse(errors: list[Json]) -> None:
    if errors:
        no = No("")
        no.errors = errors
        raise no


@mutation("inventorySetQuantities", idempotent=True)
def _set(call: Call) -> Json:
    """All or nothing, from the quantities the caller last saw."""
    shop, given = call.shop, call.args["input"]
    rows = given["quantities"]
    if len(rows) > 250:
        raise top_level("The input array size is greater than the maximum allowed of 250.", "MAX_INPUT_SIZE_EXCEEDED")
    if any("changeFromQuantity" not in row for row in rows):
        told = "InventoryQuantityInput must include the following argument: changeFromQuantity."
        raise top_level(told, "INVALID_FIELD_ARGUMENTS")
    if given["name"] not in ("available", "on_hand"):
        told = "The quantity name must be either 'available' or 'on_hand'."
        raise No(told, ["input", "name"], "INVALID_NAME")
    _reason(given)
    pairs = [(row["inventoryItemId"], row["locationId"]) for row in rows]
    errors: list[Json] = []
    for place, row in enumerate(rows):
        at = ["input", "quantities", str(place)]
        errors += _wrong("quantities", place, row, shop)
        if pairs.count(pairs[place]) > 1:
            told = "The combination of inventoryItemId and locationId must be unique."
            code = "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"
            errors.append({"field": [*at, "locationId"], "message": told, "code": code})
        if wrong := _too_much(row["quantity"]):
            errors.append({"field": [*at, "quantity"], "message": wrong[0], "code": wrong[1]})
    _refuse(errors)
    for place, row in enumerate(rows):
        errors += _stale(shop, given["name"], place, row)
    _refuse(errors)
    return {"inventoryAdjustmentGroup": _write(shop, given)}


def _stale(shop: Shop, name: str, place: int, row: Mapping[str, Any]) -> list[Json]:
    item, at = shop.find(InventoryItem, row["inventoryItemId"]), shop.find(Location, row["locationId"])
    assert item is not None
    assert at is not None
    where = ["input", "quantities", str(place)]
    level = item.levels.get(at.id)
    if level is None or not level.is_active:
        told = "The specified inventory item is not stocked at the location."
        return [{"field": [*where, "locationId"], "message": told, "code": "INVALID_LOCATION"}]
    has = level.on_hand if name == "on_hand" else level.quantities["available"]
    if row["changeFromQuantity"] is not None and row["changeFromQuantity"] != has:
        told = "The changeFromQuantity argument no longer matches the persisted quantity."
        return [{"field": [*where, "changeFromQuantity"], "message": told, "code": "CHANGE_FROM_QUANTITY_STALE"}]
    return []


def _write(shop: Shop, given: Mapping[str, Any]) -> Json:
    changes, levels = [], []
    for row in given["quantities"]:
        item, at = shop.find(InventoryItem, row["inventoryItemId"]), shop.find(Location, row["locationId"])
        assert item is not None
        assert at is not None
        level = item.levels[at.id]
        has = level.on_hand if given["name"] == "on_hand" else level.quantities["available"]
        delta = row["quantity"] - has
        level.quantities["available"] += delta
        if delta:
            levels.append(level)
            row_of = {"delta": delta, "quantityAfterChange": None, "item": item, "location": at}
            changes += [{"name": name, **row_of} for name in ("available", "on_hand")]
    _changed(shop, levels)
    return {
        "id": f"gid://shopify/InventoryAdjustmentGroup/{shop.next_id()}",
        "createdAt": shop.now(),
        "reason": given["reason"],
        "referenceDocumentUri": given.get("referenceDocumentUri"),
        "changes": changes,
    }


@mutation("inventoryActivate", idempotent=True)
def _activate(call: Call) -> Json:
    shop, given = call.shop, call.args
    item, at = shop.find(InventoryItem, given["inventoryItemId"]), shop.find(Location, given["locationId"])
    if item is None:
        raise No("The product couldn't be stocked because it wasn't found.", ["inventoryItemId"])
    if at is None:
        raise No("The product couldn't be stocked because the location wasn't found.", ["locationId"])
    available, on_hand = given.get("available"), given.get("onHand")
    level = shop.level(item, at)
    if available is not None and on_hand is not None:
        told = (
            f"The product couldn't be stocked at {at.name} because not allowed to set available and on_hand "
            "quantities at the same time."
        )
        raise No(told, ["available"])
    if level.is_active and on_hand is not None:
        raise No("Not allowed to set an on_hand quantity when the item is already active at the location.", ["onHand"])
    if not level.is_active:
        level.is_active = True
        level.quantities["available"] = available if available is not None else on_hand or 0
        shop.touch(level)
        shop.tell(("inventory_levels/connect", payloads.inventory_level(level)))
    return {"inventoryLevel": level}


@mutation("inventoryDeactivate")
def _deactivate(call: Call) -> Json:
    level = call.shop.find(InventoryLevel, call.args["inventoryLevelId"])
    if level is None:
        raise No("The product couldn't be unstocked because it wasn't stocked.", ["inventoryLevelId"])
    level.is_active = False
    call.shop.touch(level)
    return {}
