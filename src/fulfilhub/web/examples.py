"""Examples for the contract, put together from those that struct fields carry (`Meta(examples=[...])`)."""

from __future__ import annotations

import re
from typing import cast

from fulfilhub.platform import ids
from fulfilhub.web.jsonschemas import Json

KNOWN_FORMATS: dict[str, object] = {
    "date-time": "2026-11-24T09:30:00Z",
    "date": "2026-11-24",
    "time": "09:30:00Z",
    "duration": "PT30M",
    "uuid": "0193572b-d9c7-7d2c-a4f1-3f6a5b8c9d0e",
}
SUFFIX = "_01h455vb4pex5vsknk084sn02q"
# What an answer's field is likely to hold, by its name.
LIKELY: dict[str, str] = {
    "access_token": "shpat_0123456789abcdef",
    "actions": "cancel",
    "actor": f"key{SUFFIX}",
    "barcodes": "5012345678900",
    "base_url": "https://shop.example.com",
    "carrier": "royal_mail",
    "city": "Leeds",
    "code": "standard",
    "company": "Analytical Engines Ltd",
    "consumer_key": "ck_0123456789abcdef",
    "consumer_secret": "cs_0123456789abcdef",
    "countries": "GB",
    "country": "GB",
    "currency": "GBP",
    "customs_currency": "GBP",
    "decided_by": f"key{SUFFIX}",
    "decline_reason": "Worn and washed.",
    "description": "Arrived at the depot",
    "detail": "The returns window has ended.",
    "document": "receipt",
    "document_id": f"rcp{SUFFIX}",
    "email": "ada@example.com",
    "external_id": "5678901234567",
    "formula": "1 order x GBP 0.30",
    "hint": "x7Qd",
    "hs_code": "691110",
    "kind": "fulfilment.route_orders",
    "last_error": "TimeoutError: the store did not answer",
    "line1": "1 Mill Lane",
    "line2": "Flat 2",
    "location": "Leeds",
    "month": "2026-11",
    "name": "Ada Lovelace",
    "next_cursor": "WyIwMTkzNTcyYi1kOWM3LTdkMmMtYTRmMS0zZjZhNWI4YzlkMGUiXQ",
    "note": "Leave it with the neighbour.",
    "number": "#1001",
    "order_number": "#1001",
    "origin_country": "GB",
    "outcome": "routed",
    "permissions": "orders:read",
    "phone": "+44 113 496 0000",
    "placed_by": f"key{SUFFIX}",
    "pointer": "/lines/0/sku",
    "postcode": "N1 9GU",
    "postcode_prefixes": "N1",
    "price_version": "2026-11",
    "reason": "damaged",
    "reference": "PO 1007",
    "region": "West Yorkshire",
    "released_by": f"key{SUFFIX}",
    "secret": "fh_live_2un64iq1IH-6OiG3SSg3tUd1aWO9OTVHONUoTzlyT9k",
    "sentence": "There is no product with this SKU.",
    "service": "standard",
    "shop_domain": "adas-mugs.myshopify.com",
    "sku": "MUG-BLUE",
    "state": "open",
    "status": "open",
    "stock_location": "gid://shopify/Location/1001",
    "tags": "gift",
    "tax_class": "standard",
    "timezone": "Europe/London",
    "title": "Blue mug, hand thrown",
    "told_as": "gid://shopify/Fulfillment/1001",
    "topic": "orders/create",
    "tracking_number": "AB123456789GB",
    "tracking_page": f"https://fulfilhub.example.com/t/ord{SUFFIX}.Zk3vQ1",
    "tracking_url": "https://www.royalmail.com/track-your-item#/tracking-results/AB123456789GB",
    "type": "order.received",
    "unit": "order",
    "url": "https://example.com",
    "webhook_secret": "7b1e8c52d9f04a6f",
    "webhook_url": f"https://fulfilhub.example.com/v1/stores/str{SUFFIX}/webhooks/shopify",
}
# What fields, parameters and classes call what has another name.
SHORT = {
    "authorisation": "store_code",
    "code": "store_code",
    "key": "API_key",
    "line": "order_line",
    "merchant": "account",
    "new_key": "API_key",
    "operator": "account",
    "partner": "account",
    "return_work": "return",
    "twin": "account",
    "update": "store_update",
    "work": "work_order",
    "work_line": "return_line",
}
PREFIXES = {name.removesuffix("_id"): kind.prefix for name, kind in ids.OF_FIELD.items()} | {
    kind.noun.replace(" ", "_"): kind.prefix for kind in vars(ids).values() if isinstance(kind, ids.Kind)
}
PREFIXES |= {short: PREFIXES[noun] for short, noun in SHORT.items()}
DEPTH = 12


