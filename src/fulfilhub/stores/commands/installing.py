"""Our Shopify app in a merchant's shop: the shop becomes a store, its tokens are kept, and it ends again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, text, update
from sqlalchemy.dialects.postgresql import insert

from fulfilhub.platform.errors import Conflict
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.work import Work
from fulfilhub.stores import queries
from fulfilhub.stores.adapters.shopify import scopes
from fulfilhub.stores.adapters.shopify.oauth import Grant
from fulfilhub.stores.commands import codes
from fulfilhub.stores.commands.connections import Made, NewStore, StoreChange, change, connect, disconnect
from fulfilhub.stores.commands.lanes import follow, wake
from fulfilhub.stores.models import ShopifyInstall, Store
from fulfilhub.stores.rules import PlatformKind, Settings
from fulfilhub.stores.rules.shopify import LIVE, InstallState

# What the shop refused as long as it granted too little may be told now.
TELL_AGAIN = text(
    """
    UPDATE store_updates SET state = 'pending', attempts = 0, due_at = :now, updated_at = :now
    WHERE merchant_id = :account AND store_id = :store AND state = 'refused' AND code = 'unauthorised'
    """
)


async def check(work: Work, code_id: UUID, verifier: str | None, shop: str, address: str) -> None:
    """Whether this shop may be connected with this code, before its token is asked for. Raises as `install`."""
    await codes.good_code(work, code_id, verifier, PlatformKind.SHOPIFY, address)
    await _claim(work, shop)


async def install(
    work: Work, vault: Vault, code_id: UUID, verifier: str | None, shop: str, address: str, grant: Grant
) -> UUID:
    """Connect the shop that gave us this grant to the merchant whose code it is; gives the store. A shop that the
    merchant has connected before, by the app or by a token of its own, is the same store as then. Raises Invalid
    (`bad_code`), Conflict (`shop_taken`) for a shop that another account has connected: it must be let go of there
    first, or the app removed from the shop."""
    code = await codes.good_code(work, code_id, verifier, PlatformKind.SHOPIFY, address)
    await _claim(work, shop)
    given = {"access_token": grant.access_token}
    before = await _store_of(work, shop, address)
    if before is None:
        name = code.name or shop.partition(".")[0]
        new = NewStore(
            platform=PlatformKind.SHOPIFY,
            name=name,
            base_url=address,
            shop_domain=shop,
            credentials=given,
            settings=Settings(),
            by_app=True,
        )
        made = await connect(work, vault, new)
    else:
        made = Made(before, None)
        await change(work, vault, before, StoreChange(credentials=given, base_url=address, shop_domain=shop), None)
    await keep_pair(work, vault, made.store_id, shop, grant, anew=True)
    await codes.used(work, code_id, made.store_id)
    return made.store_id


async def keep_pair(work: Work, vault: Vault, store_id: UUID, shop: str, grant: Grant, *, anew: bool = False) -> None:
    """Keep what a shop gave us: the token and what renews it, in one transaction. `anew`: it was installed just now.
    What the shop refused while it granted less is told again."""
    await queries.sealed_store(work, store_id, lock=True)  # a store is always locked before its install
    before = await queries.install_of(work, store_id, lock=True)
    await work.db.execute(
        update(Store)
        .where(Store.merchant_id == work.account_id, Store.id == store_id)
        .values(credentials=vault.encrypt_map({"access_token": grant.access_token}), updated_at=work.now)
    )
    refresh = None if grant.refresh_token is None else vault.encrypt(grant.refresh_token.encode())
    granted = list(grant.scopes) or ([] if before is None else before.scopes)
    values = {
        "shop": shop,
        "state": InstallState.INSTALLED,
        "scopes": granted,
        "refresh_token": refresh,
        "expires_at": grant.expires_at,
        "refresh_expires_at": grant.refresh_expires_at,
        "renewal_id": None,
        "renewal_until": None,
        "renewed_at": work.now,
        "failures": 0,
        "code": None,
        "reason": None,
        "ended_at": None,
        "installed_at": work.now if anew or before is None else before.installed_at,
    }
    row = {"merchant_id": work.account_id, "store_id": store_id, **values}
    key = [ShopifyInstall.merchant_id, ShopifyInstall.store_id]
    await work.db.execute(insert(ShopifyInstall).values(row).on_conflict_do_update(index_elements=key, set_=values))
    allowed = set() if before is None else scopes.granted(before.scopes)
    if anew or before is None or before.state != InstallState.INSTALLED or not scopes.granted(granted) <= allowed:
        await _tell_again(work, store_id)


async def uninstalled(work: Work, vault: Vault, store_id: UUID, at: datetime | None) -> bool:
    """The app was removed from the shop at `at`, by Shopify's clock: our tokens are dropped and the store is
    disconnected; its orders stay, and are fulfilled. False for a message about an install before the present one."""
    await queries.sealed_store(work, store_id, lock=True)
    install = await queries.install_of(work, store_id, lock=True)
    if install is not None:
        if install.state not in LIVE or (at is not None and at < install.installed_at):
            return False
        await _end(work, store_id, InstallState.UNINSTALLED)
        await work.db.execute(
            update(Store)
            .where(Store.merchant_id == work.account_id, Store.id == store_id)
            .values(credentials=vault.encrypt_map({}), updated_at=work.now)
        )
    await disconnect(work, store_id)
    return True


async def rescoped(work: Work, store_id: UUID, current: Sequence[str]) -> None:
    """The shop grants this now. A token that can be renewed is, before the next call, so that it carries it."""
    install = await queries.install_of(work, store_id, lock=True)
    if install is None or install.state not in LIVE:
        return
    await work.db.execute(
        update(ShopifyInstall)
        .where(ShopifyInstall.merchant_id == work.account_id, ShopifyInstall.store_id == store_id)
        .values(scopes=list(current), expires_at=func.least(ShopifyInstall.expires_at, work.now))
    )
    if not scopes.granted(current) <= scopes.granted(install.scopes):
        await _tell_again(work, store_id)


async def _claim(work: Work, shop: str) -> None:
    if not await queries.claim_shop(work, shop):
        raise Conflict(
            "This shop is connected to another organisation. Remove FulfilHub from the shop first, which ends that.",
            code="shop_taken",
        )


async def _store_of(work: Work, shop: str, address: str) -> UUID | None:
    """The merchant's store that is this shop already."""
    found = await queries.installed_store(work, shop)
    if found is not None:
        return found
    at = await queries.store_at(work, address)
    return at.id if at is not None and at.platform == PlatformKind.SHOPIFY else None


async def _end(work: Work, store_id: UUID, state: InstallState) -> None:
    await work.db.execute(
        update(ShopifyInstall)
        .where(ShopifyInstall.merchant_id == work.account_id, ShopifyInstall.store_id == store_id)
        .values(
            state=state,
            refresh_token=None,
            expires_at=None,
            refresh_expires_at=None,
            renewal_id=None,
            renewal_until=None,
            ended_at=work.now,
        )
    )


async def _tell_again(work: Work, store_id: UUID) -> None:
    given = {"account": work.account_id, "store": store_id, "now": work.now}
    await follow(work, store_id)
    await work.db.execute(TELL_AGAIN, given)
    await wake(work, store_id)
