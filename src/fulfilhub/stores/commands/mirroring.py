"""Holds that were placed in a shop, mirrored by holds of ours: each for itself, by the shop's id of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from sqlalchemy import delete, insert

from fulfilhub.fulfilment.commands.holding import hold_order, release_order
from fulfilhub.orders.rules import HoldSource
from fulfilhub.platform.errors import Conflict, NotFound
from fulfilhub.platform.work import Work
from fulfilhub.stores.models import StoreHold
from fulfilhub.stores.queries import assigned
from fulfilhub.stores.rules.assigning import OPEN, Stand


async def mirror_holds(work: Work, store_id: UUID, external_id: str, order_id: UUID, stands: Sequence[Stand]) -> None:
    """Hold our order for each hold that lives on a part of ours, and release those that live no more. Several parts may
    be under the same hold; an order that is past holding goes its way."""
    placed = {hold.id: hold for stand in stands if stand.state in OPEN for hold in stand.part.holds}
    known = await assigned.holds_from(work, store_id, external_id)
    for name, hold in sorted(placed.items()):
        if name in known:
            continue
        with suppress(Conflict):
            hold_id = await hold_order(work, order_id, hold.reason, hold.note, name=hold.name, source=HoldSource.STORE)
            await work.db.execute(
                insert(StoreHold).values(
                    merchant_id=work.account_id,
                    store_id=store_id,
                    external_id=name,
                    order_external_id=external_id,
                    hold_id=hold_id,
                    placed_at=work.now,
                )
            )
    ended = sorted(known.keys() - placed.keys())
    for name in ended:
        with suppress(NotFound):
            await release_order(work, order_id, known[name])
    if ended:
        await work.db.execute(
            delete(StoreHold).where(
                StoreHold.merchant_id == work.account_id,
                StoreHold.store_id == store_id,
                StoreHold.external_id.in_(ended),
            )
        )
