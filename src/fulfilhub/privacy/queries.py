"""Every look at privacy requests, and at what is kept about a customer. The latter run in the platform's scope, so each
names the merchant itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import false, func, or_, select

from fulfilhub.fulfilment.models import Fulfilment
from fulfilhub.orders.models import Order, OrderRequest
from fulfilhub.platform import ids
from fulfilhub.platform.errors import NotFound
from fulfilhub.platform.inbox import Message
from fulfilhub.platform.work import Work
from fulfilhub.privacy.models import PrivacyRequest
from fulfilhub.privacy.rules import ENDED, NEVER_NEWER, Subject
from fulfilhub.returns.models import Return


class RequestRow(NamedTuple):
    """A request without what is sealed in it."""

    id: UUID
    kind: str
    state: str
    counts: dict[str, int]
    open_orders: int
    requested_by: str
    created_at: datetime
    done_at: datetime | None
    expires_at: datetime | None
    version: int
    origin: str
    store_id: UUID | None
    reference: str | None


class LockedRequest(NamedTuple):
    """A request to be carried out. `subject` is sealed."""

    kind: str
    state: str
    subject: bytes | None
    store_id: UUID | None
    counts: dict[str, int]


class TheirOrder(NamedTuple):
    """One order of the customer."""

    id: UUID
    status: str
    ship_to: dict[str, str] | None
    email: str


class RawMessage(NamedTuple):
    """A raw message that still has its content."""

    id: UUID
    payload: bytes
    handled_at: datetime | None


THEIRS = (Order.id, Order.status, Order.ship_to, Order.email_normal)
COLUMNS = tuple(getattr(PrivacyRequest, name) for name in RequestRow._fields)

KEPT: dict[str, str] = {
    "orders": """
        SELECT number, external_id, status, placed_at, email, ship_to, note, tags, metadata, currency, total_minor
        FROM orders WHERE merchant_id = $1 AND id = ANY ($2) ORDER BY id""",
    "order_lines": """
        SELECT o.number, l.sku, l.title, l.ordered, l.shipped, l.returned
        FROM order_lines AS l JOIN orders AS o ON o.merchant_id = l.merchant_id AND o.id = l.order_id
        WHERE l.merchant_id = $1 AND l.order_id = ANY ($2) ORDER BY l.order_id, l.position""",
    "parcels": """
        SELECT o.number, p.carrier, p.tracking_number, p.state, p.created_at
        FROM parcels AS p JOIN orders AS o ON o.merchant_id = p.merchant_id AND o.id = p.order_id
        WHERE p.merchant_id = $1 AND p.order_id = ANY ($2) ORDER BY p.id""",
    "tracking_events": """
        SELECT p.tracking_number, t.state, t.occurred_at, t.location, t.description, t.signed_by
        FROM tracking_events AS t JOIN parcels AS p ON p.merchant_id = t.merchant_id AND p.id = t.parcel_id
        WHERE t.merchant_id = $1 AND p.order_id = ANY ($2) ORDER BY t.id""",
    "change_requests": """
        SELECT o.number, r.kind, r.asked, r.note, r.state, r.answer_note, r.asked_at, r.answered_at
        FROM order_requests AS r JOIN orders AS o ON o.merchant_id = r.merchant_id AND o.id = r.order_id
        WHERE r.merchant_id = $1 AND r.order_id = ANY ($2) ORDER BY r.id""",
    "holds": """
        SELECT o.number, h.reason, h.name, h.note, h.placed_at, h.released_at
        FROM holds AS h JOIN orders AS o ON o.merchant_id = h.merchant_id AND o.id = h.order_id
        WHERE h.merchant_id = $1 AND h.order_id = ANY ($2) ORDER BY h.id""",
    "returns": """
        SELECT o.number, r.state, r.note, r.created_at, r.ended_at
        FROM returns AS r JOIN orders AS o ON o.merchant_id = r.merchant_id AND o.id = r.order_id
        WHERE r.merchant_id = $1 AND r.order_id = ANY ($2) ORDER BY r.id""",
    "return_lines": """
        SELECT o.number, l.sku, l.title, l.reason, l.note, l.advised, l.received,
               (SELECT coalesce(jsonb_agg(v.note ORDER BY v.id), '[]') FROM return_verdicts AS v
                WHERE v.merchant_id = l.merchant_id AND v.return_id = l.return_id AND v.line_id = l.id
                  AND v.note <> '') AS inspection_notes
        FROM return_lines AS l JOIN orders AS o ON o.merchant_id = l.merchant_id AND o.id = l.order_id
        WHERE l.merchant_id = $1 AND l.order_id = ANY ($2) ORDER BY l.id""",
}
"""What a customer is told is kept, by kind of record."""


async def list_requests(work: Work, after: UUID | None, limit: int) -> list[RequestRow]:
    """The merchant's requests by age, oldest first."""
    query = (
        select(*COLUMNS).where(PrivacyRequest.merchant_id == work.account_id).order_by(PrivacyRequest.id).limit(limit)
    )
    if after is not None:
        query = query.where(PrivacyRequest.id > after)
    return [RequestRow(*row) for row in await work.db.execute(query)]


