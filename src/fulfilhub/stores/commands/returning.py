"""Returns that stand in two places: those begun in a store are taken here once, ours are known again there, and what is
decided in one place is decided in the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import insert, text, update

from fulfilhub.orders import queries as orders_queries
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, Invalid, NotFound
from fulfilhub.platform.machines import Who
from fulfilhub.platform.work import Work
from fulfilhub.returns import commands as returns
from fulfilhub.returns import queries as returns_queries
from fulfilhub.returns.commands import Asked
from fulfilhub.returns.rules import ReturnState
from fulfilhub.stores import queries
from fulfilhub.stores.adapters.errands import Outcome
from fulfilhub.stores.adapters.goods import OrderReturns, ReturnSeen, SeenStatus
from fulfilhub.stores.adapters.news import ReturnNews
from fulfilhub.stores.adapters.port import Pushed
from fulfilhub.stores.commands.noticing import Notice
from fulfilhub.stores.models import StoreReturn
from fulfilhub.stores.queries.goods import LinkRow
from fulfilhub.stores.rules.returning import Follow, follow, shown_as

NOTE = text(
    """
    INSERT INTO store_returns AS k (merchant_id, id, store_id, order_external_id, order_id, return_id, external_id,
                                    name, begun, status, refunds, created_at, updated_at)
    SELECT :account, uuidv7(), :store, t.order_external_id, r.order_id, r.id, t.external_id, '', 'here', t.status, '{}',
           :now, :now
    FROM unnest(cast(:returns AS uuid[]), cast(:orders AS text[]), cast(:names AS text[]), cast(:statuses AS text[]))
         AS t (return_id, order_external_id, external_id, status)
    JOIN returns AS r ON r.merchant_id = :account AND r.id = t.return_id
    ORDER BY t.return_id
    ON CONFLICT (merchant_id, return_id) DO UPDATE SET external_id = excluded.external_id, status = excluded.status,
        code = NULL, reason = NULL, updated_at = excluded.updated_at
    """
)


async def take(work: Work, store: queries.StoreRow, told: OrderReturns) -> None:
    """Take an order's returns as its store has them. What we told it ourselves changes nothing, however often it is
    read; what can't be taken is kept with its reason, and tried again with the next look."""
    order_id = await queries.order_of(work, store.id, told.order_external_id)
    if order_id is not None:
        await orders_queries.lock_orders(work, [order_id])
    known = await queries.links(work, store.id, order_external_id=told.order_external_id)
    by_name = {each.external_id: each for each in known}
    ours = {each.return_id: each for each in known if each.return_id is not None}
    for seen in told.returns:
        link = by_name.get(seen.external_id)
        return_id = None if link is None else link.return_id
        if return_id is None and seen.reference and order_id is not None:
            return_id = await _ours(work, order_id, seen.reference)
            link = link or (None if return_id is None else ours.get(return_id))
        if return_id is None:
            await _begin(work, store, told.order_external_id, order_id, seen, link)
        else:
            trouble = await _follow(work, return_id, seen)
            await _keep(work, store.id, told.order_external_id, order_id, seen, link, return_id, trouble)


async def note_told(work: Work, store_id: UUID, told: Sequence[tuple[Notice, Outcome | None]]) -> None:
    """Keep what a store calls the returns that it was told of."""
    rows = [
        (ids.RETURN.find(notice.news.reference), notice.news, outcome.external_ids[0])
        for notice, outcome in told
        if isinstance(outcome, Pushed) and outcome.external_ids and isinstance(notice.news, ReturnNews)
    ]
    if rows:
        given = {"account": work.account_id, "store": store_id, "now": work.now}
        given |= {"returns": [each for each, _, _ in rows], "orders": [news.order_external_id for _, news, _ in rows]}
        given |= {"names": [name for _, _, name in rows], "statuses": [shown_as(news.status) for _, news, _ in rows]}
        await work.db.execute(NOTE, given)


