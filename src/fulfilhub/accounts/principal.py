"""From a request to a caller: a key, or a signed-in person's session, is resolved before there is a scope, then
checked against what the route needs.

`@get("/v1/orders", **may("orders:read"))` says what a route needs; a parameter
`merchant: NamedDependency[MerchantCaller]` says who may call it. A guard does the work, so an unknown key is refused
before any body is read.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, TypedDict, cast
from uuid import UUID

import structlog
from asyncpg import PostgresError
from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.handlers.base import BaseRouteHandler
from sqlalchemy.exc import DBAPIError

from fulfilhub.accounts.rules import KEY, PERMISSIONS, STORE_PERMISSION, AccountKind, Mode, permissions_of
from fulfilhub.accounts.sessions import CSRF_HEADER, SAFE_METHODS, Session, doorkeeper
from fulfilhub.platform import ids
from fulfilhub.platform.audit import Doing
from fulfilhub.platform.errors import Forbidden, FulfilHubError, Unauthenticated
from fulfilhub.platform.scopes import Merchant, Nobody, Operator, Partner
from fulfilhub.platform.secrets import fingerprint
from fulfilhub.platform.work import Works
from fulfilhub.web.checks import ApiRequest
from fulfilhub.web.clients import client_address, network
from fulfilhub.web.headers import note_caller
from fulfilhub.web.limits import RateLimiter
from fulfilhub.web.once import WITHIN
from fulfilhub.web.openapi import Access, operation_id
from fulfilhub.web.tracing import AsgiScope, request_id

UNTOLD = frozenset((429, 503))
"""Refusals that are not written down: to write them is the work that they are to spare us."""

log = structlog.get_logger("fulfilhub.audit")

REMEMBERED_SECONDS = 5.0
REMEMBERED_KEYS = 10_000

RESOLVE = "SELECT key_id, account_id, kind, mode, permissions, expires_at, store_id FROM resolve_api_key($1)"


class Needs(TypedDict):
    """What `may` adds to a route."""

    opt: dict[str, object]
    security: list[dict[str, list[str]]]


def may(permission: str, **opt: object) -> Needs:
    """The route needs a caller with this permission. `audited=False` is for POSTs that change nothing."""
    return {"opt": {"permission": permission, **opt}, "security": [{"apiKey": []}]}


def storefront(**opt: object) -> Needs:
    """The route is for the plugin of a store, whose key says which; `opt` as of `may`."""
    return may(STORE_PERMISSION, **opt)


@dataclass(frozen=True, slots=True)
class Caller:
    """A resolved key, or a person. `actor` is how ledgers name the caller; `doing` what the audit log will be told
    of the present request, when it is a write. `store_id` is the store that the key belongs to, if it does to one."""

    actor: str
    account_id: UUID
    kind: AccountKind
    mode: Mode
    permissions: frozenset[str]
    expires_at: datetime | None
    doing: Doing | None = None
    store_id: UUID | None = None

    @property
    def scope(self) -> Merchant | Partner | Operator:
        """The account's own rows."""
        return scope_of(self.kind, self.account_id, self.actor, self.doing)


def scope_of(
    kind: AccountKind, account_id: UUID, actor: str, doing: Doing | None = None
) -> Merchant | Partner | Operator:
    """The scope of an account of this kind."""
    if kind is AccountKind.MERCHANT:
        return Merchant(account_id, actor, doing)
    if kind is AccountKind.PARTNER:
        return Partner(account_id, actor, doing)
    return Operator(account_id, actor, doing)


@dataclass(frozen=True, slots=True)
class MerchantCaller:
    """A merchant's key."""

    caller: Caller
    kinds: ClassVar[tuple[AccountKind, ...]] = (AccountKind.MERCHANT,)

    @property
    def scope(self) -> Merchant:
        return Merchant(self.caller.account_id, self.caller.actor, self.caller.doing)


@dataclass(frozen=True, slots=True)
class PartnerCaller:
    """Whoever runs a warehouse: a partner's key, or a merchant's for its own warehouses."""

    caller: Caller
    kinds: ClassVar[tuple[AccountKind, ...]] = (AccountKind.PARTNER, AccountKind.MERCHANT)

    @property
    def scope(self) -> Partner:
        return Partner(self.caller.account_id, self.caller.actor, self.caller.doing)


