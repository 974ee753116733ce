"""Holds: reasons why nobody may begin work on an order, placed and released one by one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, update

from fulfilhub.orders.commands.counting import refresh
from fulfilhub.orders.events import OrderHeld, OrderHoldReleased
from fulfilhub.orders.models import Hold
from fulfilhub.orders.queries import holds_of, lock_orders, no_order
from fulfilhub.orders.rules import CausedBy, HoldReason, HoldSource, OrderAction, cause_of, check_action
from fulfilhub.platform import ids
from fulfilhub.platform.errors import FieldError, Invalid, NotFound
from fulfilhub.platform.machines import Who
from fulfilhub.platform.work import Work


async def place_hold(
    work: Work,
    order_id: UUID,
    reason: HoldReason,
    note: str = "",
    *,
    name: str = "",
    until: datetime | None = None,
    source: HoldSource = HoldSource.PLATFORM,
    caused_by: CausedBy | None = None,
) -> UUID:
    """Hold an order; gives the hold's id. Several may stand at once, each under its own `name`. `until`: when it is to
    be released by itself. `caused_by` follows from the reason unless it is said.

    Raises NotFound, Invalid for a time that is not ahead, or Conflict (`illegal_action`) for an order that is past
    holding.
    """
    if until is not None and until <= work.now:
        detail = "Must lie ahead."
        raise Invalid("A hold can only end in the future.", fields=[FieldError("/until", detail)])
    found = await lock_orders(work, [order_id])
    if not found:
        raise no_order(order_id)
    check_action(found[0].status, OrderAction.HOLD, Who.MERCHANT)
    hold_id = ids.new()
    await work.db.execute(
        insert(Hold).values(
            merchant_id=work.account_id,
            order_id=order_id,
            id=hold_id,
            reason=str(reason),
            name=name,
            note=note,
            source=str(source),
            caused_by=str(caused_by or cause_of(reason)),
            placed_by=work.actor,
            placed_at=work.now,
            until=until,
        )
    )
    await refresh(work, [order_id])
    work.publish(OrderHeld(order_id=order_id, hold_id=hold_id, reason=str(reason)))
    return hold_id


async def release_hold(work: Work, order_id: UUID, hold_id: UUID) -> None:
    """Release one hold; one that is released already stays as it is. Raises NotFound."""
    if not await lock_orders(work, [order_id]):
        raise no_order(order_id)
    holds = {hold.id: hold for hold in await holds_of(work, order_id)}
    if hold_id not in holds:
        raise NotFound(f"There is no hold {ids.HOLD.show(hold_id)!r} on this order.")
    if holds[hold_id].released_at is not None:
        return
    await work.db.execute(
        update(Hold)
        .where(Hold.merchant_id == work.account_id, Hold.order_id == order_id, Hold.id == hold_id)
        .values(released_by=work.actor, released_at=work.now)
    )
    await refresh(work, [order_id])
    still_held = any(hold.released_at is None for hold in holds.values() if hold.id != hold_id)
    work.publish(OrderHoldReleased(order_id=order_id, hold_id=hold_id, still_held=still_held))
