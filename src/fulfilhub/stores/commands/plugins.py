"""A plugin of ours in a shop: what it says of itself, and the key with which it speaks for its store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from uuid import UUID

from sqlalchemy import null, update

from fulfilhub.accounts.commands import end_store_keys, make_store_key
from fulfilhub.accounts.queries import get_account
from fulfilhub.accounts.rules import Mode
from fulfilhub.platform.errors import Conflict
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.work import Work
from fulfilhub.stores import queries
from fulfilhub.stores.adapters.port import Connection
from fulfilhub.stores.commands.connections import Made, StoreChange, change, rotate_secret
from fulfilhub.stores.commands.lanes import follow
from fulfilhub.stores.models import Store
from fulfilhub.stores.rules import ROTATION_OVERLAP, Plugin, StoreState


async def installed(work: Work, store_id: UUID, plugin: Plugin | None) -> str | None:
    """The store was connected (again) by its plugin, or by somebody else (None): keys that it had end at once, and a
    plugin is given its own, which is shown this once."""
    await end_store_keys(work, store_id)
    await _note(work, store_id, plugin)
    await follow(work, store_id)
    return None if plugin is None else await _new_key(work, store_id)


async def adjust(work: Work, store_id: UUID, plugin: Plugin | None, stock_sync: bool | None) -> None:
    """What the plugin says of itself now, and what was adjusted in the shop; None leaves it. Raises NotFound."""
    before = (await queries.sealed_store(work, store_id, lock=True)).store
    if plugin is not None:
        await _note(work, store_id, plugin)
    settings = queries.settings_of(before)
    if stock_sync is not None and stock_sync != settings.stock_sync:
        await work.db.execute(
            update(Store)
            .where(Store.merchant_id == work.account_id, Store.id == store_id)
            .values(
                settings=asdict(replace(settings, stock_sync=stock_sync)),
                version=Store.version + 1,
                updated_at=work.now,
            )
        )
    await follow(work, store_id)


async def rotate(work: Work, vault: Vault, store_id: UUID, credentials: Mapping[str, str] | None = None) -> Made:
    """A new webhook secret and a new key for the plugin; the old ones are honoured for `ROTATION_OVERLAP` more.
    `credentials`: with which the shop is called from now on; None leaves those that are. Raises NotFound, Invalid."""
    if credentials is not None:
        await change(work, vault, store_id, StoreChange(credentials=credentials), None)
    made = await rotate_secret(work, vault, store_id, None)
    await end_store_keys(work, store_id, work.now + ROTATION_OVERLAP)
    return replace(made, api_key=await _new_key(work, store_id))


async def rotate_for(work: Work, vault: Vault, store_id: UUID, given: str | None) -> Made:
    """The merchant rotates a store's secret. A plugin is asked to change all its keys instead, for only it can put them
    in place: until it did, the present ones go on. Raises as `rotate_secret`, and Conflict (`plugin_rotates`) for a
    secret that nobody could give to the plugin."""
    store = await queries.get_store(work, store_id)
    if store.plugin is None or store.state != StoreState.CONNECTED:
        return await rotate_secret(work, vault, store_id, given)
    if given is not None:
        raise Conflict("This shop's plugin fetches its own secret; leave webhook_secret out.", code="plugin_rotates")
    work.enqueue("stores.ask_to_rotate", {"store_id": store_id})
    return Made(store_id, None)


async def reachable(work: Work, vault: Vault, store_id: UUID) -> Connection | None:
    """How to reach the plugin of a connected store; None where there is none any more."""
    row = (await queries.sealed(work, [store_id])).get(store_id)
    if row is None or row.store.state != StoreState.CONNECTED or row.store.plugin is None:
        return None
    return queries.connection(vault, row, work.now)


async def _new_key(work: Work, store_id: UUID) -> str:
    store = await queries.get_store(work, store_id)
    mode = Mode((await get_account(work, work.account_id)).mode)
    return (await make_store_key(work, store_id, mode, f"Plugin of {store.name}")).secret


async def _note(work: Work, store_id: UUID, plugin: Plugin | None) -> None:
    said = null() if plugin is None else asdict(plugin)
    mine = (Store.merchant_id == work.account_id, Store.id == store_id, Store.plugin.is_distinct_from(said))
    await work.db.execute(update(Store).where(*mine).values(plugin=said, updated_at=work.now))
