"""Contracts over HTTP: offered, changed by versions that both sides accept, and ended."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from fulfilhub.accounts import commands
from fulfilhub.accounts.principal import AnyCaller, PartnerCaller, may
from fulfilhub.accounts.queries import contracts as queries
from fulfilhub.accounts.schemas.contracts import (
    ContractIn,
    ContractOut,
    ContractVersionsOut,
    TermsIn,
    contract_out,
    terms_of,
    terms_out,
)
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, Forbidden, Invalid, NotFound, RateLimited, Stale, Unauthenticated
from fulfilhub.platform.work import Works
from fulfilhub.web.conditional import IfMatch, expected_version
from fulfilhub.web.once import Once
from fulfilhub.web.paging import Cursor, Limit, Page, page_of
from fulfilhub.web.problems import problems
from fulfilhub.web.replies import created, ok

READ = problems(Unauthenticated, Forbidden, NotFound, Invalid, RateLimited)
WRITE = problems(Unauthenticated, Forbidden, NotFound, Conflict, Stale, Invalid, RateLimited)


@post("/v1/contracts", **may("contracts:write"), tags=["Contracts"], summary="Offer a contract", responses=WRITE)
async def offer_contract(
    works: NamedDependency[Works],
    partner: NamedDependency[PartnerCaller],
    once: NamedDependency[Once],
    data: JSONBody[ContractIn],
) -> Response[ContractOut]:
    """A partner offers a merchant some of its warehouses; work is sent there once the merchant accepts. What the
    merchant invited the partner to is answered with it."""
    merchant_id, terms = ids.ACCOUNT.read(data.merchant_id, "/merchant_id"), terms_of(data)
    async with works.begin(partner.scope, once) as work:
        at = "/warehouse_id" if data.warehouse_ids is None else "/warehouse_ids"
        contract_id = await commands.offer_contract(work, merchant_id, terms, at)
        made = contract_out(await queries.get_contract(work, contract_id), partner.caller.kind)
        return created(work, made, f"/v1/contracts/{made.id}")


@get("/v1/contracts", **may("contracts:read"), tags=["Contracts"], summary="List contracts", responses=READ)
async def list_contracts(
    works: NamedDependency[Works], anyone: NamedDependency[AnyCaller], limit: Limit = 50, cursor: Cursor = None
) -> Page[ContractOut]:
    """A merchant's contracts with partners, or a partner's with merchants, oldest first."""
    kind = anyone.caller.kind
    async with works.reading(anyone.scope) as work:
        return await page_of(
            limit,
            cursor,
            lambda after, size: queries.list_contracts(work, after, size),
            lambda r: r.id,
            lambda row: contract_out(row, kind),
        )


@get(
    "/v1/contracts/{contract_id:str}",
    **may("contracts:read"),
    tags=["Contracts"],
    summary="Get a contract",
    responses=READ,
)
async def get_contract(
    works: NamedDependency[Works], anyone: NamedDependency[AnyCaller], contract_id: FromPath[str]
) -> Response[ContractOut]:
    """One contract: the terms in force, and those that wait for an answer."""
    async with works.reading(anyone.scope) as work:
        row = await queries.get_contract(work, ids.CONTRACT.find(contract_id))
        return ok(work, contract_out(row, anyone.caller.kind))


@get(
    "/v1/contracts/{contract_id:str}/versions",
    **may("contracts:read"),
    tags=["Contracts"],
    summary="List a contract's versions",
    responses=READ,
)
async def list_contract_versions(
    works: NamedDependency[Works], anyone: NamedDependency[AnyCaller], contract_id: FromPath[str]
) -> ContractVersionsOut:
    """All that was ever proposed, by whom, and what came of it."""
    async with works.reading(anyone.scope) as work:
        row = await queries.get_contract(work, ids.CONTRACT.find(contract_id))
        return ContractVersionsOut(data=[terms_out(each) for each in row.versions])


@post(
    "/v1/contracts/{contract_id:str}/versions",
    **may("contracts:write"),
    tags=["Contracts"],
    summary="Propose other terms",
    responses=WRITE,
)
async def propose_terms(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    once: NamedDependency[Once],
    contract_id: FromPath[str],
    data: JSONBody[TermsIn],
    if_match: IfMatch = None,
) -> Response[ContractOut]:
    """Either side proposes terms, in place of what waits for an answer; a counter-offer is one too. What is in force
    stays so until the other side accepts, and then until `starts_on`."""
    found, terms = ids.CONTRACT.find(contract_id), terms_of(data)
    async with works.begin(anyone.scope, once) as work:
        await commands.propose_terms(work, found, terms, expected_version(if_match))
        made = contract_out(await queries.get_contract(work, found), anyone.caller.kind)
        return created(work, made, f"/v1/contracts/{made.id}")


@post(
    "/v1/contracts/{contract_id:str}/accept",
    **may("contracts:write"),
    tags=["Contracts"],
    summary="Accept a contract",
    status_code=200,
    responses=WRITE,
)
async def accept_contract(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    once: NamedDependency[Once],
    contract_id: FromPath[str],
    if_match: IfMatch = None,
) -> Response[ContractOut]:
    """Accepts the terms that the other side proposed; with If-Match only those that you have seen. Repeating is
    harmless."""
    found = ids.CONTRACT.find(contract_id)
    async with works.begin(anyone.scope, once) as work:
        await commands.accept_contract(work, found, expected_version(if_match))
        return ok(work, contract_out(await queries.get_contract(work, found), anyone.caller.kind))


@post(
    "/v1/contracts/{contract_id:str}/decline",
    **may("contracts:write"),
    tags=["Contracts"],
    summary="Decline terms",
    status_code=200,
    responses=WRITE,
)
async def decline_contract(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    once: NamedDependency[Once],
    contract_id: FromPath[str],
    if_match: IfMatch = None,
) -> Response[ContractOut]:
    """Says no to the terms that wait for an answer, or takes back one's own: an offer ends with it, an active contract
    goes on as it is. Repeating is harmless."""
    found = ids.CONTRACT.find(contract_id)
    async with works.begin(anyone.scope, once) as work:
        await commands.decline_contract(work, found, expected_version(if_match))
        return ok(work, contract_out(await queries.get_contract(work, found), anyone.caller.kind))


@post(
    "/v1/contracts/{contract_id:str}/end",
    **may("contracts:write"),
    tags=["Contracts"],
    summary="End a contract",
    status_code=200,
    responses=WRITE,
)
async def end_contract(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    once: NamedDependency[Once],
    contract_id: FromPath[str],
) -> Response[ContractOut]:
    """Either side ends it: at once, or with the notice that its terms ask for, as `ends_on` shows. After that nothing
    new is sent there, and what was sent is finished. Repeating is harmless."""
    found = ids.CONTRACT.find(contract_id)
    async with works.begin(anyone.scope, once) as work:
        await commands.end_contract(work, found)
        return ok(work, contract_out(await queries.get_contract(work, found), anyone.caller.kind))


ROUTES = [
    offer_contract,
    list_contracts,
    get_contract,
    list_contract_versions,
    propose_terms,
    accept_contract,
    decline_contract,
    end_contract,
]
