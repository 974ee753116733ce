"""From a request to a caller: the key is resolved before there is a scope, then checked against what the route needs.

`@get("/v1/orders", **may("orders:read"))` says what a route needs; a parameter
`merchant: NamedDependency[MerchantCaller]` says who may call it. A guard does the work, so an unknown key is refused
before any body is read.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, TypedDict, cast
from uuid import UUID

from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.handlers.base import BaseRouteHandler

from fulfilhub.accounts.rules import KEY, PERMISSIONS, AccountKind, Mode
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Forbidden, Unauthenticated
from fulfilhub.platform.scopes import Merchant, Nobody, Operator, Partner
from fulfilhub.platform.secrets import fingerprint
from fulfilhub.platform.work import Works
from fulfilhub.web.checks import ApiRequest
from fulfilhub.web.headers import note_caller
from fulfilhub.web.limits import RateLimiter
from fulfilhub.web.openapi import Access
from fulfilhub.web.tracing import AsgiScope

REMEMBERED_SECONDS = 5.0
REMEMBERED_KEYS = 10_000

RESOLVE = "SELECT key_id, account_id, kind, mode, permissions, expires_at FROM resolve_api_key($1)"


class Needs(TypedDict):
    """What `may` adds to a route."""

    opt: dict[str, object]
    security: list[dict[str, list[str]]]


def may(permission: str, **opt: object) -> Needs:
    """The route needs a key with this permission."""
    return {"opt": {"permission": permission, **opt}, "security": [{"apiKey": []}]}


@dataclass(frozen=True, slots=True)
class Caller:
    """A resolved key."""

    key_id: UUID
    account_id: UUID
    kind: AccountKind
    mode: Mode
    permissions: frozenset[str]
    expires_at: datetime | None

    @property
    def actor(self) -> str:
        """How ledgers name this caller."""
        return ids.API_KEY.show(self.key_id)


@dataclass(frozen=True, slots=True)
class MerchantCaller:
    """A merchant's key."""

    caller: Caller
    kinds: ClassVar[tuple[AccountKind, ...]] = (AccountKind.MERCHANT,)

    @property
    def scope(self) -> Merchant:
        return Merchant(self.caller.account_id, self.caller.actor)


@dataclass(frozen=True, slots=True)
class PartnerCaller:
    """Whoever runs a warehouse: a partner's key, or a merchant's for its own warehouses."""

    caller: Caller
    kinds: ClassVar[tuple[AccountKind, ...]] = (AccountKind.PARTNER, AccountKind.MERCHANT)

    @property
    def scope(self) -> Partner:
        return Partner(self.caller.account_id, self.caller.actor)


@dataclass(frozen=True, slots=True)
class OperatorCaller:
    """The platform's own staff key."""

    caller: Caller
    kinds: ClassVar[tuple[AccountKind, ...]] = (AccountKind.PLATFORM,)

    @property
    def scope(self) -> Operator:
        return Operator(self.caller.account_id, self.caller.actor)


@dataclass(frozen=True, slots=True)
class AnyCaller:
    """Any key: the route serves each kind of account its own rows."""

    caller: Caller
    kinds: ClassVar[tuple[AccountKind, ...]] = (AccountKind.MERCHANT, AccountKind.PARTNER, AccountKind.PLATFORM)

    @property
    def scope(self) -> Merchant | Partner | Operator:
        if self.caller.kind is AccountKind.MERCHANT:
            return Merchant(self.caller.account_id, self.caller.actor)
        if self.caller.kind is AccountKind.PARTNER:
            return Partner(self.caller.account_id, self.caller.actor)
        return Operator(self.caller.account_id, self.caller.actor)


CallerType = type[MerchantCaller] | type[PartnerCaller] | type[OperatorCaller] | type[AnyCaller]
CALLERS: dict[str, CallerType] = {
    "merchant": MerchantCaller,
    "partner": PartnerCaller,
    "operator": OperatorCaller,
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
            row["key_id"],
            row["account_id"],
            AccountKind(row["kind"]),
            Mode(row["mode"]),
            frozenset(row["permissions"]),
            row["expires_at"],
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
    scheme, _, key = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated("Send `Authorization: Bearer fh_live_...` (or fh_test_...) with your API key.")
    ring: KeyRing = connection.app.state.key_ring
    caller = await ring.resolve(key.strip())
    connection.scope["state"]["caller"] = caller
    if caller.kind not in _kinds_wanted(handler):
        raise Forbidden(f"A {caller.kind} key can't call this; it is for {_named(handler)} keys.")
    if permission not in caller.permissions:
        raise Forbidden(f"This API key lacks the permission {permission!r}.", more={"permission": permission})
    note_caller(caller.actor)
    limiter: RateLimiter = connection.app.state.limits
    await limiter.count(cast("AsgiScope", connection.scope), caller.actor)


def _named(handler: BaseRouteHandler) -> str:
    return " or ".join(sorted(_kinds_wanted(handler)))


def _provider(kind: CallerType) -> Provide:
    async def provide(request: ApiRequest) -> Any:
        return kind(request.scope["state"]["caller"])

    return Provide(provide)


def callers() -> dict[str, Provide]:
    """Dependencies named `merchant`, `partner`, `operator` and `anyone`."""
    return {name: _provider(kind) for name, kind in CALLERS.items()}
