"""Notices: what a store shows of orders and returns. One row each, however often it changes; the newest is told."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import text

from fulfilhub.platform.work import Work
from fulfilhub.stores import queries
from fulfilhub.stores.adapters.errands import Outcome, trouble_of, wants_rest
from fulfilhub.stores.adapters.milestones import MilestoneNews
from fulfilhub.stores.adapters.news import ReturnNews, StateNews
from fulfilhub.stores.adapters.port import Pushed, Refused
from fulfilhub.stores.queries import milestones
from fulfilhub.stores.queries.locations import warehouses_at
from fulfilhub.stores.rules.outgoing import NoticeKind, NoticeState, again_after
from fulfilhub.stores.rules.returning import return_news

UNSEEN = ("revision", "updated_at")
"""Parts of an order's state that change though nobody would see a difference."""

# Only of orders of this store. What waits already keeps its place.
MARK = text(
    """
    INSERT INTO store_notices AS n (merchant_id, id, store_id, kind, subject_id, order_id, state, due_at, created_at,
                                    updated_at)
    SELECT :account, uuidv7(), :store, :kind, t.subject_id, o.id, 'pending', :due, :now, :now
    FROM unnest(cast(:subjects AS uuid[]), cast(:orders AS uuid[])) AS t (subject_id, order_id)
    JOIN orders AS o ON o.merchant_id = :account AND o.id = t.order_id AND o.store_id = :store
    ORDER BY t.subject_id
    ON CONFLICT (merchant_id, store_id, kind, subject_id) DO UPDATE SET
        marks = n.marks + 1, updated_at = excluded.updated_at,
        due_at = CASE WHEN n.state = 'pending' THEN n.due_at ELSE excluded.due_at END,
        attempts = CASE WHEN n.state = 'pending' THEN n.attempts ELSE 0 END,
        state = 'pending'
    """
)
TAKE = """
UPDATE store_notices AS n SET attempts = n.attempts + 1
FROM (SELECT id FROM store_notices
      WHERE merchant_id = $1 AND store_id = $2 AND kind = $3 AND state = 'pending' AND due_at <= $4
      ORDER BY due_at, id LIMIT $5) AS due
WHERE n.merchant_id = $1 AND n.id = due.id
RETURNING n.id, n.subject_id, n.marks, n.attempts, n.digest
"""
# What changed while it was told stays pending.
CONCLUDE = text(
    """
    UPDATE store_notices AS n SET
        state = CASE WHEN r.state = 'told' AND n.marks <> r.marks THEN 'pending' ELSE r.state END,
        digest = CASE WHEN r.state = 'told' THEN decode(r.digest, 'hex') ELSE n.digest END,
        told_at = CASE WHEN r.state = 'told' THEN cast(:now AS timestamptz) ELSE n.told_at END,
        attempts = r.attempts, due_at = r.due_at, code = r.code, reason = r.reason, updated_at = :now
    FROM jsonb_to_recordset(cast(:rows AS jsonb))
         AS r (id uuid, state text, marks int, digest text, attempts int, due_at timestamptz, code text, reason text)
    WHERE n.merchant_id = :account AND n.id = r.id
    """
)


class _Due(NamedTuple):
    id: UUID
    subject_id: UUID
    marks: int
    attempts: int
    digest: bytes | None


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice that is to be told, written down before the call."""

    id: UUID
    marks: int
    attempts: int
    digest: bytes
    news: StateNews | ReturnNews | MilestoneNews


async def mark(
    work: Work, store_id: UUID, kind: NoticeKind, changed: Sequence[tuple[UUID, UUID]], due: datetime
) -> None:
    """Note that these changed, as (subject, order), in one statement; orders of other stores are passed over."""
    if changed:
        subjects, orders = (list(column) for column in zip(*changed, strict=True))
        given = {"account": work.account_id, "store": store_id, "kind": str(kind), "now": work.now, "due": due}
        await work.db.execute(MARK, given | {"subjects": subjects, "orders": orders})


async def take_due(
    work: Work, store_id: UUID, kind: NoticeKind, limit: int, page: Callable[[UUID], str]
) -> list[Notice]:
    """What is due, as it is now. What the store shows already, or can no longer be said, is settled here. `page` makes
    a customer's link of an order."""
    rows = await work.fetch_raw(TAKE, work.account_id, store_id, str(kind), work.now, limit)
    due = [_Due._make(row) for row in rows]
    told = await _news(work, store_id, kind, [each.subject_id for each in due], page) if due else {}
    made: list[Notice] = []
    settled: list[dict[str, object]] = []
    for each in due:
        news = told.get(each.subject_id)
        digest = b"" if news is None else digest_of(news)
        if news is None or digest == each.digest:
            settled.append(_row(work, each.id, each.marks, NoticeState.TOLD, digest, 0))
        else:
            made.append(Notice(each.id, each.marks, each.attempts, digest, news))
    await _write(work, settled)
    return made


async def _news(
    work: Work, store_id: UUID, kind: NoticeKind, subjects: Sequence[UUID], page: Callable[[UUID], str]
) -> Mapping[UUID, StateNews | ReturnNews | MilestoneNews]:
    if kind is NoticeKind.MILESTONE:
        return await milestones.milestones(work, store_id, subjects)
    if kind is NoticeKind.RETURN:
        settings = queries.settings_of(await queries.get_store(work, store_id))
        places = {warehouse: place for place, warehouse in (await warehouses_at(work, store_id)).items()}
        otherwise = "" if places else settings.stock_location
        found = await queries.returns_told(work, subjects, places, otherwise, refund=settings.refund_returns)
        return {return_id: return_news(each) for return_id, each in found.items()}
    states = await queries.states(work, store_id, subjects, page)
    return {
        order_id: StateNews(order_external_id=str(state["external_id"]), state=state)
        for order_id, state in states.items()
    }


async def conclude(
    work: Work, told: Sequence[tuple[Notice, Outcome | None]], *, tries: int, rest: datetime | None, spread: float
) -> None:
    """Write down how telling these ended. `rest`: until when the store is left alone."""
    rows = [_judged(work, notice, outcome, tries, rest, spread) for notice, outcome in told]
    await _write(work, rows)


def _judged(
    work: Work, notice: Notice, outcome: Outcome | None, tries: int, rest: datetime | None, spread: float
) -> dict[str, object]:
    if outcome is None:
        return _row(work, notice.id, notice.marks, NoticeState.PENDING, b"", notice.attempts - 1)
    if isinstance(outcome, Pushed):
        return _row(work, notice.id, notice.marks, NoticeState.TOLD, notice.digest, 0)
    trouble = trouble_of(outcome)
    reason = "" if trouble is None else trouble.reason
    if isinstance(trouble, Refused):
        why = {"code": trouble.code, "reason": reason}
        return _row(work, notice.id, notice.marks, NoticeState.REFUSED, b"", notice.attempts) | why
    if wants_rest(outcome):
        # The store is to blame, not this notice: it is tried for as long as the store is there.
        return _row(work, notice.id, notice.marks, NoticeState.PENDING, b"", notice.attempts - 1) | {
            "due_at": rest or work.now,
            "reason": reason,
        }
    state = NoticeState.FAILED if notice.attempts >= tries else NoticeState.PENDING
    wait = again_after(notice.attempts, trouble.after if trouble is not None else 0.0, spread)
    return _row(work, notice.id, notice.marks, state, b"", notice.attempts) | {
        "due_at": work.now + wait,
        "reason": reason,
    }


def _row(work: Work, id_: UUID, marks: int, state: NoticeState, digest: bytes, attempts: int) -> dict[str, object]:
    return {
        "id": id_,
        "state": str(state),
        "marks": marks,
        "digest": digest.hex(),
        "attempts": attempts,
        "due_at": work.now,
        "code": None,
        "reason": None,
    }


async def _write(work: Work, rows: Sequence[Mapping[str, object]]) -> None:
    if rows:
        given = {"account": work.account_id, "now": work.now, "rows": msgspec.json.encode(rows).decode()}
        await work.db.execute(CONCLUDE, given)


def digest_of(news: StateNews | ReturnNews | MilestoneNews) -> bytes:
    """Of what a store shows: the same as long as nobody would see a difference."""
    shown: object = replace(news, told_as="") if isinstance(news, ReturnNews) else news
    if isinstance(news, StateNews):
        shown = {name: value for name, value in news.state.items() if name not in UNSEEN}
    return hashlib.sha256(msgspec.json.encode(shown, order="sorted")).digest()
