"""Letting a storefront's plugin connect its store: the merchant approves on a page (or makes a code by API), the plugin
exchanges the code for the connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import JSONBody

from fulfilhub.accounts.principal import Caller, MerchantCaller, doing_of, may, person
from fulfilhub.accounts.queries import get_account
from fulfilhub.accounts.rules import AccountKind
from fulfilhub.accounts.sessions import CSRF_FIELD, Session, doorkeeper, sign_in_path
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, Forbidden, Invalid, Unauthenticated
from fulfilhub.platform.scopes import Merchant, Nobody
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.stores import queries
from fulfilhub.stores.commands import codes
from fulfilhub.stores.routes.stores import WRITE
from fulfilhub.stores.rules import ConnectRequest, PlatformKind, read_connect_request
from fulfilhub.stores.schemas import (
    StoreCodeIn,
    StoreCodeOut,
    StoreConnectedOut,
    StoreConnectIn,
    connecting_store,
    store_code_out,
    store_out,
)
from fulfilhub.web.pages import OwnPages, form_of, go_to, page_headers
from fulfilhub.web.problems import problems
from fulfilhub.web.replies import created

PAGES = OwnPages("fulfilhub.stores")
PERMISSION = "stores:write"
PageRequest = Request[Any, Any, State]


@post("/v1/store-codes", **may(PERMISSION), tags=["Stores"], summary="Make a connection code", responses=WRITE)
async def create_store_code(
    works: NamedDependency[Works], merchant: NamedDependency[MerchantCaller], data: JSONBody[StoreCodeIn]
) -> Response[StoreCodeOut]:
    """Leave for a storefront's plugin to connect one store within 15 minutes, once. The code is shown this once, so an
    Idempotency-Key is not honoured here."""
    platform = None if data.platform is None else PlatformKind(data.platform)
    async with works.begin(merchant.scope) as work:
        made = await codes.make_code(work, platform, data.name, data.base_url, data.code_challenge)
        body = store_code_out(made)
        return created(work, body, f"/v1/store-codes/{body.id}")


@post(
    "/v1/stores/connect",
    tags=["Stores"],
    summary="Connect a store with a code",
    responses=problems(Conflict, Invalid),
)
async def connect_with_code(
    request: PageRequest,
    works: NamedDependency[Works],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    data: JSONBody[StoreConnectIn],
) -> Response[StoreConnectedOut]:
    """Called by a storefront's plugin: exchanges a connection code for the connection. It needs no API key; the code
    is the leave. The secret with which the storefront signs its webhooks may be ours, and is shown this once, like the
    key of a plugin. Where the address was connected before, the same store is connected anew: the keys that it had end
    at once, its old secret after 24 hours."""
    async with works.begin(Nobody()) as work:
        found = await queries.code_door(work, codes.code_fingerprint(data.code))
    if found is None:
        raise codes.bad_code()
    merchant_id, code_id = found
    scope = Merchant(merchant_id, ids.STORE_CODE.show(code_id), doing_of(request))
    async with works.begin(scope) as work:
        made = await codes.use_code(work, vault, code_id, data.code_verifier, connecting_store(data))
        store = store_out(await queries.get_store(work, made.store_id), settings.server.url)
        body = StoreConnectedOut(store=store, webhook_secret=made.webhook_secret, api_key=made.api_key)
        return created(work, body, f"/v1/stores/{store.id}")


@get("/connect", **PAGES.options)
async def ask_to_connect(
    request: PageRequest, works: NamedDependency[Works], settings: NamedDependency[Settings]
) -> Response[str]:
    """What the plugin asks for, to approve or to refuse."""
    asked = _asked(dict(request.query_params), settings)
    guard = doorkeeper(request)
    session = await guard.session(request)
    if session is None:
        return go_to(sign_in_path(request))
    caller = entitled(session)
    async with works.reading(caller.scope) as work:
        organisation = (await get_account(work, session.account_id)).name
        known = await queries.store_at(work, asked.shop_url)
    return PAGES.show(
        "connect.html",
        forms_lead_to=asked.origin,
        csrf=guard.csrf(session.id),
        asked=asked,
        fields=_fields(asked),
        organisation=organisation,
        mode=session.mode,
        known=known is not None,
    )


@post("/connect", status_code=303, **PAGES.options)
async def answer_to_connect(
    request: PageRequest, works: NamedDependency[Works], settings: NamedDependency[Settings]
) -> Response[str]:
    """Sends the merchant back to the shop, with a code or with the refusal. What was asked is read anew: the form
    could have been altered."""
    guard = doorkeeper(request)
    session = await guard.session(request)
    if session is None:
        raise Unauthenticated("You were signed out. Go back to your shop and start again.")
    form = await form_of(request)
    guard.check_csrf(request, session.id, form.get(CSRF_FIELD))
    asked = _asked(form, settings)
    if form.get("answer") != "approve":
        return _back(asked.answered(error="access_denied"))
    caller = replace(entitled(session), doing=doing_of(request))
    async with works.begin(caller.scope) as work:
        made = await codes.make_code(work, asked.platform, asked.shop_name, asked.shop_url, asked.challenge)
        work.remember(303, {"Location": f"/{ids.STORE_CODE.show(made.id)}"}, b"")
    return _back(asked.answered(code=made.code))


def _asked(given: Mapping[str, str], settings: Settings) -> ConnectRequest:
    return read_connect_request(given, allow_http=settings.security.allow_private_hosts)


def entitled(session: Session) -> Caller:
    """The person as one who may connect stores. Raises Forbidden (`not_entitled`)."""
    caller = person(session)
    if caller.kind is not AccountKind.MERCHANT or PERMISSION not in caller.permissions:
        raise Forbidden("Only an owner of a merchant's organisation can connect a store.", code="not_entitled")
    return caller


def _fields(asked: ConnectRequest) -> dict[str, str]:
    fields = asdict(asked)
    challenge = fields.pop("challenge")
    return {**fields, "code_challenge": challenge}


def _back(address: str) -> Response[str]:
    headers = page_headers() | {"Location": address}
    return Response("", status_code=303, headers=headers, media_type="text/html")


ROUTES = [create_store_code, connect_with_code, ask_to_connect, answer_to_connect]
