"""Connecting a WooCommerce store without a plugin: its owner approves on WooCommerce's own page, and we are sent keys.

Source: https://developer.woocommerce.com/docs/apis/rest-api/authentication/ and WooCommerce's `WC_Auth`: the keys come
in a POST to an https address before the owner is sent back, and are deleted again unless it is answered 200.
"""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from fulfilhub.accounts.principal import MerchantCaller, doing_of, may
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, Forbidden, Invalid, NotFound, RateLimited, Unauthenticated
from fulfilhub.platform.scopes import Merchant, Nobody
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.stores import queries
from fulfilhub.stores.adapters.woocommerce.keys import read_keys
from fulfilhub.stores.commands import codes
from fulfilhub.stores.rules import WC_AUTH_CALLBACK, PlatformKind, authorise_url, clean_url
from fulfilhub.stores.schemas.authorising import (
    AuthorisationIn,
    AuthorisationOut,
    StoreCodeSeen,
    WooCommerceKeysOut,
    authorisation_out,
    code_seen,
)
from fulfilhub.web.openapi import RAW_BODY
from fulfilhub.web.pages import OwnPages
from fulfilhub.web.problems import problems
from fulfilhub.web.replies import created, ok

PAGES = OwnPages("fulfilhub.stores")
READ = problems(Unauthenticated, Forbidden, NotFound, Invalid, RateLimited)
WRITE = problems(Unauthenticated, Forbidden, Conflict, Invalid, RateLimited)
PageRequest = Request[Any, Any, State]


@post(
    "/v1/stores/woocommerce-authorisations",
    **may("stores:write"),
    tags=["Stores"],
    summary="Ask a WooCommerce shop for keys",
    responses=WRITE,
)
async def create_woocommerce_authorisation(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    settings: NamedDependency[Settings],
    data: JSONBody[AuthorisationIn],
) -> Response[AuthorisationOut]:
    """Gives the address of the page in the shop where its owner approves, within 15 minutes; the shop then sends its
    keys here, and is connected. What became of it: `GET /v1/store-codes/{code_id}`. The answer holds a secret, so an
    Idempotency-Key is not honoured here. WooCommerce only sends keys to an https address: without one it is 409
    (`https_needed`)."""
    url = settings.server.url
    if not url.startswith("https://") and not settings.security.allow_private_hosts:
        raise Conflict(
            "WooCommerce sends keys to an https address only: serve FulfilHub by https (PUBLIC_URL), or connect the "
            "store with keys made by hand.",
            code="https_needed",
        )
    address = clean_url(data.base_url, "/base_url")
    async with works.begin(merchant.scope) as work:
        made = await codes.make_code(work, PlatformKind.WOOCOMMERCE, data.name, address)
        body = authorisation_out(made, authorise_url(address, made.code, url))
        return created(work, body, f"/v1/store-codes/{body.id}")


@get(
    "/v1/store-codes/{code_id:str}",
    **may("stores:read"),
    tags=["Stores"],
    summary="Get a connection code",
    responses=READ,
)
async def get_store_code(
    works: NamedDependency[Works], merchant: NamedDependency[MerchantCaller], code_id: FromPath[str]
) -> Response[StoreCodeSeen]:
    """What became of a connection code, or of an approval asked for in a shop; without the code itself."""
    async with works.reading(merchant.scope) as work:
        return ok(work, code_seen(await queries.get_code(work, ids.STORE_CODE.find(code_id)), work.now))


@post(
    WC_AUTH_CALLBACK,
    opt={RAW_BODY: "What WooCommerce sends: `user_id`, `consumer_key`, `consumer_secret` and `key_permissions`."},
    tags=["Store webhooks"],
    summary="Deliver a WooCommerce shop's keys",
    status_code=200,
    responses=problems(Conflict, Invalid),
)
async def receive_woocommerce_keys(
    request: PageRequest,
    works: NamedDependency[Works],
    vault: NamedDependency[Vault],
) -> WooCommerceKeysOut:
    """Called by WooCommerce once the shop's owner has approved. It needs no API key; the `user_id` is the leave, good
    once and for the shop that it was made for. Where the shop was connected before, it is connected anew."""
    given = read_keys(await request.body())
    async with works.begin(Nobody()) as work:
        found = await queries.code_door(work, codes.code_fingerprint(given.user_id))
    if found is None:
        raise codes.bad_code()
    merchant_id, code_id = found
    keys = {"consumer_key": given.consumer_key, "consumer_secret": given.consumer_secret}
    async with works.begin(Merchant(merchant_id, ids.STORE_CODE.show(code_id), doing_of(request))) as work:
        made = await codes.use_authorisation(work, vault, code_id, keys, given.key_permissions)
        work.concerns(ids.STORE.show(made.store_id))
    return WooCommerceKeysOut()


@get("/connect/woocommerce", **PAGES.options)
async def back_from_woocommerce(request: PageRequest) -> Response[str]:
    """Where WooCommerce sends the owner after the answer. It tells nothing that its address does not."""
    if request.query_params.get("success") == "1":
        text = "FulfilHub reads your shop's orders from now on. You can close this page."
        return PAGES.show("own_message.html", title="Your shop is connected", text=text)
    text = "FulfilHub was given no keys. You can close this page, or start again."
    return PAGES.show("own_message.html", title="Nothing was connected", text=text)


ROUTES = [create_woocommerce_authorisation, get_store_code, receive_woocommerce_keys, back_from_woocommerce]
