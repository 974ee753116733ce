"""Keeps work true to its order after the order was edited, by the merchant or by the store."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from fulfilhub.fulfilment import queries
from fulfilhub.fulfilment.commands.asking import Ask, ask, cancel_unrouted, close, give_up, open_request
from fulfilhub.fulfilment.commands.cutting import carry_out
from fulfilhub.fulfilment.commands.freeing import free, is_free
from fulfilhub.fulfilment.commands.holding import mark_held
from fulfilhub.fulfilment.commands.keeping import readdress, rewrap
from fulfilhub.fulfilment.commands.telling import News, tell_of
from fulfilhub.fulfilment.queries import WorkRow
from fulfilhub.fulfilment.queries.requests import RequestRow
from fulfilhub.fulfilment.rules import address_for
from fulfilhub.orders.commands import note_late_parts, take_wanted
from fulfilhub.orders.incoming import StoreState
from fulfilhub.orders.queries import LockedOrder, lock_orders
from fulfilhub.orders.rules import LET_GO, NO_LONGER_WANTED, Asked, AskedBy, ChangeKind, OrderStatus, RequestVerb
from fulfilhub.platform.machines import Who
from fulfilhub.platform.work import Work
from fulfilhub.routing.commands import lift_fences

STOPPED = frozenset({OrderStatus.CANCELLED, OrderStatus.NEEDS_REVIEW, OrderStatus.AWAITING_PAYMENT})
ENDED = frozenset({OrderStatus.CANCELLED, OrderStatus.NOT_REQUIRED})
OF_ORDER = frozenset({ChangeKind.LINES, ChangeKind.ADDRESS})
"""Requests that follow from how the order is wanted; a cancel is asked for itself."""


def ship_to_of(order: LockedOrder) -> dict[str, str]:
    """The address as a work order's document holds it."""
    return _text(order.ship_to or {})


def _shown_to(row: WorkRow, ship_to: Mapping[str, str]) -> dict[str, str]:
    """The address as who has this work may see it."""
    return address_for(ship_to, row.document.contact)


def _text(ship_to: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in ship_to.items()}


async def follow(
    work: Work,
    order_ids: Collection[UUID],
    by: AskedBy = AskedBy.STORE,
    again: Collection[ChangeKind] = (),
    reopened: Collection[UUID] = (),
) -> bool:
    """Bring the work up to date with these orders, and ask who has some in hand; whether anything is asked now.

    A new gift message is written into all work, a new address within the same country and postcode into queued work;
    another destination or service, fewer units, or an order that may not go on takes it back, to be routed anew if it
    may. What was asked about work that nobody has in hand any more is done. Work in hand stays as it is until its
    warehouse agrees, and the order says which of its parts are late. What was answered once is asked again only for the
    kinds in `again`. Of those `reopened` that their store has not cancelled, it no longer wants any cancelled.
    """
    found = {order.id: order for order in await take_over_wanted(work, await lock_orders(work, order_ids))}
    await _do_what_was_asked(work, list(found), reopened)
    live = await queries.lock_work_of_orders(work, list(found))
    rows = [row for row in live if is_free(work, row)]
    shrinking = await queries.shrinking_units(work, list(found))
    stopped = [row for row in rows if found[row.order_id].status in STOPPED]
    moved = [row for row in rows if row not in stopped and _goes_elsewhere(row, found[row.order_id], shrinking)]
    kept = [row for row in live if row not in stopped and row not in moved]
    await free(work, stopped, "order_stopped", reroute=False)
    await lift_fences(work, {row.order_id for row in moved})
    await free(work, moved, "order_changed", reroute=True)
    await _rewrite(work, kept, found)
    asked = await _ask(work, [row for row in live if row not in rows], found, by, again)
    await mark_held(work, list(found))
    return asked


async def _rewrite(work: Work, kept: Sequence[WorkRow], orders: Mapping[UUID, LockedOrder]) -> None:
    """Write into work that stays what is new of its order, as far as it may be, and tell who has it once."""
    elsewhere = [
        row for row in kept if is_free(work, row) and row.address != _shown_to(row, ship_to_of(orders[row.order_id]))
    ]
    rewrapped = [row for row in kept if row.document.packing.gift_message != orders[row.order_id].gift_message]
    await readdress(work, [(row, ship_to_of(orders[row.order_id]), row.service) for row in elsewhere])
    await rewrap(work, [(row, orders[row.order_id].gift_message) for row in rewrapped])
    tell_of(work, News.CHANGED, {row.id: row for row in (*elsewhere, *rewrapped)}.values())


async def take_over_wanted(work: Work, orders: Sequence[LockedOrder]) -> list[LockedOrder]:
    """Give orders (locked) the address and service that are wanted of them, where any unit still to be sent is not in
    somebody's hands: the order says where what is left will go. The orders as they are then."""
    waiting = [order.id for order in orders if order.wanted]
    if not waiting:
        return list(orders)
    live = await queries.lock_work_of_orders(work, waiting)
    loose = {order_id for order_id, _, _ in await queries.unrouted_units(work, waiting)}
    loose |= {row.order_id for row in live if is_free(work, row)}
    if not loose:
        return list(orders)
    await take_wanted(work, loose)
    return await lock_orders(work, [order.id for order in orders])


