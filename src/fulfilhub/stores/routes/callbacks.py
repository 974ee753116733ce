"""What a shop calls about a fulfilment service of ours: that it asks something, and for stock and tracking numbers.

The address itself is the secret: it is made for one service of one shop. Shopify signs only what has a body. Nothing
personal is answered, and nothing that is not this shop's and this warehouse's.
"""

from __future__ import annotations

from typing import Any

from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from fulfilhub.platform import ids
from fulfilhub.platform.errors import NotFound, Unauthenticated
from fulfilhub.platform.scopes import Merchant, Nobody
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.stores import queries
from fulfilhub.stores.adapters import adapter_for
from fulfilhub.stores.commands import pulling
from fulfilhub.stores.commands.locating import CALLBACK
from fulfilhub.stores.queries import callbacks

PREFIX = "/shopify/services/{token:str}"
LONGEST = 255
ShopRequest = Request[Any, Any, State]


class TrackingNumbers(Struct, kw_only=True):
    """Tracking numbers, by exactly the names that were asked for; those that are not known are left out."""

    tracking_numbers: dict[str, str]
    message: str = "Tracking numbers known to FulfilHub."
    success: bool = True


async def _door(works: Works, vault: Vault, token: str) -> queries.ServiceDoor:
    """Whose service the address is of. Raises NotFound for any that we never gave out, or that has ended."""
    name, _, mac = token.partition(".")
    service_id = ids.STORE_SERVICE.find(name)
    if not vault.link_is_genuine(CALLBACK, service_id, mac):
        raise NotFound("There is no such fulfilment service.")
    async with works.begin(Nobody()) as work:
        door = await queries.service_door(work, service_id)
    if door is None:
        raise NotFound("There is no such fulfilment service.")
    return door


@post(f"{PREFIX}/fulfillment_order_notification", include_in_schema=False, opt={"audited": False}, status_code=200)
async def hear_request(
    request: ShopRequest,
    works: NamedDependency[Works],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    token: FromPath[str],
) -> dict[str, bool]:
    """Called by Shopify when the merchant asks us to fulfil something, or to cancel it, signed over the raw body. It
    says no more than that there is something: what it is we ask the shop ourselves."""
    door = await _door(works, vault, token)
    headers, body = dict(request.headers), await request.body()
    async with works.begin(Merchant(door.merchant_id)) as work:
        row = await queries.sealed_store(work, door.store_id)
        live = [each.secret for each in queries.open_secrets(vault, row) if each.until is None or each.until > work.now]
        secrets = (*live, *settings.shopify.client_secrets)
        if not adapter_for(row.store.platform).verify(headers, body, secrets):
            raise Unauthenticated("The signature does not fit the body.", code="bad_signature")
        await pulling.ping(work, door.store_id)
    return {"received": True}


async def _stock(request: ShopRequest, works: Works, vault: Vault, token: str) -> dict[str, int]:
    door = await _door(works, vault, token)
    sku = request.query_params.get("sku")
    async with works.reading(Merchant(door.merchant_id)) as work:
        return await callbacks.stock_at(work, door.warehouse_id, sku)


async def _numbers(request: ShopRequest, works: Works, vault: Vault, token: str) -> TrackingNumbers:
    door = await _door(works, vault, token)
    names = [str(name) for name in request.query_params.getall("order_names[]", [])]
    wanted = [name for name in names if len(name) <= LONGEST][: callbacks.AT_ONCE]
    async with works.reading(Merchant(door.merchant_id)) as work:
        return TrackingNumbers(tracking_numbers=await callbacks.tracking_numbers(work, door, wanted))


@get([f"{PREFIX}/fetch_stock", f"{PREFIX}/fetch_stock.json"], include_in_schema=False)
async def fetch_stock(
    request: ShopRequest, works: NamedDependency[Works], vault: NamedDependency[Vault], token: FromPath[str]
) -> dict[str, int]:
    """Called by Shopify, for one SKU (`sku`) or for all: how many units of each this service's warehouse can sell."""
    return await _stock(request, works, vault, token)


@get([f"{PREFIX}/fetch_tracking_numbers", f"{PREFIX}/fetch_tracking_numbers.json"], include_in_schema=False)
async def fetch_tracking_numbers(
    request: ShopRequest, works: NamedDependency[Works], vault: NamedDependency[Vault], token: FromPath[str]
) -> TrackingNumbers:
    """Called by Shopify for fulfilments (`order_names[]`, such as `#1001.1`) that lack a tracking number."""
    return await _numbers(request, works, vault, token)


ROUTES = [hear_request, fetch_stock, fetch_tracking_numbers]
