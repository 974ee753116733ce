"""Renewing a shop's tokens: one at a time for each shop, written down before the call and after it."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy import update

from fulfilhub.platform import ids
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.work import Work
from fulfilhub.stores import queries
from fulfilhub.stores.adapters.port import Refused, Retry
from fulfilhub.stores.adapters.shopify.oauth import DEAD, Answer, Grant
from fulfilhub.stores.commands.installing import keep_pair
from fulfilhub.stores.models import ShopifyInstall
from fulfilhub.stores.rules.shopify import LIVE, REFUSED_AGAIN, RENEWAL_LASTS, InstallState, is_stale


@dataclass(frozen=True, slots=True)
class Renewal:
    """Leave to renew one shop's pair, until it ends. Without a refresh token its permanent token is to be exchanged."""

    store_id: UUID
    renewal_id: UUID
    shop: str
    refresh_token: str | None = field(repr=False)
    access_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Busy:
    """Another renews this shop's pair; it may be taken over after so many seconds."""

    seconds: float


async def begin(work: Work, vault: Vault, store_id: UUID, *, ahead: bool = False) -> Renewal | Busy | None:
    """Leave to renew; None when there is nothing to renew (any more). `ahead`: renew also what would do for now, and
    exchange a permanent token."""
    install = await queries.install_of(work, store_id, lock=True)
    if install is None or install.state != InstallState.INSTALLED:
        return None
    if not ahead and not is_stale(install.state, install.expires_at, work.now):
        return None
    if install.renewal_until is not None and install.renewal_until > work.now:
        return Busy((install.renewal_until - work.now).total_seconds())
    kept = await queries.refresh_token_of(work, store_id)
    row = await queries.sealed_store(work, store_id)
    renewal = Renewal(
        store_id,
        ids.new(),
        install.shop,
        None if kept is None else vault.decrypt(kept).decode(),
        vault.decrypt_map(row.credentials).get("access_token", ""),
    )
    await _set(work, store_id, renewal_id=renewal.renewal_id, renewal_until=work.now + RENEWAL_LASTS)
    return renewal


async def conclude(work: Work, vault: Vault, renewal: Renewal, answer: Answer) -> None:
    """Keep what came of it. Whoever took so long that another took over keeps nothing: the other's pair is newer."""
    await queries.sealed_store(work, renewal.store_id, lock=True)
    install = await queries.install_of(work, renewal.store_id, lock=True)
    if install is None or install.renewal_id != renewal.renewal_id or install.state not in LIVE:
        return
    if isinstance(answer, Grant):
        pair = answer
        if answer.expires_at is not None and answer.refresh_token is None and renewal.refresh_token is not None:
            pair = replace(answer, refresh_token=renewal.refresh_token, refresh_expires_at=install.refresh_expires_at)
        await keep_pair(work, vault, renewal.store_id, install.shop, pair)
        return
    values: dict[str, object] = {"renewal_id": None, "renewal_until": None, "failures": install.failures + 1}
    values |= {"failed_at": work.now, "reason": answer.reason}
    values["code"] = answer.code if isinstance(answer, Refused) else "unreachable"
    if isinstance(answer, Refused) and answer.code in DEAD and renewal.refresh_token is not None:
        values["state"] = InstallState.LAPSED
    await _set(work, renewal.store_id, **values)


async def spent(work: Work, vault: Vault, store_id: UUID, token: str) -> None:
    """The shop refused this token. If it is the present one, and not one that was got just now, it is renewed before
    the next call; where it can't be, the install has lapsed."""
    install = await queries.install_of(work, store_id, lock=True)
    if install is None or install.state != InstallState.INSTALLED:
        return
    row = await queries.sealed_store(work, store_id)
    present = vault.decrypt_map(row.credentials).get("access_token", "")
    if not hmac.compare_digest(present.encode(), token.encode()):
        return
    values: dict[str, object] = {"failures": install.failures + 1, "failed_at": work.now, "code": "unauthorised"}
    values["reason"] = "The shop does not accept our token."
    if install.expires_at is None:
        values["state"] = InstallState.LAPSED
    elif install.renewed_at <= work.now - REFUSED_AGAIN:
        values["expires_at"] = work.now
    await _set(work, store_id, **values)


def why(answer: Refused | Retry) -> str:
    """In one sentence, for whoever waits for the token."""
    return f"The shop's token could not be renewed: {answer.reason}"


async def _set(work: Work, store_id: UUID, **values: object) -> None:
    await work.db.execute(
        update(ShopifyInstall)
        .where(ShopifyInstall.merchant_id == work.account_id, ShopifyInstall.store_id == store_id)
        .values(values)
    )
