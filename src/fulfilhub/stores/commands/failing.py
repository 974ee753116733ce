"""Trying again what failed for a store, whatever it was."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import update

from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, NotFound
from fulfilhub.platform.work import Work
from fulfilhub.stores import queries
from fulfilhub.stores.commands import deliveries, hearing, lanes, locating, updates
from fulfilhub.stores.models import StoreNotice, StoreStock
from fulfilhub.stores.rules import StoreState
from fulfilhub.stores.rules.outgoing import NoticeState, StockState


async def retry(work: Work, store_id: UUID, item_id: str) -> None:
    """Try a failing item again. Raises NotFound for one that there is not, Conflict for one that is no longer failing
    or while the store is disconnected."""
    store = await queries.get_store(work, store_id)
    if store.state != StoreState.CONNECTED:
        raise Conflict("The store is disconnected: connect it again first.", code="store_disconnected")
    prefix = item_id.partition("_")[0]
    if prefix == ids.MESSAGE.prefix:
        await deliveries.retry(work, store_id, ids.MESSAGE.find(item_id))
    elif prefix == ids.ORDER.prefix:
        await _reread(work, store_id, ids.ORDER.find(item_id))
    elif prefix == ids.ASSIGNMENT.prefix:
        await locating.retry_order(work, store_id, ids.ASSIGNMENT.find(item_id))
    elif prefix == ids.STORE_RETURN.prefix:
        link = await queries.get_link(work, store_id, ids.STORE_RETURN.find(item_id))
        hearing.read_returns(work, store_id, [link.order_external_id])
    elif prefix == ids.STORE_UPDATE.prefix:
        await updates.retry(work, store_id, ids.STORE_UPDATE.find(item_id))
    elif prefix == ids.STORE_NOTICE.prefix:
        await _notice(work, store_id, ids.STORE_NOTICE.find(item_id))
    else:
        await _stock(work, store_id, ids.STORE_STOCK.find(item_id))


async def _reread(work: Work, store_id: UUID, order_id: UUID) -> None:
    order = await queries.order_in_review(work, store_id, order_id)
    if order is None:
        raise Conflict("This order does not wait for review.", code="not_failing")
    work.enqueue("stores.reread_order", {"store_id": store_id, "external_id": order})


async def _notice(work: Work, store_id: UUID, notice_id: UUID) -> None:
    await queries.lane(work, store_id, lock=True)
    found = await work.db.execute(
        update(StoreNotice)
        .where(
            StoreNotice.merchant_id == work.account_id,
            StoreNotice.store_id == store_id,
            StoreNotice.id == notice_id,
            StoreNotice.state.in_([NoticeState.REFUSED, NoticeState.FAILED]),
        )
        .values(state=NoticeState.PENDING, attempts=0, due_at=work.now)
        .returning(StoreNotice.id)
    )
    await _woken(work, store_id, found.first() is not None, ids.STORE_NOTICE.show(notice_id))


async def _stock(work: Work, store_id: UUID, stock_id: UUID) -> None:
    await queries.lane(work, store_id, lock=True)
    found = await work.db.execute(
        update(StoreStock)
        .where(
            StoreStock.merchant_id == work.account_id,
            StoreStock.store_id == store_id,
            StoreStock.id == stock_id,
            StoreStock.state.in_([StockState.FAILED, StockState.MISSING]),
        )
        .values(state=StockState.PENDING, attempts=0, due_at=work.now)
        .returning(StoreStock.id)
    )
    await _woken(work, store_id, found.first() is not None, ids.STORE_STOCK.show(stock_id))


async def _woken(work: Work, store_id: UUID, found: bool, item: str) -> None:
    if not found:
        raise NotFound(f"There is nothing failing that is called {item!r}.")
    await lanes.wake(work, store_id)
