"""The JSON of a WooCommerce order, member for member as WooCommerce 11.0.1 writes it (REST v3 and webhooks
alike)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

Json = dict[str, object]

VAT = Decimal("0.20")
POSTAGE = Decimal("4.95")

ADDRESS: Json = {
    "first_name": "Ada",
    "last_name": "Test",
    "company": "",
    "address_1": "10 Sample Road",
    "address_2": "Flat 2",
    "city": "Manchester",
    "state": "",
    "postcode": "M1 1AA",
    "country": "GB",
    "phone": "07700900123",
}


@dataclass(frozen=True, slots=True)
class Ware:
    """A product of the shop. `price` is without tax."""

    id: int
    sku: str
    name: str
    price: Decimal


def money(amount: Decimal) -> str:
    """As WooCommerce writes amounts: text with two places."""
    return f"{amount:.2f}"


def line_item(number: int, ware: Ware, quantity: int) -> Json:
    """One line. `price` is a number where all other amounts are text."""
    total = ware.price * quantity
    tax = total * VAT
    return {
        "id": number,
        "name": ware.name,
        "product_id": ware.id,
        "variation_id": 0,
        "quantity": quantity,
        "tax_class": "",
        "subtotal": money(total),
        "subtotal_tax": money(tax),
        "total": money(total),
        "total_tax": money(tax),
        "taxes": [{"id": 1, "total": money(tax), "subtotal": money(tax)}],
        "meta_data": [
            {
                "id": 1000 + number,
                "key": "_reduced_stock",
                "value": str(quantity),
                "display_key": "_reduced_stock",
                "display_value": str(quantity),
            }
        ],
        "sku": ware.sku,
        "global_unique_id": "",
        "price": int(ware.price) if ware.price == int(ware.price) else float(ware.price),
        "image": {"id": "", "src": ""},
        "parent_name": None,
    }


def shipping_line(number: int, method_id: str, title: str) -> Json:
    """The shipping method the customer chose."""
    tax = POSTAGE * VAT
    return {
        "id": number,
        "method_title": title,
        "method_id": method_id,
        "instance_id": "",
        "total": money(POSTAGE),
        "total_tax": money(tax),
        "taxes": [{"id": 1, "total": money(tax), "subtotal": ""}],
        "tax_status": "taxable",
        "meta_data": [],
    }


def tax_line(number: int, goods: Decimal) -> Json:
    """The order's VAT."""
    return {
        "id": number,
        "rate_code": "GB-VAT-1",
        "rate_id": 1,
        "label": "VAT",
        "compound": False,
        "tax_total": money(goods * VAT),
        "shipping_tax_total": money(POSTAGE * VAT),
        "rate_percent": 20,
        "meta_data": [],
    }


def new_order(
    number: int,
    bought: Sequence[tuple[Ware, int]],
    *,
    now: datetime,
    url: str,
    shipping: Json,
    email: str,
    method: tuple[str, str],
    note: str,
    status: str,
) -> Json:
    """A whole order. `now` is the shop's time; the shop's clock runs in GMT. `method`: shipping method's id, title."""
    stamp = now.strftime("%Y-%m-%dT%H:%M:%S")
    paid = stamp if status == "processing" else None
    goods = sum((ware.price * quantity for ware, quantity in bought), Decimal())
    first = number * 1000
    return {
        "id": number,
        "parent_id": 0,
        "status": status,
        "currency": "GBP",
        "version": "11.0.1",
        "prices_include_tax": False,
        "date_created": stamp,
        "date_modified": stamp,
        **_totals(goods),
        "customer_id": 0,
        "order_key": f"wc_order_demo{number}",
        "billing": {**_without_phone(shipping), "email": email, "phone": shipping.get("phone", "")},
        "shipping": dict(shipping),
        "payment_method": "bacs",
        "payment_method_title": "Direct bank transfer",
        "transaction_id": "",
        "customer_ip_address": "",
        "customer_user_agent": "",
        "created_via": "checkout",
        "customer_note": note,
        "date_completed": None,
        "date_paid": paid,
        "cart_hash": "",
        "number": str(number),
        "meta_data": [],
        "line_items": [line_item(first + n, ware, units) for n, (ware, units) in enumerate(bought)],
        "tax_lines": [tax_line(first + 998, goods)],
        "shipping_lines": [shipping_line(first + 999, *method)],
        "fee_lines": [],
        "coupon_lines": [],
        "refunds": [],
        "payment_url": f"{url}/checkout/order-pay/{number}/?pay_for_order=true&key=wc_order_demo{number}",
        "is_editable": False,
        "needs_payment": paid is None,
        "needs_processing": True,
        "date_created_gmt": stamp,
        "date_modified_gmt": stamp,
        "date_completed_gmt": None,
        "date_paid_gmt": paid,
        "currency_symbol": "£",
        "_links": _links(f"{url}/wp-json/wc/v3/orders", number),
    }


def _totals(goods: Decimal) -> Json:
    taxes = (goods + POSTAGE) * VAT
    return {
        "discount_total": "0.00",
        "discount_tax": "0.00",
        "shipping_total": money(POSTAGE),
        "shipping_tax": money(POSTAGE * VAT),
        "cart_tax": money(goods * VAT),
        "total": money(goods + POSTAGE + taxes),
        "total_tax": money(taxes),
    }


def _without_phone(address: Json) -> Json:
    return {name: value for name, value in address.items() if name != "phone"}


def _links(api: str, number: int) -> Json:
    verbs = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return {
        "self": [{"href": f"{api}/{number}", "targetHints": {"allow": verbs}}],
        "collection": [{"href": api}],
        "email_templates": [{"embeddable": True, "href": f"{api}/{number}/actions/email_templates"}],
    }
