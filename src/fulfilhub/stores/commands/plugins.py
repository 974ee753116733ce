"""A plugin of ours in a shop: what it says of itself, and the key with which it speaks for its store."""

from __future__ import annotations

from dataclasses import asdict, replace
from uuid import UUID

from sqlalchemy import null, update

from fulfilhub.accounts.commands import end_store_keys, make_store_key
from fulfilhub.accounts.queries import get_account
from fulfilhub.accounts.rules import Mode
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.work import Work
from fulfilhub.stores import queries
from fulfilhub.stores.commands.connections import Made, rotate_secret
from fulfilhub.stores.commands.lanes import follow
from fulfilhub.stores.models import Store
from fulfilhub.stores.rules import ROTATION_OVERLAP, Plugin


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


async def rotate(work: Work, vault: Vault, store_id: UUID) -> Made:
    """A new webhook secret and a new key for the plugin; the old ones are honoured for `ROTATION_OVERLAP` more. Raises
    NotFound."""
    made = await rotate_secret(work, vault, store_id, None)
    await end_store_keys(work, store_id, work.now + ROTATION_OVERLAP)
    return replace(made, api_key=await _new_key(work, store_id))


async def _new_key(work: Work, store_id: UUID) -> str:
    store = await queries.get_store(work, store_id)
    mode = Mode((await get_account(work, work.account_id)).mode)
    return (await make_store_key(work, store_id, mode, f"Plugin of {store.name}")).secret


async def _note(work: Work, store_id: UUID, plugin: Plugin | None) -> None:
    said = null() if plugin is None else asdict(plugin)
    mine = (Store.merchant_id == work.account_id, Store.id == store_id, Store.plugin.is_distinct_from(said))
    await work.db.execute(update(Store).where(*mine).values(plugin=said, updated_at=work.now))