@dataclass(frozen=True, slots=True)
class OperatorCaller:
    """The platform's own staff key."""

    caller: Caller
    kinds: ClassVar[tuple[AccountKind, ...]] = (AccountKind.PLATFORM,)

    @property
    def scope(self) -> Operator:
        return Operator(self.caller.account_id, self.caller.actor, self.caller.doing)


@dataclass(frozen=True, slots=True)
class StorefrontCaller:
    """The plugin of one store, by the store's own key: it sees its merchant's rows as far as they are its store's."""

    caller: Caller
    kinds: ClassVar[tuple[AccountKind, ...]] = (AccountKind.MERCHANT,)

    @property
    def scope(self) -> Merchant:
        return Merchant(self.caller.account_id, self.caller.actor, self.caller.doing)

    @property
    def store_id(self) -> UUID:
        """The only store of which it may speak."""
        if self.caller.store_id is None:
            raise LookupError("Only the key of a store has the permission that its routes need.")
        return self.caller.store_id


@dataclass(frozen=True, slots=True)
class AnyCaller:
    """Any key: the route serves each kind of account its own rows."""

    caller: Caller
    kinds: ClassVar[tuple[AccountKind, ...]] = (AccountKind.MERCHANT, AccountKind.PARTNER, AccountKind.PLATFORM)

    @property
    def scope(self) -> Merchant | Partner | Operator:
        return self.caller.scope


CallerType = (
    type[MerchantCaller] | type[PartnerCaller] | type[OperatorCaller] | type[StorefrontCaller] | type[AnyCaller]
)
CALLERS: dict[str, CallerType] = {
    "merchant": MerchantCaller,
    "partner": PartnerCaller,
    "operator": OperatorCaller,
    "storefront": StorefrontCaller,
    "anyone": AnyCaller,
}


class KeyRing:
    """Resolves keys and remembers them for five seconds, which is how long a revoked key may still work."""

    def __init__(self, works: Works) -> None:
        self._works = works
        self._known: OrderedDict[bytes, tuple[float, Caller]] = OrderedDict()

    async def resolve(self, key: str) -> Caller:
        """The caller. Raises Unauthenticated for an unknown, expired or revoked key."""
        if not KEY.match(key):
            raise Unauthenticated("Send `Authorization: Bearer fh_live_...` (or fh_test_...) with a valid API key.")
        print_ = fingerprint(key)
        remembered = self._known.get(print_)
        if remembered is not None and time.monotonic() - remembered[0] < REMEMBERED_SECONDS:
            caller = remembered[1]
        else:
            caller = await self._look_up(print_)
        if caller.expires_at is not None and caller.expires_at <= self._works.clock():
            raise Unauthenticated("This API key has expired; make a new one.")
        return caller

    async def _look_up(self, print_: bytes) -> Caller:
        self._known.pop(print_, None)
        async with self._works.begin(Nobody()) as work:
            rows = await work.fetch_raw(RESOLVE, print_)
        if not rows:
            raise Unauthenticated("This API key is unknown or was revoked.")
        row = rows[0]
        caller = Caller(
            ids.API_KEY.show(row["key_id"]),
            row["account_id"],
            AccountKind(row["kind"]),
            Mode(row["mode"]),
            frozenset(row["permissions"]),
            row["expires_at"],
            store_id=row["store_id"],
        )
        self._known[print_] = (time.monotonic(), caller)
        while len(self._known) > REMEMBERED_KEYS:
            self._known.popitem(last=False)
        return caller


def access(handler: BaseRouteHandler) -> Access | None:
    """What `may` and the signature of a route say of its callers, for the contract; None when it needs no key."""
    permission = handler.opt.get("permission")
    if permission is None:
        return None
    if permission == STORE_PERMISSION:
        return Access(permission, ("store",))
    kinds = [kind for kind in AccountKind if kind in _kinds_wanted(handler) and permission in PERMISSIONS[kind]]
    return Access(permission, tuple(map(str, kinds)))