async def _do_what_was_asked(work: Work, order_ids: Collection[UUID], reopened: Collection[UUID]) -> None:
    """Requests about work that is back in its queue, and requests of stores that changed their mind, end here."""
    cancelled = {order.id for order in await lock_orders(work, order_ids) if order.store_state == StoreState.CANCELLED}
    for row in await queries.lock_work_of_orders(work, order_ids):
        open_ones = list(row.requests)
        cancel = open_request(row, ChangeKind.CANCEL)
        if cancel is not None and cancel.asked_by is AskedBy.STORE and row.order_id in set(reopened) - cancelled:
            await _take_back_request(work, row, cancel)
            open_ones.remove(cancel)
        if not is_free(work, row):
            continue
        done = [(row, request) for request in open_ones]
        await close(work, done, RequestVerb.LET_GO, Who.SYSTEM, carried_out=True, reason=LET_GO)
        # Another address, and fewer units, follow with the order.
        if cancel in open_ones and cancel is not None:
            await carry_out(work, replace(row, requests=()), cancel)


async def _take_back_request(work: Work, row: WorkRow, request: RequestRow) -> None:
    verb = RequestVerb.WITHDRAW
    await close(work, [(row, request)], verb, Who.SYSTEM, carried_out=False, reason=NO_LONGER_WANTED)


async def _ask(
    work: Work,
    rows: Sequence[WorkRow],
    orders: dict[UUID, LockedOrder],
    by: AskedBy,
    again: Collection[ChangeKind],
) -> bool:
    """Ask for what work in hand lacks to be as its order is wanted, take back what is wanted no longer, and say on each
    order which of its parts are late."""
    excess = await queries.shrinking_units(work, list(orders))
    asks: list[Ask] = []
    late: dict[UUID, set[str]] = {}
    for row in rows:
        order = orders[row.order_id]
        mine = _asks_of(row, order, excess.get(order.id, {}))
        asks += mine
        parts = late.setdefault(order.id, set())
        for one in mine:
            parts |= {part for part in ("ship_to", "service", "lines") if getattr(one.asked, part)}
        kinds = {one.kind for one in mine}
        for request in row.requests:
            if request.kind in OF_ORDER and request.kind not in kinds:
                await _take_back_request(work, row, request)
    await note_late_parts(work, {order_id: parts for order_id, parts in late.items() if parts})
    return await ask(work, asks, by, again)


def _asks_of(row: WorkRow, order: LockedOrder, excess: dict[UUID, int]) -> list[Ask]:
    """What the work lacks. Units that it is asked to give up leave `excess`."""
    asks = []
    units = {line.line_id: min(excess.get(line.line_id, 0), line.to_ship) for line in row.lines}
    for line_id, many in units.items():
        if many:
            excess[line_id] -= many
    if any(units.values()):
        asks.append(Ask(row, ChangeKind.LINES, give_up(units)))
    ship_to = _text(order.wanted["ship_to"]) if "ship_to" in order.wanted else ship_to_of(order)
    service = order.wanted.get("service", order.service)
    ship_to = _shown_to(row, ship_to)
    asked = Asked(
        ship_to=ship_to if ship_to and ship_to != row.address else None,
        service=service if service != row.service else None,
    )
    if asked.ship_to is not None or asked.service is not None:
        asks.append(Ask(row, ChangeKind.ADDRESS, asked))
    return asks


async def take_back_cancelled(work: Work, order_ids: Collection[UUID]) -> None:
    """The store cancelled these orders: what nobody has in hand is taken back, every unit without a warehouse is
    cancelled, and who has some in hand is asked to give it up. What they refuse goes its way."""
    locked = await lock_orders(work, order_ids)
    wanted = [order.id for order in locked if order.store_state == StoreState.CANCELLED and order.status not in ENDED]
    if not wanted:
        return
    live = await queries.lock_work_of_orders(work, wanted)
    await free(work, [row for row in live if is_free(work, row)], "order_cancelled", reroute=False)
    unrouted = await queries.unrouted_units(work, wanted)
    await cancel_unrouted(work, {(order_id, line_id): units for order_id, line_id, units in unrouted})
    asks = [
        Ask(row, ChangeKind.CANCEL, give_up({line.line_id: line.to_ship for line in row.lines}))
        for row in live
        if not is_free(work, row)
    ]
    await ask(work, asks, AskedBy.STORE)


def _goes_elsewhere(row: WorkRow, order: LockedOrder, shrinking: dict[UUID, dict[UUID, int]]) -> bool:
    old, new = row.address, ship_to_of(order)
    excess = shrinking.get(order.id, {})
    if row.service != order.service or any(line.line_id in excess for line in row.lines):
        return True
    return any(old.get(part) != new.get(part) for part in ("country", "postcode"))
