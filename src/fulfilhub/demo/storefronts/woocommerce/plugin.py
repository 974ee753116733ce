"""Our plugin in the WooCommerce shop: what it keeps, and how it answers below /wp-json/wc-fulfilhub/v1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fulfilhub.demo.storefronts.woocommerce.orders import Json

if TYPE_CHECKING:
    from fulfilhub.demo.storefronts.woocommerce.shop import WooCommerceShop

Told = tuple[int, Json | None]
"""Status and body of an answer."""


@dataclass(slots=True)
class Plugin:
    """What the plugin was told: shipments, states and returns by order (and reference), how often it was asked to
    change its keys, and whether the connection ended. `units` counts writes of stock by product, `set_by` names the
    reference of each."""

    shipments: dict[tuple[int, str], Json] = field(default_factory=dict)
    states: dict[int, Json] = field(default_factory=dict)
    returns: dict[tuple[int, str], Json] = field(default_factory=dict)
    units: dict[int, int] = field(default_factory=dict)
    set_by: list[str] = field(default_factory=list)
    asked_to_rotate: int = 0
    disconnected: bool = False

    def answer(self, shop: WooCommerceShop, method: str, parts: list[str], body: Json) -> Told:
        """What it says to one call."""
        match method, parts:
            case "POST", ["stock"]:
                return 200, {"data": [self._stock(shop, item) for item in _rows(body.get("items"))]}
            case "POST", ["rotate"]:
                self.asked_to_rotate += 1
                return 200, {"asked": True}
            case "DELETE", ["connection"]:
                self.disconnected = True
                return 204, None
            case "PUT", ["orders", number, *rest]:
                if not number.isdigit() or int(number) not in shop.orders:
                    return 404, {"code": "order_missing", "message": "There is no such order."}
                return self._order(shop, int(number), rest, body)
        return 404, {"code": "rest_no_route", "message": "No route was found matching the URL and request method."}

    def _order(self, shop: WooCommerceShop, number: int, rest: list[str], body: Json) -> Told:
        match rest:
            case ["shipments", reference]:
                already = self.shipments.get((number, reference)) == body
                self.shipments[number, reference] = body
                if body.get("completes_order") and shop.orders[number]["status"] == "processing":
                    shop.change(shop.orders[number], status="completed")
                return 200, {"reference": reference, "already": already, "told_as": [f"note:{number}"], "left_out": []}
            case ["state"]:
                newer = int(str(body["revision"])) > int(str(self.states.get(number, {}).get("revision", -1)))
                if newer:
                    self.states[number] = body
                return 200, {"applied": newer}
            case ["returns", reference]:
                self.returns[number, reference] = body
                return 200, {"applied": True, "refund_id": None}
        return 404, {"code": "rest_no_route", "message": "No route was found matching the URL and request method."}

    def _stock(self, shop: WooCommerceShop, item: Mapping[str, object]) -> Json:
        """Compare and set. What is expected may be left open."""
        number = str(item["variant_id"])
        product = shop.products.get(int(number)) if number.isdigit() else None
        if product is None:
            return {"reference": item["reference"], "outcome": "missing", "stock": None}
        stock = product["stock_quantity"]
        if product["manage_stock"] is not True:
            return {"reference": item["reference"], "outcome": "unmanaged", "stock": stock}
        if stock == item["available"]:
            return {"reference": item["reference"], "outcome": "already", "stock": stock}
        if item["expected"] is not None and stock != item["expected"]:
            return {"reference": item["reference"], "outcome": "stale", "stock": stock}
        product["stock_quantity"] = item["available"]
        self.units[int(number)] = self.units.get(int(number), 0) + 1
        self.set_by.append(str(item["reference"]))
        return {"reference": item["reference"], "outcome": "set", "stock": item["available"]}


def _rows(value: object) -> list[Mapping[str, object]]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []
