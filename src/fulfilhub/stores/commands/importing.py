"""Bringing in a store's products. The store makes a list by itself, or is read page by page; either way each step is a
ticket of its own and where it stands is kept, so that an import goes on wherever it was broken off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, text, update
from sqlalchemy.exc import IntegrityError

from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.work import Work
from fulfilhub.stores import queries
from fulfilhub.stores.adapters import adapter_for
from fulfilhub.stores.adapters.goods import Begun, Listed, Making, Part, Ready, StoreVariant
from fulfilhub.stores.adapters.listings import Answer, Begin, Look, Question, Read, Turn
from fulfilhub.stores.adapters.port import Connection, Refused, Retry
from fulfilhub.stores.commands.products import Taken, gone, lock_catalogue, take_variants
from fulfilhub.stores.commands.sweeping import check_readable
from fulfilhub.stores.models import StoreCatalogue, StoreImport
from fulfilhub.stores.queries.goods import ImportRow
from fulfilhub.stores.rules import StoreState
from fulfilhub.stores.rules.outgoing import again_after
from fulfilhub.stores.rules.products import ImportState, poll_after

STEP = "stores.import_products"
END = "stores.end_listing"
GIVES_UP_AFTER = timedelta(hours=24)
"""For so long a store that does not answer is asked on."""

SHOWN = 20
"""Of what could not be read, so much is kept to be looked at."""

KEPT = 100
UNSEEN = """
SELECT variant_id FROM store_products
WHERE merchant_id = $1 AND store_id = $2 AND state <> 'gone' AND import_id IS DISTINCT FROM $3 AND updated_at < $4
"""
FORGET = text(
    """
    DELETE FROM store_imports WHERE merchant_id = :account AND store_id = :store AND ended_at IS NOT NULL
      AND id NOT IN (SELECT id FROM store_imports WHERE merchant_id = :account AND store_id = :store
                     ORDER BY id DESC LIMIT :kept)
    """
)


@dataclass(frozen=True, slots=True)
class Leg:
    """One step of an import: whom to ask what."""

    store_id: UUID
    import_id: UUID
    step: int
    connection: Connection
    question: Question


async def start(work: Work, store_id: UUID, since: datetime | None = None) -> UUID:
    """Begin to bring in a store's products (those that changed after `since`); gives the import's id. Raises NotFound,
    Conflict for a store that can't be read or whose products are being brought in."""
    check_readable(await queries.get_store(work, store_id))
    await lock_catalogue(work, store_id)
    made = ids.new()
    values = {
        "merchant_id": work.account_id,
        "id": made,
        "store_id": store_id,
        "state": ImportState.QUEUED,
        "since": since,
        "requested_by": work.actor,
        "created_at": work.now,
    }
    try:
        await work.db.execute(insert(StoreImport).values(values))
    except IntegrityError:
        detail = "The products of this store are being brought in; wait for that or cancel it."
        raise Conflict(detail, code="import_running") from None
    await work.db.execute(FORGET, {"account": work.account_id, "store": store_id, "kept": KEPT})
    _next(work, store_id, made, 0, work.now)
    return made


async def cancel(work: Work, store_id: UUID, import_id: UUID) -> None:
    """End an import; what it brought stays. Repeating is harmless. Raises NotFound, Conflict for one that is over."""
    await queries.get_import(work, store_id, import_id)
    await lock_catalogue(work, store_id)
    row = await queries.get_import(work, store_id, import_id, lock=True)
    if row.state == ImportState.CANCELLED:
        return
    if not row.live:
        raise Conflict(f"This import is {row.state}.", code="import_over", more={"state": row.state})
    await _set(work, row, state=ImportState.CANCELLED, ended_at=work.now)
    if row.state == ImportState.LISTING and row.listing_id is not None:
        work.enqueue(END, {"store_id": store_id, "listing_id": row.listing_id})


async def leg(work: Work, vault: Vault, store_id: UUID, import_id: UUID, step: int) -> Leg | None:
    """What is to be asked; None when the import is over, or the step is not its newest."""
    row = await queries.get_import(work, store_id, import_id, lock=True)
    if not row.live or row.step != step:
        return None
    sealed = await queries.sealed_store(work, store_id)
    if sealed.store.state != StoreState.CONNECTED:
        await _end(work, row, ImportState.FAILED, "disconnected", "The store was disconnected.")
        return None
    connection = queries.connection(vault, sealed, work.now)
    bulk = row.since is None and adapter_for(connection.platform).lists_in_bulk
    return Leg(store_id, import_id, step, connection, _question(row, bulk=bulk))


def _question(row: ImportRow, *, bulk: bool) -> Question:
    if not bulk:
        return Turn(row.since, row.place)
    if row.listing_id is None:
        return Begin(row.created_at)
    if row.state == ImportState.LISTING:
        return Look(row.listing_id)
    return Read(row.listing_id, int(row.place or 0))