class Examples:
    """Makes examples from the contract's components. Fields that carry none are filled from their names."""

    def __init__(self, components: dict[str, Json]) -> None:
        self._components = components

    def of(self, schema: Json) -> tuple[bool, object]:
        """(True, a value that fits the schema), or (False, None) when nothing fits a required field."""
        return self._of(schema, "", "", DEPTH)

    def of_field(self, schema: Json, name: str) -> tuple[bool, object]:
        """As `of`, for a field or a parameter of this name."""
        return self._of(schema, name, "", DEPTH)

    def _of(self, schema: Json, name: str, owner: str, depth: int) -> tuple[bool, object]:
        if depth == 0:
            return False, None
        given = schema.get("examples")
        if isinstance(given, list) and given:
            return True, given[0]
        if "$ref" in schema:
            target = str(schema["$ref"]).rpartition("/")[2]
            return self._of(self._components[target], name, target, depth - 1)
        if "const" in schema:
            return True, schema["const"]
        if isinstance(schema.get("enum"), list):
            return True, cast("list[object]", schema["enum"])[0]
        options = schema.get("anyOf")
        if isinstance(options, list):
            tried = (self._of(option, name, owner, depth - 1) for option in options)
            return next((found for found in tried if found[0]), (False, None))
        return self._by_type(schema, name, owner, depth)

    def _by_type(self, schema: Json, name: str, owner: str, depth: int) -> tuple[bool, object]:
        kind = schema.get("type")
        if kind == "object":
            return self._of_object(schema, owner, depth)
        if kind == "array":
            found, item = self._of(cast("Json", schema.get("items", {})), name, owner, depth - 1)
            least = cast("int", schema.get("minItems", 0))
            return (True, [item] * max(least, 1)) if found else (least == 0, [])
        if schema.get("default"):
            return True, schema["default"]
        if kind == "null":
            return True, None
        if kind == "boolean":
            return True, False
        if schema.get("format") in KNOWN_FORMATS:
            return True, KNOWN_FORMATS[str(schema["format"])]
        return _guess(schema, name, owner)

    def _of_object(self, schema: Json, owner: str, depth: int) -> tuple[bool, object]:
        required = cast("list[str]", schema.get("required", []))
        made: Json = {}
        for name, inner in cast("dict[str, Json]", schema.get("properties", {})).items():
            found, value = self._of(inner, name, owner, depth - 1)
            if found:
                made[name] = value
            elif name in required:
                return False, None
        return True, made


def _guess(schema: Json, name: str, owner: str) -> tuple[bool, object]:
    kind = schema.get("type")
    if kind in ("integer", "number"):
        low, high = cast("int", schema.get("minimum", 1)), cast("int", schema.get("maximum", 1))
        return True, min(max(1, low), high)
    if kind != "string":
        return True, {}
    pattern = str(schema.get("pattern", ""))
    names_one = name == "id" or name.endswith(("_id", "_ids"))
    prefix = PREFIXES.get(_snake(owner) if name == "id" else re.sub("_ids?$", "", name)) if names_one else None
    if pattern.endswith(f"_{ids.SUFFIX}$"):
        prefix = pattern[1:].partition("_")[0]
    text = f"{prefix}{SUFFIX}" if prefix and name not in LIKELY else LIKELY.get(name, "text")
    low, high = cast("int", schema.get("minLength", 0)), cast("int", schema.get("maxLength", len(text)))
    fits = low <= len(text) <= high and re.search(pattern, text) is not None
    return (True, text) if fits else (False, None)


def _snake(name: str) -> str:
    return "".join("_" + char.lower() if char.isupper() else char for char in name).strip("_")
