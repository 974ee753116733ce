"""The WooCommerce shop's REST API v3: orders, their notes and refunds, products; our plugin's routes beside it; and who
may use them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import parse_qsl, quote

from litestar import Litestar, Request, Response, route
from litestar.datastructures import State
from litestar.params import FromPath

from fulfilhub.demo.storefronts.woocommerce.orders import Json
from fulfilhub.demo.storefronts.woocommerce.shop import WooCommerceShop

API = "/wp-json/wc/v3"
PLUGIN = "/wp-json/wc-fulfilhub/v1"

Reply = Response[object]
Call = Request[object, object, State]


def woocommerce_storefront(shop: WooCommerceShop) -> Litestar:
    """The shop's ASGI application: REST v3 below /wp-json/wc/v3, our plugin's routes, and the record's own."""
    rest = _Rest(shop)

    @route(f"{API}/{{path:path}}", http_method=["GET", "POST", "PUT"], status_code=200)
    async def answer(request: Call, path: FromPath[str]) -> Reply:
        return await rest.answer(request, path)

    @route(f"{PLUGIN}/{{path:path}}", http_method=["PUT", "POST", "DELETE"], status_code=200)
    async def tell(request: Call, path: FromPath[str]) -> Reply:
        return await rest.tell(request, path)

    return Litestar(
        [answer, tell, shop.record.routes()],
        logging_config=None,
        openapi_config=None,
        on_shutdown=[lambda _: shop.record.close()],
    )


