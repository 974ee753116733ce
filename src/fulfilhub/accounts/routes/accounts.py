"""Accounts and API keys over HTTP."""

from __future__ import annotations

from datetime import timedelta

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from fulfilhub.accounts import commands, queries
from fulfilhub.accounts.principal import AnyCaller, OperatorCaller, may
from fulfilhub.accounts.rules import AccountKind
from fulfilhub.accounts.schemas import (
    AccountIn,
    AccountOut,
    KeyIn,
    KeyOut,
    KeyRotateIn,
    NewAccountOut,
    NewKeyOut,
    account_out,
    key_out,
    new_key_out,
)
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, Forbidden, Invalid, NotFound, RateLimited, Unauthenticated
from fulfilhub.platform.work import Works
from fulfilhub.web.once import Once
from fulfilhub.web.paging import Cursor, Limit, Page, page_of
from fulfilhub.web.problems import problems
from fulfilhub.web.replies import created, ok

READ = problems(Unauthenticated, Forbidden, Invalid, RateLimited)
ONE = problems(Unauthenticated, Forbidden, NotFound, RateLimited)
WRITE = problems(Unauthenticated, Forbidden, NotFound, Conflict, Invalid, RateLimited)


@post("/v1/accounts", **may("accounts:write"), tags=["Accounts"], summary="Make a merchant or partner", responses=WRITE)
async def create_account(
    works: NamedDependency[Works], operator: NamedDependency[OperatorCaller], data: JSONBody[AccountIn]
) -> Response[NewAccountOut]:
    """Makes a live account and its test twin, each with a first API key. The secrets are shown this once, so
    an Idempotency-Key is not honoured here."""
    async with works.begin(operator.scope) as work:
        made = await commands.make_account(work, AccountKind(data.kind), data.name)
        return created(
            work,
            NewAccountOut(live=new_key_out(made.live), test=new_key_out(made.test)),
            f"/v1/accounts/{ids.ACCOUNT.show(made.live.account_id)}",
        )


@get("/v1/accounts", **may("accounts:read"), tags=["Accounts"], summary="List accounts", responses=READ)
async def list_accounts(
    works: NamedDependency[Works], operator: NamedDependency[OperatorCaller], limit: Limit = 50, cursor: Cursor = None
) -> Page[AccountOut]:
    """Every account of the platform, oldest first."""
    async with works.reading(operator.scope) as work:
        return await page_of(
            limit,
            cursor,
            lambda after, size: queries.list_accounts(work, after, size),
            lambda r: r.account_id,
            account_out,
        )


@get("/v1/account", **may("keys:read"), tags=["Accounts"], summary="Who am I?", responses=ONE)
async def get_own_account(works: NamedDependency[Works], anyone: NamedDependency[AnyCaller]) -> AccountOut:
    """The account that the API key belongs to."""
    async with works.reading(anyone.scope) as work:
        return account_out(await queries.get_account(work, anyone.caller.account_id))


@get(
    "/v1/accounts/{account_id:str}", **may("accounts:read"), tags=["Accounts"], summary="Get an account", responses=ONE
)
async def get_account(
    works: NamedDependency[Works], operator: NamedDependency[OperatorCaller], account_id: FromPath[str]
) -> AccountOut:
    """One account."""
    async with works.reading(operator.scope) as work:
        return account_out(await queries.get_account(work, ids.ACCOUNT.find(account_id)))


@post("/v1/api-keys", **may("keys:write"), tags=["API keys"], summary="Make an API key", responses=WRITE)
async def create_key(
    works: NamedDependency[Works], anyone: NamedDependency[AnyCaller], data: JSONBody[KeyIn]
) -> Response[NewKeyOut]:
    """A new key of the caller's own account. A key can only give permissions that it has itself."""
    caller = anyone.caller
    wanted = sorted(caller.permissions) if data.permissions is None else data.permissions
    beyond = [name for name in wanted if name not in caller.permissions]
    if beyond:
        raise Forbidden(f"This key can't give what it does not have: {', '.join(beyond)}.")
    async with works.begin(anyone.scope) as work:
        made = await commands.make_key(
            work, caller.account_id, caller.kind, caller.mode, data.name, wanted, data.expires_at
        )
        return created(work, new_key_out(made), f"/v1/api-keys/{ids.API_KEY.show(made.id)}")


@get("/v1/api-keys", **may("keys:read"), tags=["API keys"], summary="List API keys", responses=READ)
async def list_keys(
    works: NamedDependency[Works], anyone: NamedDependency[AnyCaller], limit: Limit = 50, cursor: Cursor = None
) -> Page[KeyOut]:
    """The account's keys, oldest first, without their secrets."""
    async with works.reading(anyone.scope) as work:
        return await page_of(
            limit, cursor, lambda after, size: queries.list_keys(work, after, size), lambda r: r.id, key_out
        )


@get("/v1/api-keys/{key_id:str}", **may("keys:read"), tags=["API keys"], summary="Get an API key", responses=ONE)
async def get_key(works: NamedDependency[Works], anyone: NamedDependency[AnyCaller], key_id: FromPath[str]) -> KeyOut:
    """One key of the account, without its secret."""
    async with works.reading(anyone.scope) as work:
        return key_out(await queries.get_key(work, ids.API_KEY.find(key_id)))


@post(
    "/v1/api-keys/{key_id:str}/rotate",
    **may("keys:write"),
    tags=["API keys"],
    summary="Rotate an API key",
    responses=WRITE,
)
async def rotate_key(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    key_id: FromPath[str],
    data: JSONBody[KeyRotateIn],
) -> Response[NewKeyOut]:
    """A new key with the same name and permissions; the old one goes on working for `overlap_hours`."""
    async with works.begin(anyone.scope) as work:
        until = work.now + timedelta(hours=data.overlap_hours)
        made = await commands.rotate_key(work, ids.API_KEY.find(key_id), anyone.caller.mode, anyone.caller.kind, until)
        return created(work, new_key_out(made), f"/v1/api-keys/{ids.API_KEY.show(made.id)}")


@post(
    "/v1/api-keys/{key_id:str}/revoke",
    **may("keys:write"),
    tags=["API keys"],
    summary="Revoke an API key",
    status_code=200,
    responses=WRITE,
)
async def revoke_key(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    once: NamedDependency[Once],
    key_id: FromPath[str],
) -> Response[KeyOut]:
    """Ends a key. It may still be honoured for up to five seconds. Repeating is harmless."""
    async with works.begin(anyone.scope, once) as work:
        await commands.revoke_key(work, ids.API_KEY.find(key_id))
        return ok(work, key_out(await queries.get_key(work, ids.API_KEY.find(key_id))))


ROUTES = [
    create_account,
    list_accounts,
    get_own_account,
    get_account,
    create_key,
    list_keys,
    get_key,
    rotate_key,
    revoke_key,
]
