"""Looking at what happened to a merchant since a store's lane looked last: by the event log, whose numbers skip
nothing, and by the ledger of stock. Nothing on the way of an order has to know that a store wants to hear of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from fulfilhub.accounts.events import ContractChanged
from fulfilhub.platform import ids
from fulfilhub.platform.work import Work
from fulfilhub.stores import queries
from fulfilhub.stores.adapters import adapter_for
from fulfilhub.stores.commands import noticing, stocking
from fulfilhub.stores.commands.lanes import look_again, set_lane, wake
from fulfilhub.stores.queries import LaneRow, NewsRow, StoreRow
from fulfilhub.stores.rules import PlatformKind
from fulfilhub.stores.rules.outgoing import (
    CHECK_EVERY,
    RESTOCKING,
    RETURN_STEPS,
    RETURN_TALK,
    SETTLES,
    VISIBLE,
    NoticeKind,
)

EVENTS_AT_ONCE = 2000

LONGEST_TRANSACTION = timedelta(minutes=5)
"""No movement of stock is committed later than this after it got its id."""


@dataclass(slots=True)
class _Heard:
    """What the events name: orders, returns (with their order), products, and whether warehouses came or went."""

    orders: list[UUID] = field(default_factory=list)
    returns: dict[UUID, UUID] = field(default_factory=dict)
    products: list[UUID] = field(default_factory=list)
    places: bool = False


async def look(work: Work, store_id: UUID, look_id: UUID, spread: float) -> None:
    """Note what a store must be told. A look that is no longer the lane's does nothing."""
    lane = await queries.lane(work, store_id, lock=True)
    if lane is None or lane.look_id != look_id:
        return
    ledger_id = ids.new()
    events = await queries.news_after(work, lane.after_seq, EVENTS_AT_ONCE)
    store = await queries.get_store(work, store_id)
    begins = store.platform != PlatformKind.API and adapter_for(store.platform).begins_returns
    heard = _sorted(events, RETURN_TALK if begins else RETURN_STEPS)
    if lane.follows_states:
        changed = [(order_id, order_id) for order_id in dict.fromkeys(heard.orders)]
        await noticing.mark(work, store_id, NoticeKind.STATE, changed, work.now + SETTLES)
    if lane.follows_orders:
        await noticing.mark(work, store_id, NoticeKind.RETURN, list(heard.returns.items()), work.now)
    values: dict[str, object] = {"ledger_id": ledger_id}
    if lane.follows_stock:
        values |= await _stock(work, lane, store, heard, spread)
    if events:
        values["after_seq"] = events[-1].seq
    if len(events) == EVENTS_AT_ONCE:
        await look_again(work, store_id, **values)
    else:
        await set_lane(work, store_id, look_id=None, look_due_at=None, **values)
    await wake(work, store_id)


def _sorted(events: Sequence[NewsRow], steps: frozenset[str]) -> _Heard:
    heard = _Heard()
    for event in events:
        if event.type in VISIBLE:
            heard.orders.append(event.subject_id)
        elif event.type in steps and event.return_id is not None:
            heard.returns[event.return_id] = event.subject_id
        elif event.type in RESTOCKING:
            heard.products.append(event.subject_id)
        elif event.type == ContractChanged.TYPE:
            heard.places = True
    return heard


async def _stock(work: Work, lane: LaneRow, store: StoreRow, heard: _Heard, spread: float) -> dict[str, object]:
    """Compute what changed, or, when its time has come, everything. What it changes of the lane."""
    store_id, buffer = store.id, queries.settings_of(store).stock_buffer
    await stocking.learn(work, store_id, heard.orders if lane.checked_at is not None else None)
    if lane.check_at is not None and lane.check_at <= work.now:
        await stocking.refresh(work, store_id, None, buffer=buffer, whole=True)
        return {"checked_at": work.now, "check_at": work.now + CHECK_EVERY * (0.85 + 0.3 * spread)}
    if heard.places or lane.ledger_id is None:
        await stocking.refresh(work, store_id, None, buffer=buffer)
        return {}
    since = ids.before(lane.ledger_id, LONGEST_TRANSACTION)
    products = await stocking.touched(work, since, heard.orders, heard.products)
    if products:
        await stocking.refresh(work, store_id, products, buffer=buffer)
    return {}