@dataclass(slots=True)
class _Rest:
    shop: WooCommerceShop

    async def answer(self, request: Call, path: str) -> Reply:
        if not self._authenticated(request):
            return _error(401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
        parts = path.strip("/").split("/")
        if request.method == "GET":
            return self._read(parts, request)
        body = await request.json()
        return await self.shop.record.perform(
            f"{request.method} /{'/'.join(parts)}",
            body,
            lambda: self._write(request.method, parts, body),
            _too_many,
        )

    async def tell(self, request: Call, path: str) -> Reply:
        """What our plugin answers; WordPress itself, where it is not."""
        if not self._authenticated(request):
            return _error(401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
        parts, plugin = path.strip("/").split("/"), self.shop.plugin
        if plugin is None:
            return _not_found(["none"])
        body = await request.json() if request.method != "DELETE" else {}

        def act() -> Reply:
            status, answer = plugin.answer(self.shop, request.method, parts, body)
            return Response(answer, status_code=status)

        what = f"{request.method} fulfilhub/{'/'.join(parts)}"
        return await self.shop.record.perform(what, body, act, _too_many)

    def _read(self, parts: list[str], request: Call) -> Reply:
        match parts:
            case ["orders"]:
                return self._listed(dict(request.query_params))
            case ["orders", number] if _known(number, self.shop.orders):
                return Response(self.shop.orders[int(number)])
            case ["orders", number, "notes"] if _known(number, self.shop.orders):
                return Response(self.shop.notes[int(number)])
            case ["orders", number, "refunds"] if _known(number, self.shop.orders):
                return Response(self.shop.refunds.get(int(number), []))
            case ["products"]:
                asked = dict(request.query_params).get("include", "").split(",")
                found = (self.shop.products.get(int(one)) for one in asked if one.isdigit())
                return Response([row for row in found if row is not None and row["type"] != "variation"])
            case ["products", number] if _known(number, self.shop.products):
                return Response(self.shop.products[int(number)])
        return _not_found(parts)

    def _write(self, method: str, parts: list[str], body: Json) -> Reply:
        match method, parts:
            case "PUT", ["orders", number] if _known(number, self.shop.orders):
                return Response(self._changed(self.shop.orders[int(number)], body))
            case "POST", ["orders", number, "notes"] if _known(number, self.shop.orders):
                note = {"id": self.shop.next_id(), "author": "WooCommerce", "customer_note": False, **body}
                self.shop.notes[int(number)].append(note)
                return Response(note, status_code=201)
            case "PUT", ["products", number] if _known(number, self.shop.products):
                product = self.shop.products[int(number)]
                if product["type"] == "variation":
                    return _error(404, "woocommerce_rest_invalid_product_id", "Use the variations endpoint.")
                return Response({**product, **_updated(product, body)})
            case "PUT", ["products", _, "variations", number] if _known(number, self.shop.products):
                return Response(_updated(self.shop.products[int(number)], body))
        return _not_found(parts)

    def _changed(self, order: Json, body: Json) -> Json:
        """Fields of the order with the same name are replaced, others are added."""
        given = body.get("meta_data", [])
        kept = order["meta_data"]
        fields = [*kept] if isinstance(kept, list) else []
        for row in given if isinstance(given, list) else []:
            fields = [old for old in fields if old["key"] != row["key"]]
            fields.append({"id": self.shop.next_id(), **row})
        return self.shop.change(order, **{**body, "meta_data": fields})

    def _listed(self, query: Mapping[str, str]) -> Reply:
        """Orders in the bin are not listed. The Date is the shop's own clock."""
        after = query.get("modified_after", "")
        listed = [o for o in self.shop.orders.values() if o["status"] != "trash"]
        found = [o for o in listed if str(o["date_modified_gmt"]) > after]
        found.sort(key=lambda o: str(o["date_modified_gmt"]))
        size, page = int(query.get("per_page", "10")), int(query.get("page", "1"))
        names = query.get("_fields", "").split(",")
        chosen = found[(page - 1) * size : page * size]
        shown: list[object] = [{name: order[name] for name in names if name in order} or order for order in chosen]
        headers = {"X-WP-Total": str(len(found)), "Date": format_datetime(self.shop.now().astimezone(UTC), usegmt=True)}
        return Response(shown, headers=headers)

    def _authenticated(self, request: Call) -> bool:
        """Basic auth over TLS only; otherwise OAuth 1.0a, as `WC_REST_Authentication` checks it."""
        if request.url.scheme == "https":
            pair = base64.b64encode(f"{self.shop.consumer_key}:{self.shop.consumer_secret}".encode()).decode()
            return request.headers.get("Authorization") == f"Basic {pair}"
        given = dict(parse_qsl(request.url.query, keep_blank_values=True))
        claimed, nonce = given.pop("oauth_signature", ""), given.get("oauth_nonce", "")
        age = abs(int(given.get("oauth_timestamp", "0")) - datetime.now(UTC).timestamp())
        known = given.get("oauth_consumer_key") == self.shop.consumer_key
        if not known or nonce in self.shop.nonces or age > 15 * 60:
            return False
        twice = {_encoded(_encoded(name)): _encoded(_encoded(given[name])) for name in sorted(given)}
        pairs = (f"{name}%3D{value}" for name, value in twice.items())
        address = _encoded(self.shop.url + request.url.path)
        base = f"{request.method}&{address}&{'%26'.join(pairs)}"
        digest = hmac.new(f"{self.shop.consumer_secret}&".encode(), base.encode(), hashlib.sha256).digest()
        self.shop.nonces.add(nonce)
        return hmac.compare_digest(base64.b64encode(digest).decode(), claimed)


def _encoded(value: str) -> str:
    return quote(value, safe="")


def _known(number: str, rows: Mapping[int, Json]) -> bool:
    return number.isdigit() and int(number) in rows


def _updated(product: Json, body: Json) -> Json:
    product.update(body)
    return product


def _not_found(parts: list[str]) -> Reply:
    if parts[0] in ("orders", "products"):
        kind = "shop_order" if parts[0] == "orders" else "product"
        return _error(404, f"woocommerce_rest_{kind}_invalid_id", "Invalid ID.")
    return _error(404, "rest_no_route", "No route was found matching the URL and request method.")


def _error(status: int, code: str, message: str) -> Reply:
    return Response({"code": code, "message": message, "data": {"status": status}}, status_code=status)


def _too_many() -> Reply:
    wait = {"Retry-After": "7"}
    return Response("Too many requests", status_code=429, headers=wait, media_type="text/plain")