async def _ours(work: Work, order_id: UUID, reference: str) -> UUID | None:
    """Our return of this order that the store's names, if it is one."""
    try:
        found = await returns_queries.find_return(work, ids.RETURN.find(reference))
    except NotFound:
        return None
    return found.id if found.order_id == order_id else None


async def _begin(
    work: Work,
    store: queries.StoreRow,
    order_external_id: str,
    order_id: UUID | None,
    seen: ReturnSeen,
    link: LinkRow | None,
) -> None:
    """Take a return that began in the store. One that was over before we heard of it is nobody's concern."""
    over = seen.status not in (SeenStatus.REQUESTED, SeenStatus.OPEN)
    if over and link is None:
        return
    return_id: UUID | None = None
    trouble: tuple[str, str] | None = None
    if order_id is None:
        trouble = ("unknown_order", "The order of this return is not in FulfilHub (yet).")
    elif not over:
        try:
            return_id = await _request(work, order_id, seen)
        except (Conflict, Invalid) as problem:
            trouble = (problem.code, problem.detail)
    await _keep(work, store.id, order_external_id, order_id, seen, link, return_id, trouble)


async def _request(work: Work, order_id: UUID, seen: ReturnSeen) -> UUID:
    lines = await queries.lines_by_external_id(work, order_id)
    unknown = [each.external_id for each in seen.lines if each.external_id not in lines]
    if unknown or not seen.lines:
        raise Conflict("The return is about lines that the order here does not have.", code="unknown_line")
    asked = [
        Asked(line_id=lines[each.external_id], quantity=each.quantity, reason=each.reason, note=each.note)
        for each in seen.lines
        if each.quantity > 0
    ]
    agreed = seen.status is SeenStatus.OPEN
    who = Who.MERCHANT if agreed else Who.CUSTOMER
    return await returns.begun_elsewhere(work, order_id, asked, f"Begun in the store: {seen.name}", who, agreed=agreed)


async def _follow(work: Work, return_id: UUID, seen: ReturnSeen) -> tuple[str, str] | None:
    """Let our return follow what the store decided; why it can't, if it can't."""
    row = await returns_queries.find_return(work, return_id)
    step = follow(ReturnState(row.state), seen.status)
    try:
        match step:
            case Follow.APPROVE:
                await returns.approve(work, return_id, None, None)
            case Follow.DECLINE:
                await returns.decline(work, return_id, seen.decline_note or "Declined in the store.", None)
            case Follow.CANCEL:
                await returns.cancel(work, return_id)
            case Follow.TOO_LATE:
                return ("ended_there", "The store ended this return while it is under way here: see to its goods.")
            case None:
                pass
    except (Conflict, Invalid) as problem:
        return (problem.code, problem.detail)
    return None


async def _keep(
    work: Work,
    store_id: UUID,
    order_external_id: str,
    order_id: UUID | None,
    seen: ReturnSeen,
    link: LinkRow | None,
    return_id: UUID | None,
    trouble: tuple[str, str] | None,
) -> None:
    values: Mapping[str, object] = {
        "order_id": order_id,
        "return_id": return_id,
        "external_id": seen.external_id,
        "name": seen.name,
        "status": seen.status,
        "refunds": list(seen.refunds),
        "code": trouble[0] if trouble else None,
        "reason": trouble[1] if trouble else None,
    }
    if link is not None:
        if any(getattr(link, name) != value for name, value in values.items()):
            await work.db.execute(
                update(StoreReturn)
                .where(StoreReturn.merchant_id == work.account_id, StoreReturn.id == link.id)
                .values(**values, updated_at=work.now)
            )
        return
    await work.db.execute(
        insert(StoreReturn).values(
            merchant_id=work.account_id,
            id=ids.new(),
            store_id=store_id,
            order_external_id=order_external_id,
            begun="here" if seen.reference and return_id is not None else "store",
            created_at=work.now,
            updated_at=work.now,
            **values,
        )
    )
