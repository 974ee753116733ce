"""Handing out and erasing a customer's data, on the merchant's request."""

from __future__ import annotations

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from fulfilhub.accounts.principal import MerchantCaller, may
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, Forbidden, Invalid, NotFound, RateLimited, Unauthenticated
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.work import Works
from fulfilhub.privacy import commands, queries
from fulfilhub.privacy.rules import RequestKind
from fulfilhub.privacy.schemas import PrivacyExportOut, PrivacyRequestIn, PrivacyRequestOut, request_out
from fulfilhub.web.once import Once
from fulfilhub.web.paging import Cursor, Limit, Page, page_of
from fulfilhub.web.problems import problems
from fulfilhub.web.replies import created, ok

READ = problems(Unauthenticated, Forbidden, NotFound, Invalid, RateLimited)
EXPORT = problems(Unauthenticated, Forbidden, NotFound, Conflict, Invalid, RateLimited)
WRITE = problems(Unauthenticated, Forbidden, Conflict, Invalid, RateLimited)


@post(
    "/v1/privacy-requests",
    **may("privacy:write"),
    tags=["Privacy"],
    summary="Export or erase a customer's data",
    responses=WRITE,
)
async def create_privacy_request(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    vault: NamedDependency[Vault],
    data: JSONBody[PrivacyRequestIn],
) -> Response[PrivacyRequestOut]:
    """A job carries it out, in seconds. An erasure blanks names, addresses, contact data and free text of all orders
    with this e-mail address, the documents that warehouses hold, and raw messages; counts, dates and ledgers stay.
    Orders still under way keep what their parcel needs until they have ended; the request waits for them."""
    async with works.begin(merchant.scope, once) as work:
        request_id = await commands.request(work, vault, RequestKind(data.kind), data.email)
        made = request_out(await queries.get_request(work, request_id))
        return created(work, made, f"/v1/privacy-requests/{made.id}")


@get("/v1/privacy-requests", **may("privacy:read"), tags=["Privacy"], summary="List privacy requests", responses=READ)
async def list_privacy_requests(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[PrivacyRequestOut]:
    """What was asked and what became of it, oldest first."""
    async with works.reading(merchant.scope) as work:
        return await page_of(
            limit,
            cursor,
            lambda after, size: queries.list_requests(work, after, size),
            lambda row: row.id,
            request_out,
        )


@get(
    "/v1/privacy-requests/{privacy_request_id:str}",
    **may("privacy:read"),
    tags=["Privacy"],
    summary="Get a privacy request",
    responses=READ,
)
async def get_privacy_request(
    works: NamedDependency[Works], merchant: NamedDependency[MerchantCaller], privacy_request_id: FromPath[str]
) -> Response[PrivacyRequestOut]:
    """One request."""
    async with works.reading(merchant.scope) as work:
        return ok(work, request_out(await queries.get_request(work, ids.PRIVACY_REQUEST.find(privacy_request_id))))


@get(
    "/v1/privacy-requests/{privacy_request_id:str}/export",
    **may("privacy:read"),
    tags=["Privacy"],
    summary="Read an export",
    responses=EXPORT,
)
async def get_privacy_export(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    vault: NamedDependency[Vault],
    privacy_request_id: FromPath[str],
) -> PrivacyExportOut:
    """All that is kept about the customer, until the export expires. 409 (`no_export`) while it is not done, after,
    and for an erasure."""
    found = ids.PRIVACY_REQUEST.find(privacy_request_id)
    async with works.reading(merchant.scope) as work:
        row = await queries.get_request(work, found)
        result = await queries.result_of(work, found)
    if result is None:
        raise Conflict(
            "There is nothing to read: the export is not done yet, has expired, or this is an erasure.",
            code="no_export",
            more={"kind": row.kind, "state": row.state},
        )
    return msgspec.json.decode(vault.decrypt(result), type=PrivacyExportOut)


ROUTES = [create_privacy_request, list_privacy_requests, get_privacy_request, get_privacy_export]