async def get_request(work: Work, request_id: UUID) -> RequestRow:
    """One request. Raises NotFound."""
    query = select(*COLUMNS).where(PrivacyRequest.merchant_id == work.account_id, PrivacyRequest.id == request_id)
    row = (await work.db.execute(query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no privacy request {ids.PRIVACY_REQUEST.show(request_id)!r}.")
    return RequestRow(*row)


async def result_of(work: Work, request_id: UUID) -> bytes | None:
    """The sealed export; None when there is none, or no more."""
    query = select(PrivacyRequest.result).where(
        PrivacyRequest.merchant_id == work.account_id, PrivacyRequest.id == request_id
    )
    return (await work.db.execute(query)).scalar_one()


async def lock_request(work: Work, merchant_id: UUID, request_id: UUID) -> LockedRequest | None:
    """A request, locked; None if it is not there."""
    columns = [getattr(PrivacyRequest, name) for name in LockedRequest._fields]
    query = (
        select(*columns)
        .where(PrivacyRequest.merchant_id == merchant_id, PrivacyRequest.id == request_id)
        .with_for_update()
    )
    row = (await work.db.execute(query)).one_or_none()
    return None if row is None else LockedRequest._make(row)


async def their_orders(work: Work, merchant_id: UUID, subject: Subject, store_id: UUID | None) -> list[TheirOrder]:
    """All orders of the customer, locked in key order: those with this e-mail address, and, where a store asks about
    its own, those it names."""
    theirs = Order.email_normal == subject.email if subject.email else false()
    query = select(*THEIRS).where(Order.merchant_id == merchant_id)
    if store_id is not None:
        theirs = or_(theirs, Order.external_id.in_(subject.orders))
        query = query.where(Order.store_id == store_id)
    rows = await work.db.execute(query.where(theirs).order_by(Order.id).with_for_update())
    return [TheirOrder._make(row) for row in rows]


async def ended_orders(work: Work, merchant_id: UUID, store_id: UUID, limit: int) -> list[TheirOrder]:
    """Orders of a store that have ended and were not erased yet, locked in key order."""
    query = (
        select(*THEIRS)
        .where(
            Order.merchant_id == merchant_id,
            Order.store_id == store_id,
            Order.store_updated_at.is_distinct_from(NEVER_NEWER),
        )
        .where(Order.status.in_(ENDED))
        .order_by(Order.id)
        .limit(limit)
        .with_for_update()
    )
    return [TheirOrder._make(row) for row in await work.db.execute(query)]


async def count_unerased(work: Work, merchant_id: UUID, store_id: UUID) -> int:
    """Orders of a store that were not erased yet."""
    query = (
        select(func.count())
        .select_from(Order)
        .where(
            Order.merchant_id == merchant_id,
            Order.store_id == store_id,
            Order.store_updated_at.is_distinct_from(NEVER_NEWER),
        )
    )
    return int((await work.db.execute(query)).scalar_one())


async def work_of(work: Work, merchant_id: UUID, order_ids: Sequence[UUID]) -> list[tuple[UUID, UUID]]:
    """(operator's account, work order) of every piece of work these orders made."""
    query = select(Fulfilment.operator_id, Fulfilment.id).where(
        Fulfilment.merchant_id == merchant_id, Fulfilment.order_id.in_(order_ids)
    )
    return [(row.operator_id, row.id) for row in await work.db.execute(query)]


async def returns_of(work: Work, merchant_id: UUID, order_ids: Sequence[UUID]) -> list[tuple[UUID | None, UUID]]:
    """(operator's account, return) of every return of these orders; no operator while it is not known where to."""
    query = select(Return.operator_id, Return.id).where(
        Return.merchant_id == merchant_id, Return.order_id.in_(order_ids)
    )
    return [(row.operator_id, row.id) for row in await work.db.execute(query)]


async def asked_addresses(work: Work, merchant_id: UUID, order_ids: Sequence[UUID]) -> list[dict[str, str]]:
    """The addresses that somebody asked for when these orders were in a warehouse's hands already."""
    query = select(OrderRequest.asked).where(
        OrderRequest.merchant_id == merchant_id, OrderRequest.order_id.in_(order_ids)
    )
    asked = (await work.db.execute(query)).scalars()
    return [msgspec.convert(each["ship_to"], dict[str, str]) for each in asked if each.get("ship_to")]


async def raw_messages(
    work: Work, account_id: UUID, after: UUID | None, limit: int, *, but: str = ""
) -> list[RawMessage]:
    """An account's raw messages that have content, by id, those after `after`, without those of one door (`but`)."""
    query = (
        select(Message.id, Message.payload, Message.handled_at)
        .where(Message.account_id == account_id, Message.payload.is_not(None), Message.source != but)
        .order_by(Message.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(Message.id > after)
    return [RawMessage(row.id, row.payload or b"", row.handled_at) for row in await work.db.execute(query)]


async def kept_about(work: Work, merchant_id: UUID, order_ids: Sequence[UUID]) -> dict[str, list[dict[str, object]]]:
    """Everything kept about these orders' customer, by kind of record."""
    found: dict[str, list[dict[str, object]]] = {}
    for kind, statement in KEPT.items():
        rows = await work.fetch_raw(f"SELECT to_jsonb(k) AS record FROM ({statement}) AS k", merchant_id, order_ids)  # noqa: S608
        found[kind] = [row["record"] for row in rows]
    return found
