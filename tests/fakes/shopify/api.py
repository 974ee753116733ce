"""The fake on a port: the Admin API of both versions, OAuth, and the files of bulk operations."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from tests.fakes.shopify import cost, oauth

# Imported for what they register.
from tests.fakes.shopify import (
    fulfillments as _fulfillments,  # noqa: F401
)
from tests.fakes.shopify import (
    inventory as _inventory,  # noqa: F401
)
from tests.fakes.shopify import (
    moves as _moves,  # noqa: F401
)
from tests.fakes.shopify import (
    orders as _orders,  # noqa: F401
)
from tests.fakes.shopify import (
    products as _products,  # noqa: F401
)
from tests.fakes.shopify import (
    requests as _requests,  # noqa: F401
)
from tests.fakes.shopify import (
    returns as _returns,  # noqa: F401
)
from tests.fakes.shopify import (
    services as _services,  # noqa: F401
)
from tests.fakes.shopify.engine import execute
from tests.fakes.shopify.faults import DOES_IT, Fault
from tests.fakes.shopify.shop import Shop

Reply = Response[Any]
Call = Request[object, object, State]

_OPERATION = re.compile(r"\b(?:query|mutation)\s+(\w+)")
SILENCE = 60.0
"""Seconds that a silent answer takes at most."""


def shopify(*shops: Shop, url: str = "") -> Litestar:
    """The ASGI application of these shops; `url`: where it is served, if it is. A shop is found by the first part of
    the path (`/sample-goods.myshopify.com/admin/...`), else by the host asked for, else it is the first."""
    admins = {shop.domain: _Admin(shop) for shop in shops}
    for shop in shops:
        shop.url = url

    def admin(request: Call, domain: str = "") -> _Admin:
        named = domain or request.headers.get("Host", "").partition(":")[0]
        return admins.get(named) or admins[shops[0].domain]

    @post(
        ["/admin/api/{version:str}/graphql.json", "/{domain:str}/admin/api/{version:str}/graphql.json"], status_code=200
    )
    async def graphql(request: Call, version: FromPath[str], domain: FromPath[str] = "") -> Reply:
        return await admin(request, domain).answer(request, version)

    @post(["/admin/oauth/access_token", "/{domain:str}/admin/oauth/access_token"], status_code=200)
    async def access_token(request: Call, domain: FromPath[str] = "") -> Reply:
        one = admin(request, domain)
        return await one.behaving("access_token", None, oauth.answer, one.shop, await oauth.given(request))

    @get("/files/{name:str}", sync_to_thread=False)
    def file(name: FromPath[str]) -> Reply:
        found = next((shop.files[name] for shop in shops if name in shop.files), None)
        if found is None:
            return Response("", status_code=404, media_type="text/plain")
        return Response(found, media_type="application/jsonl")

    def close(_: Litestar) -> None:
        for each in admins.values():
            each.closing.set()

    return Litestar(
        [graphql, access_token, file],
        logging_config=None,
        openapi_config=None,
        on_shutdown=[close],
    )


@dataclass(slots=True)
class _Admin:
    shop: Shop
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: Call, version: str) -> Reply:
        shop = self.shop
        if version not in shop.api_versions:
            return Response({"errors": "Not Found"}, status_code=404)
        if not oauth.opens(shop, request.headers.get("X-Shopify-Access-Token", "")):
            told = "[API] Invalid API key or access token (unrecognized login or wrong password)"
            return Response({"errors": told}, status_code=401)
        asked = await request.json()
        document, variables = str(asked["query"]), asked.get("variables")
        named = _OPERATION.search(document)
        operation = named[1] if named else ""
        return await self.behaving(operation, variables, _executed, shop, version, document, variables)

    async def behaving(self, operation: str, variables: Any, act: Any, *given: Any) -> Reply:
        """Do what was asked, or what the faults make of it."""
        shop = self.shop
        fault = shop.faults.draw(operation, shop.chance)
        does_it = not shop.faults.down and (fault is None or fault in DOES_IT)
        shop.asked.append({"operation": operation, "variables": variables, "done": does_it})
        if shop.faults.down:
            return _page(503)
        if not does_it:
            assert fault is not None
            return await self._refused(fault)
        response: Reply = act(*given)
        if fault is Fault.SILENT_AFTER:
            return await self._silence()
        return _page(500) if fault is Fault.FAIL_AFTER else response

    async def _refused(self, fault: Fault) -> Reply:
        bucket = self.shop.bucket
        match fault:
            case Fault.THROTTLED:
                return Response(cost.throttled(int(bucket.available) + 1, bucket))
            case Fault.TOO_MANY:
                headers = {"Retry-After": "2.0"}
                told = (
                    "Exceeded 2 calls per second for api client. Reduce request rates to resume uninterrupted service."
                )
                return Response({"errors": told}, status_code=429, headers=headers)
            case Fault.INTERNAL:
                error = {
                    "message": "Internal error. Looks like something went wrong on our end.",
                    "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": "1f2e"},
                }
                return Response({"errors": [error]})
            case Fault.SILENT:
                return await self._silence()
            case _:
                return _page(502 if fault is Fault.BAD_GATEWAY else 500)

    async def _silence(self) -> Reply:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.closing.wait(), SILENCE)
        return _page(500)


def _executed(shop: Shop, version: str, document: str, variables: Mapping[str, Any] | None) -> Reply:
    return Response(execute(shop, version, document, variables))


def _page(status: int) -> Reply:
    """What a failing web server says: a page, not JSON."""
    return Response("<h1>Something went wrong</h1>", status_code=status, media_type="text/html")
