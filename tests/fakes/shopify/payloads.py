"""What webhooks carry: whole orders, fulfilments and products in Shopify's REST shape, fulfilment orders hardly more
than by their ids."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from tests.fakes.shopify.engine import stamp
from tests.fakes.shopify.things import (
    Fulfillment,
    FulfillmentHold,
    FulfillmentOrder,
    InventoryLevel,
    Json,
    LineItem,
    Location,
    Order,
    Product,
    ProductVariant,
)

POSTAGE = Decimal("4.95")


def money_set(amount: Decimal, currency: str) -> Json:
    """An amount as webhooks have it."""
    money = {"amount": f"{amount:.2f}", "currency_code": currency}
    return {"shop_money": money, "presentment_money": money}


def _when(moment: datetime | None) -> str | None:
    return stamp(moment) if moment else None


def line(row: LineItem) -> Json:
    """A line of an order."""
    currency = row.order.currency_code
    variant = row.variant
    return {
        "id": row.number,
        "admin_graphql_api_id": row.id,
        "current_quantity": row.current_quantity,
        "fulfillable_quantity": row.fulfillable_quantity,
        "fulfillment_service": "manual",
        "fulfillment_status": "fulfilled" if row.sent and not row.unfulfilled_quantity else None,
        "gift_card": row.is_gift_card,
        "grams": variant.inventory_item.grams if variant else 0,
        "name": row.name,
        "price": f"{row.price:.2f}",
        "price_set": money_set(row.price, currency),
        "product_exists": variant is not None,
        "product_id": variant.product.number if variant else None,
        "properties": [],
        "quantity": row.quantity,
        "requires_shipping": row.requires_shipping,
        "sku": row.sku,
        "taxable": True,
        "title": row.title,
        "total_discount": "0.00",
        "total_discount_set": money_set(Decimal(), currency),
        "variant_id": variant.number if variant else None,
        "variant_inventory_management": "shopify",
        "variant_title": None,
        "vendor": None,
        "tax_lines": [],
        "duties": [],
        "discount_allocations": [],
    }


def fulfillment(sent: Fulfillment) -> Json:
    """`fulfillments/create` and `fulfillments/update`."""
    numbers = [info["number"] for info in sent.tracking_info]
    urls = [info["url"] for info in sent.tracking_info if info.get("url")]
    return {
        "id": sent.number,
        "admin_graphql_api_id": sent.id,
        "created_at": stamp(sent.created_at),
        "updated_at": stamp(sent.updated_at),
        "line_items": [{**line(row.line_item), "quantity": row.quantity} for row in sent.fulfillment_line_items],
        "location_id": sent.location.number,
        "name": sent.name,
        "order_id": sent.order.number,
        "service": sent.service.handle if sent.service else "manual",
        "shipment_status": sent.display_status.lower() if sent.events else None,
        "status": sent.status.lower(),
        "tracking_company": sent.tracking_info[0]["company"] if sent.tracking_info else None,
        "tracking_number": numbers[0] if numbers else None,
        "tracking_numbers": numbers,
        "tracking_url": urls[0] if urls else None,
        "tracking_urls": urls,
    }


def _status(row: Order) -> str | None:
    shown = row.display_fulfillment_status
    return {"FULFILLED": "fulfilled", "PARTIALLY_FULFILLED": "partial"}.get(shown)


def order(row: Order, *, personal: bool = True) -> Json:
    """`orders/*`. Without leave for personal data Shopify leaves null what is personal."""
    total = row.goods + POSTAGE
    address = _address(row.shipping) if personal else None
    email = row.email if personal else None
    return {
        "id": row.number,
        "admin_graphql_api_id": row.id,
        "app_id": None,
        "cancel_reason": row.cancel_reason.lower() if row.cancel_reason else None,
        "cancelled_at": _when(row.cancelled_at),
        "closed_at": None,
        "confirmation_number": row.confirmation_number,
        "confirmed": row.confirmed,
        "contact_email": email,
        "created_at": stamp(row.created_at),
        "currency": row.currency_code,
        "current_subtotal_price": f"{row.goods:.2f}",
        "current_subtotal_price_set": money_set(row.goods, row.currency_code),
        "current_total_price": f"{total:.2f}",
        "current_total_price_set": money_set(total, row.currency_code),
        "customer": {"id": int(row.customer["id"].rpartition("/")[2])} if row.customer and personal else None,
        "customer_locale": row.customer_locale,
        "email": email,
        "financial_status": (row.display_financial_status or "").lower() or None,
        "fulfillment_status": _status(row),
        "name": row.name,
        "note": row.note,
        "note_attributes": [],
        "number": int(row.name[1:]) - 1000,
        "order_number": int(row.name[1:]),
        "phone": row.phone if personal else None,
        "presentment_currency": row.currency_code,
        "processed_at": stamp(row.processed_at),
        "source_name": row.source_name,
        "tags": ", ".join(row.tags),
        "taxes_included": row.taxes_included,
        "test": row.test,
        "total_price": f"{total:.2f}",
        "total_price_set": money_set(total, row.currency_code),
        "updated_at": stamp(row.updated_at),
        "billing_address": address,
        "fulfillments": [fulfillment(sent) for sent in row.fulfillments],
        "line_items": [line(each) for each in row.line_items],
        "refunds": [],
        "shipping_address": address,
        "shipping_lines": [
            {
                "id": row.number + 7,
                "code": row.method,
                "is_removed": False,
                "price": f"{POSTAGE:.2f}",
                "price_set": money_set(POSTAGE, row.currency_code),
                "source": "shopify",
                "title": row.method,
                "tax_lines": [],
                "discount_allocations": [],
            }
        ],
    }


def _address(shipping: Json | None) -> Json | None:
    if shipping is None:
        return None
    names = {"firstName": "first_name", "lastName": "last_name", "provinceCode": "province_code"}
    shown = {names.get(name, name): value for name, value in shipping.items() if name not in {"formatted", "id"}}
    return {**shown, "country_code": shipping["countryCodeV2"], "latitude": None, "longitude": None}


def edited(row: Order, edit: int, added: list[Json], removed: list[Json]) -> Json:
    """`orders/edited`: what was added and removed, and nothing of what the order is now."""
    return {
        "order_edit": {
            "id": edit,
            "app_id": None,
            "created_at": stamp(row.updated_at),
            "committed_at": stamp(row.updated_at),
            "notify_customer": False,
            "order_id": row.number,
            "staff_note": "",
            "user_id": None,
            "line_items": {"additions": added, "removals": removed},
            "discounts": {"line_item": {"additions": [], "removals": []}},
            "shipping_lines": {"additions": [], "removals": []},
        }
    }


def thin(waiting: FulfillmentOrder) -> Json:
    """A fulfilment order as `fulfillment_orders/*` have it."""
    return {
        "id": waiting.id,
        "status": waiting.status.lower(),
        "request_status": waiting.request_status.lower(),
    }


def hold(one: FulfillmentHold) -> Json:
    """A hold as `fulfillment_holds/*` have it."""
    return {
        "id": one.id,
        "reason": one.reason.lower(),
        "reason_notes": one.reason_notes,
        "held_by_requesting_app": one.held_by_requesting_app,
        "handle": one.handle,
        "held_by_app": {"id": "gid://shopify/App/12345"},
    }


def inventory_level(level: InventoryLevel) -> Json:
    """`inventory_levels/*`."""
    return {
        "inventory_item_id": level.item.number,
        "location_id": level.location.number,
        "available": level.quantities["available"],
        "updated_at": stamp(level.updated_at),
        "admin_graphql_api_id": level.id,
    }


def location(place: Location) -> Json:
    """`locations/*`."""
    return {
        "id": place.number,
        "admin_graphql_api_id": place.id,
        "name": place.name,
        "active": place.is_active,
        "legacy": place.is_fulfillment_service,
        "country_code": place.address["countryCode"],
        "created_at": stamp(place.created_at),
        "updated_at": stamp(place.updated_at),
    }


def variant(one: ProductVariant) -> Json:
    """A variant within `products/*`."""
    return {
        "id": one.number,
        "admin_graphql_api_id": one.id,
        "barcode": one.barcode,
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.updated_at),
        "inventory_item_id": one.inventory_item.number,
        "inventory_policy": one.inventory_policy.lower(),
        "inventory_quantity": one.inventory_quantity,
        "position": one.position,
        "price": f"{one.price:.2f}",
        "product_id": one.product.number,
        "sku": one.sku,
        "taxable": one.taxable,
        "title": one.title,
    }


def product(one: Product) -> Json:
    """`products/create` and `products/update`: the first 100 variants whole, the rest by id."""
    return {
        "id": one.number,
        "admin_graphql_api_id": one.id,
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.updated_at),
        "handle": one.handle,
        "product_type": one.product_type,
        "status": one.status.lower(),
        "tags": ", ".join(one.tags),
        "title": one.title,
        "vendor": one.vendor,
        "variants": [variant(each) for each in one.variants[:100]],
        "variant_gids": [
            {"admin_graphql_api_id": each.id, "updated_at": stamp(each.updated_at)} for each in one.variants
        ],
    }
