"""The Shopify shop's Admin GraphQL API. Documents are executed by graphql-core against the shop's own small
schema, so a wrong one fails as it would in earnest."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from graphql import build_schema, graphql_sync
from litestar import Litestar, Request, Response, post
from litestar.datastructures import State
from litestar.params import FromPath

from fulfilhub.demo.storefronts.shopify.mutations import Info, Mutations
from fulfilhub.demo.storefronts.shopify.orders import (
    Json,
    Order,
    Variant,
    connection,
    graph_order,
    graph_sent,
    graph_waiting,
    stamp,
)
from fulfilhub.demo.storefronts.shopify.schema import SDL
from fulfilhub.demo.storefronts.shopify.shop import LOCATION, ShopifyShop

SCHEMA = build_schema(SDL)

Reply = Response[object]
Call = Request[object, object, State]
Row = TypeVar("Row")


def shopify_storefront(shop: ShopifyShop) -> Litestar:
    """The shop's ASGI application: a GraphQL endpoint for each API version, and the record's own routes."""
    admin = _Admin(shop)

    @post("/admin/api/{version:str}/graphql.json", status_code=200)
    async def answer(request: Call, version: FromPath[str]) -> Reply:
        return await admin.answer(request, version)

    return Litestar(
        [answer, shop.record.routes()],
        logging_config=None,
        openapi_config=None,
        on_shutdown=[lambda _: shop.record.close()],
    )


@dataclass(slots=True)
class _Admin:
    shop: ShopifyShop

    async def answer(self, request: Call, version: str) -> Reply:
        if version not in self.shop.api_versions:
            return Response({"errors": "Not Found"}, status_code=404)
        if request.headers.get("X-Shopify-Access-Token") != self.shop.access_token:
            told = "[API] Invalid API key or access token (unrecognized login or wrong password)"
            return Response({"errors": told}, status_code=401)
        asked = await request.json()
        document, variables = str(asked["query"]), asked.get("variables")
        named = re.search(r"\b(query|mutation)\s+(\w+)", document)
        if named is None or named[1] == "query":
            return Response(self._execute(document, variables))
        return await self.shop.record.perform(
            named[2], variables, lambda: Response(self._execute(document, variables)), _throttled
        )

    def _execute(self, document: str, variables: dict[str, object] | None) -> Json:
        shop, mutations = self.shop, Mutations(self.shop)
        sent = {one.id: one for order in shop.orders.values() for one in order.sent}
        waiting = {one.id: one for order in shop.orders.values() for one in order.waiting}
        root = {
            "order": _one(shop.orders, graph_order),
            "orders": self._listed,
            "ordersCount": lambda _info, query="", **_: {"count": len(self._chosen(query))},
            "currentAppInstallation": {"accessScopes": [{"handle": name} for name in shop.scopes]},
            "fulfillment": _one(sent, graph_sent),
            "fulfillmentOrder": _one(waiting, graph_waiting),
            "nodes": self._nodes,
            "fulfillmentCreate": mutations.create,
            "fulfillmentEventCreate": mutations.tell,
            "fulfillmentTrackingInfoUpdate": mutations.update,
            "inventorySetQuantities": mutations.set_stock,
        }
        result = graphql_sync(SCHEMA, document, root, variable_values=variables)
        answer: Json = {"data": result.data}
        if result.errors:
            answer["errors"] = [error.formatted for error in result.errors]
        return {**answer, "extensions": _cost(actual=23)}

    def _listed(self, info: Info, query: str = "", **page: object) -> Json:
        page.pop("sortKey", None)
        return connection([graph_order(order) for order in self._chosen(query)])(info, **page)

    def _nodes(self, _info: Info, *, ids: list[str]) -> list[Json | None]:
        """Knows variants and fulfilments; what is not there is null, in its place."""
        sent = {one.id: one for order in self.shop.orders.values() for one in order.sent}
        return [
            {"__typename": "ProductVariant", **_graph_variant(self.shop.variants[one])}
            if one in self.shop.variants
            else {"__typename": "Fulfillment", **graph_sent(sent[one])}
            if one in sent
            else None
            for one in ids
        ]

    def _chosen(self, query: str) -> list[Order]:
        """Understands `updated_at:>='...'` and `name:"..."` and nothing else. An app that may not read all orders sees
        those of the last 60 days."""
        since, name = re.search(r"updated_at:>='([^']+)'", query), re.search(r'name:"([^"]+)"', query)
        start = since[1] if since else ""
        hidden = timedelta(days=60) if "read_all_orders" not in self.shop.scopes else timedelta(days=36500)
        found = [
            o
            for o in self.shop.orders.values()
            if (stamp(o.updated_at) or "") >= start
            and (name is None or o.name == name[1])
            and o.created_at > self.shop.now() - hidden
        ]
        return sorted(found, key=lambda order: order.updated_at)


def _one(rows: Mapping[str, Row], shown: Callable[[Row], Json]) -> Callable[..., Json | None]:
    def resolve(_info: Info, *, id: str) -> Json | None:
        return shown(rows[id]) if id in rows else None

    return resolve


def _graph_variant(variant: Variant) -> Json:
    def level(_info: Info, **given: object) -> Json | None:
        here = given["locationId"] == LOCATION
        return {"quantities": [{"quantity": variant.available}]} if here else None

    return {"id": variant.id, "inventoryItem": {"id": variant.item, "tracked": True, "inventoryLevel": level}}


def _cost(*, actual: int | None, available: int = 1963) -> Json:
    status = {"maximumAvailable": 2000.0, "currentlyAvailable": available, "restoreRate": 100.0}
    return {"cost": {"requestedQueryCost": 28, "actualQueryCost": actual, "throttleStatus": status}}


def _throttled() -> Reply:
    """Over the limit Shopify answers 200, with an error and no data."""
    error = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
    return Response({"errors": [error], "extensions": _cost(actual=None, available=0)})