def _kinds_wanted(handler: BaseRouteHandler) -> frozenset[AccountKind]:
    for name, kind in CALLERS.items():
        if name in handler.parsed_fn_signature.parameters:
            return frozenset(kind.kinds)
    return frozenset(AccountKind)


async def authenticate(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """The guard of every route that `may` marked. Raises Unauthenticated or Forbidden; then counts the call."""
    permission = handler.opt.get("permission")
    if permission is None:
        return
    caller = await _who(connection)
    if connection.scope["method"] not in SAFE_METHODS and handler.opt.get("audited", True):  # type: ignore[typeddict-item]
        caller = replace(caller, doing=doing_of(connection))
    connection.scope["state"]["caller"] = caller
    if caller.store_id is not None:
        connection.scope["state"][WITHIN] = ids.STORE.show(caller.store_id)
    if caller.kind not in _kinds_wanted(handler):
        raise Forbidden(f"A {caller.kind} key can't call this; it is for {_named(handler)} keys.")
    if permission not in caller.permissions:
        what = "Your role" if caller.actor.startswith(ids.USER.prefix) else "This API key"
        raise Forbidden(f"{what} lacks the permission {permission!r}.", more={"permission": permission})
    note_caller(caller.actor)
    limiter: RateLimiter = connection.app.state.limits
    await limiter.count(cast("AsgiScope", connection.scope), caller.actor)


async def _who(connection: ASGIConnection[Any, Any, Any, Any]) -> Caller:
    """The key's caller; without a key, the signed-in person's, who must send the session's CSRF token to write."""
    given = connection.headers.get("authorization")
    if given is None and connection.cookies:
        keeper = doorkeeper(connection)
        session = await keeper.session(connection)
        if session is not None:
            if connection.scope["method"] not in SAFE_METHODS:  # type: ignore[typeddict-item]
                keeper.check_csrf(connection, session.id, connection.headers.get(CSRF_HEADER))
            return person(session)
    scheme, _, key = (given or "").partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated("Send `Authorization: Bearer fh_live_...` (or fh_test_...) with your API key.")
    ring: KeyRing = connection.app.state.key_ring
    return await ring.resolve(key.strip())


def person(session: Session, doing: Doing | None = None) -> Caller:
    """A signed-in person as a caller, in the account that the session works in."""
    return Caller(
        ids.USER.show(session.user_id),
        session.account_id,
        session.kind,
        session.mode,
        permissions_of(session.role, session.kind),
        session.expires_at,
        doing,
    )


def doing_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Doing:
    """What this request is about to do, as the audit log names it."""
    handler = cast("HTTPRouteHandler", connection.scope["route_handler"])
    settings = connection.app.state.settings
    named = [str(value) for name, value in connection.scope["path_params"].items() if name.endswith("_id")]
    trace = cast("AsgiScope", connection.scope)
    address = client_address(trace, trust_forwarded=settings.security.trust_forwarded)
    entity = named[-1] if named and ids.WELL_FORMED.fullmatch(named[-1]) else None
    return Doing(operation_id(handler), handler.status_code, entity, request_id(trace), network(address))


def audit_refusals(works: Works) -> Callable[[AsgiScope, int], Awaitable[None]]:
    """What is told of every refused request: a write that a known caller was refused gets its row, too."""

    async def refused(scope: AsgiScope, status: int) -> None:
        caller: Caller | None = scope.get("state", {}).get("caller")
        if caller is None or caller.doing is None or caller.doing.kept or status in UNTOLD:
            return
        caller.doing.status = status
        try:
            async with works.begin(caller.scope):
                pass
        except (FulfilHubError, DBAPIError, PostgresError, OSError) as error:
            # The answer has gone out: no reason to fail again.
            log.warning("audit.lost", action=caller.doing.action, status=status, error=type(error).__name__)

    return refused


def _named(handler: BaseRouteHandler) -> str:
    return " or ".join(sorted(_kinds_wanted(handler)))


def _provider(kind: CallerType) -> Provide:
    async def provide(request: ApiRequest) -> Any:
        return kind(request.scope["state"]["caller"])

    return Provide(provide)


def callers() -> dict[str, Provide]:
    """Dependencies named `merchant`, `partner`, `operator`, `storefront` and `anyone`."""
    return {name: _provider(kind) for name, kind in CALLERS.items()}