async def take(work: Work, leg: Leg, answer: Answer, spread: float) -> None:
    """Take what the store said, and go on. A step that is no longer the newest changes nothing."""
    await lock_catalogue(work, leg.store_id)
    row = await queries.get_import(work, leg.store_id, leg.import_id, lock=True)
    if not row.live or row.step != leg.step:
        return
    begun: dict[str, object] = {"started_at": row.started_at or work.now, "failures": 0, "reason": None}
    match answer:
        case Refused(code, reason):
            await _end(work, row, ImportState.FAILED, code, reason)
        case Retry():
            await _later(work, row, answer, spread)
        case Begun(listing_id):
            values = begun | {"state": ImportState.LISTING, "listing_id": listing_id}
            await _go_on(work, row, work.now + poll_after(0), **values)
        case Making(entries):
            due = work.now + poll_after(row.polls + 1)
            await _go_on(work, row, due, **begun, polls=row.polls + 1, total=entries)
        case Ready(entries, _):
            await _go_on(work, row, work.now, **begun, state=ImportState.READING, total=entries, place="0")
        case Part(variants, offset, at_end, unreadable):
            counts = begun | await _counted(work, row, variants, unreadable)
            await _read(work, row, counts, None if at_end else str(offset))
        case Listed(variants, cursor, unreadable):
            counts = begun | {"state": ImportState.READING} | await _counted(work, row, variants, unreadable)
            await _read(work, row, counts, cursor)


async def hurry(work: Work, store_id: UUID, listing_id: str) -> None:
    """The store says that a list is over: look at it now. One that is no live import's is nobody's concern."""
    row = await queries.live_import(work, store_id, lock=True)
    if row is not None and row.listing_id == listing_id and row.state == ImportState.LISTING:
        await _go_on(work, row, work.now)


async def _counted(
    work: Work, row: ImportRow, variants: tuple[StoreVariant, ...], unreadable: tuple[tuple[str, str], ...]
) -> dict[str, object]:
    store = await queries.get_store(work, row.store_id)
    taken = await take_variants(work, store, variants, row.id) if variants else Taken()
    shown: list[object] = [*row.unreadable, *({"raw": raw, "reason": why} for raw, why in unreadable)]
    return {
        "read": row.read + len(variants),
        "mapped": row.mapped + taken.mapped,
        "made": row.made + taken.made,
        "unmapped": row.unmapped + taken.unmapped,
        "unreadable": shown[:SHOWN],
        "unread": row.unread + len(unreadable),
    }


async def _read(work: Work, row: ImportRow, values: Mapping[str, object], place: str | None) -> None:
    if place is not None:
        await _go_on(work, row, work.now, **values, place=place)
        return
    lost = 0
    # A list with entries that could not be read does not show that a variant is gone.
    if row.since is None and not values["unread"]:
        unseen = await work.fetch_raw(UNSEEN, work.account_id, row.store_id, row.id, row.created_at)
        lost = await gone(work, row.store_id, [each[0] for each in unseen])
    await _set(work, row, **{**values, "state": ImportState.COMPLETED, "ended_at": work.now, "gone": lost})
    known: dict[str, object] = {"changes_to": row.created_at, "code": None, "reason": None}
    if row.since is None:
        known["whole_to"] = row.created_at
    await _set_catalogue(work, row.store_id, **known)


async def _later(work: Work, row: ImportRow, answer: Retry, spread: float) -> None:
    if work.now - row.created_at > GIVES_UP_AFTER:
        await _end(work, row, ImportState.FAILED, "unreachable", answer.reason)
        return
    due = work.now + again_after(row.failures + 1, answer.after, spread)
    await _go_on(work, row, due, failures=row.failures + 1, reason=answer.reason)


async def _go_on(work: Work, row: ImportRow, due: datetime, **values: object) -> None:
    await _set(work, row, **values, step=row.step + 1)
    _next(work, row.store_id, row.id, row.step + 1, due)


def _next(work: Work, store_id: UUID, import_id: UUID, step: int, due: datetime) -> None:
    work.enqueue(STEP, {"store_id": store_id, "import_id": import_id, "step": step}, due)


async def _end(work: Work, row: ImportRow, state: ImportState, code: str, reason: str) -> None:
    await _set(work, row, state=state, ended_at=work.now, code=code, reason=reason)
    await _set_catalogue(work, row.store_id, code=code, reason=reason)


async def _set(work: Work, row: ImportRow, **values: object) -> None:
    await work.db.execute(
        update(StoreImport)
        .where(StoreImport.merchant_id == work.account_id, StoreImport.id == row.id)
        .values(values | {"version": row.version + 1})
    )


async def _set_catalogue(work: Work, store_id: UUID, **values: object) -> None:
    await work.db.execute(
        update(StoreCatalogue)
        .where(StoreCatalogue.merchant_id == work.account_id, StoreCatalogue.store_id == store_id)
        .values(values)
    )
