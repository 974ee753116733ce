"""Telling stores of shipments: the intent is written before the call, the outcome after it, and what is in doubt is
read back before it is repeated."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.work import Work
from fulfilhub.stores import queries
from fulfilhub.stores.adapters.port import Connection, InDoubt, Pushed, Refused, Retry, ShipmentNews
from fulfilhub.stores.events import StoreTold
from fulfilhub.stores.models import StoreUpdate
from fulfilhub.stores.rules import PlatformKind, UpdateState

ENDED = (UpdateState.SENT, UpdateState.REFUSED)

Outcome = Pushed | InDoubt | Refused | Retry


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What is to be told to which store, written down and committed before the call."""

    update_id: UUID
    store_id: UUID
    order_id: UUID
    shipment_id: UUID
    platform: PlatformKind
    connection: Connection
    news: ShipmentNews


async def intend(work: Work, vault: Vault, shipment_id: UUID) -> Intent | None:
    """Write down that a shipment's store is to be told. None when there is nobody to tell (the order came by the API),
    or when it was told already or refused."""
    shipped = await queries.shipment(work, shipment_id)
    row = None if shipped is None else (await queries.sealed(work, [shipped.store_id])).get(shipped.store_id)
    if shipped is None or row is None or row.store.platform == PlatformKind.API:
        return None
    await work.db.execute(
        insert(StoreUpdate)
        .values(
            merchant_id=work.account_id,
            id=ids.new(),
            store_id=shipped.store_id,
            shipment_id=shipment_id,
            order_id=shipped.order_id,
            state=UpdateState.PENDING,
            told_as=[],
            left_out=[],
            created_at=work.now,
            updated_at=work.now,
        )
        .on_conflict_do_nothing(constraint="uq_store_updates_shipment")
    )
    known = await queries.update_of(work, shipped.store_id, shipment_id)
    if known is None or known.state in ENDED:
        return None
    await work.db.execute(
        update(StoreUpdate)
        .where(StoreUpdate.merchant_id == work.account_id, StoreUpdate.id == known.id)
        .values(attempts=StoreUpdate.attempts + 1, updated_at=work.now)
    )
    others = await queries.told_of_others(work, shipped.store_id, shipped.order_id, shipment_id)
    return Intent(
        update_id=known.id,
        store_id=shipped.store_id,
        order_id=shipped.order_id,
        shipment_id=shipment_id,
        platform=PlatformKind(row.store.platform),
        connection=queries.connection(vault, row, work.now),
        news=queries.news(shipped, tuple(known.told_as), others),
    )


async def conclude(work: Work, intent: Intent, outcome: Outcome, *, last_try: bool) -> Retry | None:
    """Write down how telling a store ended. Returns when and why to try again, None when it is over.

    A late outcome never takes back that the store was told.
    """
    state, again = _judge(outcome, last_try)
    values: dict[str, object] = {"state": state, "updated_at": work.now, "code": None, "reason": None}
    if isinstance(outcome, Pushed):
        values |= {"told_as": list(outcome.external_ids), "left_out": [asdict(line) for line in outcome.left_out]}
    else:
        values |= {"code": outcome.code if isinstance(outcome, Refused) else None, "reason": outcome.reason}
    written = await work.db.execute(
        update(StoreUpdate)
        .where(
            StoreUpdate.merchant_id == work.account_id,
            StoreUpdate.id == intent.update_id,
            StoreUpdate.state != UpdateState.SENT,
        )
        .values(values)
        .returning(StoreUpdate.id)
    )
    if written.first() is not None and state in (*ENDED, UpdateState.FAILED):
        work.publish(
            StoreTold(
                order_id=intent.order_id, store_id=intent.store_id, shipment_id=intent.shipment_id, state=str(state)
            )
        )
    return again


async def retry(work: Work, store_id: UUID, update_id: UUID) -> None:
    """Try an update again that was refused, failed or is in doubt. Raises NotFound, Conflict when it was sent."""
    row = await queries.get_update(work, store_id, update_id)
    if row.state == UpdateState.SENT:
        raise Conflict("The store knows of this shipment already.", code="already_sent", more={"state": row.state})
    await work.db.execute(
        update(StoreUpdate)
        .where(StoreUpdate.merchant_id == work.account_id, StoreUpdate.id == update_id, StoreUpdate.state == row.state)
        .values(state=UpdateState.IN_DOUBT if row.state == UpdateState.IN_DOUBT else UpdateState.PENDING)
    )
    work.enqueue("stores.tell_shipment", {"order_id": row.order_id, "shipment_id": row.shipment_id})


def _judge(outcome: Outcome, last_try: bool) -> tuple[UpdateState, Retry | None]:
    match outcome:
        case Pushed():
            return UpdateState.SENT, None
        case Refused():
            return UpdateState.REFUSED, None
        case InDoubt(reason, after):
            return UpdateState.IN_DOUBT, Retry(reason, after)
        case Retry():
            return (UpdateState.FAILED if last_try else UpdateState.PENDING), outcome
