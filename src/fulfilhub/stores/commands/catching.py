"""Catching up with what no delivery told of a store's products and returns: every hour it is asked what changed, and
every day its whole list is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text, update

from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.work import Work
from fulfilhub.stores import queries
from fulfilhub.stores.adapters import adapter_for
from fulfilhub.stores.adapters.port import Changed, Connection, Refused, Retry
from fulfilhub.stores.commands import hearing, importing
from fulfilhub.stores.models import StoreCatalogue
from fulfilhub.stores.queries import CatalogueRow, StoreRow
from fulfilhub.stores.rules import PlatformKind, StoreState
from fulfilhub.stores.rules.products import LIST_EVERY, OVERLAP, SWEEP_EVERY, ImportPolicy

SWEEP = "stores.sweep_goods"
AT_ONCE = 1000
DUE = text(
    """
    UPDATE store_catalogues AS c SET sweep_at = cast(:now AS timestamptz) + cast(:every AS interval)
    FROM (SELECT merchant_id, store_id FROM store_catalogues WHERE sweep_at <= :now
          ORDER BY sweep_at LIMIT :at_once FOR UPDATE SKIP LOCKED) AS due
    WHERE c.merchant_id = due.merchant_id AND c.store_id = due.store_id
    RETURNING c.merchant_id, c.store_id
    """
)


@dataclass(frozen=True, slots=True)
class Leg:
    """Whom to ask about returns, and from when on."""

    connection: Connection
    since: datetime
    cursor: str | None


async def due(work: Work) -> list[tuple[UUID, UUID]]:
    """The stores (with their merchants) that are to be asked now, in the platform's scope; each is given out once."""
    rows = await work.db.execute(DUE, {"now": work.now, "every": SWEEP_EVERY, "at_once": AT_ONCE})
    return [(row.merchant_id, row.store_id) for row in rows]


async def leg(work: Work, vault: Vault, store_id: UUID, cursor: str | None, since: datetime | None) -> Leg | None:
    """What a store is to be asked of its returns; what it is to be asked of products is begun by the way. None when
    there is nothing to ask. `cursor`, `since`: of the page that is to be read, after the first."""
    sealed = await queries.sealed_store(work, store_id)
    store = sealed.store
    catalogue = await queries.catalogue_of(work, store_id, lock=True)
    if catalogue is None or store.platform == PlatformKind.API or store.state != StoreState.CONNECTED:
        return None
    connection = queries.connection(vault, sealed, work.now)
    if cursor is None:
        await _import(work, store, catalogue)
    if not adapter_for(store.platform).begins_returns:
        return None
    return Leg(connection, since or (catalogue.returns_to or work.now) - OVERLAP, cursor)


async def take(work: Work, store_id: UUID, leg: Leg, begun_at: datetime, page: Changed | Refused | Retry) -> None:
    """Have the returns of the orders on a page read, and go on to the next. `begun_at`: when the first was asked for.
    A store that did not answer is asked again the next time, from the same moment on."""
    if not isinstance(page, Changed):
        await _set(work, store_id, code=page.code if isinstance(page, Refused) else "unreachable", reason=page.reason)
        return
    hearing.read_returns(work, store_id, [external_id for external_id, _ in page.orders])
    if page.cursor is None:
        await _set(work, store_id, returns_to=begun_at, code=None, reason=None)
        return
    args = {"store_id": store_id, "cursor": page.cursor, "since": leg.since.isoformat(), "at": begun_at.isoformat()}
    work.enqueue(SWEEP, args)


async def _import(work: Work, store: StoreRow, catalogue: CatalogueRow) -> None:
    """A store whose whole list was read once is kept up with; the first time is asked for by a person."""
    off = queries.settings_of(store).product_import == ImportPolicy.OFF
    if off or catalogue.whole_to is None or await queries.live_import(work, store.id) is not None:
        return
    whole = catalogue.whole_to <= work.now - LIST_EVERY
    await importing.start(work, store.id, None if whole else (catalogue.changes_to or catalogue.whole_to) - OVERLAP)


async def _set(work: Work, store_id: UUID, **values: object) -> None:
    await work.db.execute(
        update(StoreCatalogue)
        .where(StoreCatalogue.merchant_id == work.account_id, StoreCatalogue.store_id == store_id)
        .values(values)
    )
