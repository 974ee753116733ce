"""Asking for a customer's data to be handed out or erased, and doing it.

Carrying out runs in the platform's scope, because a warehouse's own documents hold the address too; every statement
names the merchant whose request it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import insert, update

from fulfilhub.orders.queries import normal_email
from fulfilhub.platform import ids
from fulfilhub.platform.inbox import open_payload, store_source
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.work import Work
from fulfilhub.privacy import queries
from fulfilhub.privacy.events import PrivacyDone, PrivacyRequested
from fulfilhub.privacy.models import PrivacyRequest
from fulfilhub.privacy.rules import (
    ENDED,
    NEVER_NEWER,
    Origin,
    RequestKind,
    RequestState,
    Subject,
    names_anyone,
    needles,
)
from fulfilhub.shipping.commands.scans import ERASED
from fulfilhub.stores.adapters.port import PrivacyAsk

MESSAGES_AT_ONCE = 500
ORDERS_AT_ONCE = 500
LOOK_AGAIN = timedelta(hours=6)
"""Until an erasure that waits for orders under way is tried again."""

_ASKED = "asked = r.asked || jsonb_build_object('ship_to', blanked(r.asked -> 'ship_to'))"

ERASE: dict[str, str] = {
    "orders": """
        UPDATE orders AS o SET email = '', email_normal = '', note = '', gift_message = '', tags = '[]',
               metadata = '{}', ship_to = blanked(o.ship_to), wanted = '{}', store_problems = '[]',
               review_reasons = '[]', store_updated_at = $3, version = o.version + 1, updated_at = $4
        WHERE o.merchant_id = $1 AND o.id = ANY ($2)""",
    "holds": """
        UPDATE holds SET name = '', note = ''
        WHERE merchant_id = $1 AND order_id = ANY ($2) AND (name, note) <> ('', '')""",
    "order_requests": f"""
        UPDATE order_requests AS r SET {_ASKED}, note = '', answer_note = ''
        WHERE r.merchant_id = $1 AND r.order_id = ANY ($2)""",  # noqa: S608 - made of the constant above
    "work_requests": f"""
        UPDATE work_requests AS r SET {_ASKED}, note = '', answer_note = '' FROM fulfilments AS f
        WHERE f.merchant_id = $1 AND f.order_id = ANY ($2) AND r.account_id = f.operator_id
          AND r.work_order_id = f.id""",  # noqa: S608
    "fulfilments": """
        UPDATE fulfilments SET reason = split_part(reason, ':', 1)
        WHERE merchant_id = $1 AND order_id = ANY ($2) AND position(':' IN reason) > 0""",
    "work_orders": """
        UPDATE work_orders AS w
        SET document = jsonb_set(w.document, '{ship_to}', coalesce(blanked(w.document -> 'ship_to'), '{}'))
                       #- '{packing,gift_message}',
            reason = split_part(w.reason, ':', 1), version = w.version + 1, updated_at = $3,
            rejection = w.rejection || jsonb_build_object('note', '', 'lines', (
                SELECT coalesce(jsonb_agg(l.line || '{"message": ""}' ORDER BY l.place), '[]')
                FROM jsonb_array_elements(w.rejection -> 'lines') WITH ORDINALITY AS l (line, place)))
        FROM fulfilments AS f
        WHERE f.merchant_id = $1 AND f.order_id = ANY ($2) AND w.account_id = f.operator_id AND w.id = f.id""",
    "tracking_events": f"""
        UPDATE tracking_events AS t
        SET location = '', description = '', signed_by = '', told_by = '{ERASED}' FROM parcels AS p
        WHERE p.merchant_id = $1 AND p.order_id = ANY ($2) AND t.merchant_id = $1 AND t.parcel_id = p.id""",  # noqa: S608
    "returns": "UPDATE returns SET note = '' WHERE merchant_id = $1 AND order_id = ANY ($2)",
    "return_lines": "UPDATE return_lines SET note = '' WHERE merchant_id = $1 AND order_id = ANY ($2)",
    "return_verdicts": """
        UPDATE return_verdicts AS v SET note = '' FROM returns AS r
        WHERE r.merchant_id = $1 AND r.order_id = ANY ($2) AND v.merchant_id = $1 AND v.return_id = r.id""",
    "return_work": """
        UPDATE return_work AS w
        SET lines = (SELECT coalesce(jsonb_agg(l.line || '{"note": ""}' ORDER BY l.place), '[]')
                     FROM jsonb_array_elements(w.lines) WITH ORDINALITY AS l (line, place)),
            version = w.version + 1, updated_at = $3
        FROM returns AS r
        WHERE r.merchant_id = $1 AND r.order_id = ANY ($2) AND w.account_id = r.operator_id AND w.id = r.id""",
    "stock_movements": """
        UPDATE stock_movements AS m SET note = '' FROM returns AS r
        WHERE r.merchant_id = $1 AND r.order_id = ANY ($2) AND m.merchant_id = $1 AND m.document = 'return'
          AND m.document_id = r.id AND m.note <> ''""",
}
"""What is erased of a customer's orders, by table. $1: merchant, $2: orders; then what the statement needs. Where a
reason is followed by a colon and somebody's own words, the reason stays."""

FORGET_ANSWERS = """
DELETE FROM idempotency_keys
WHERE account_id = ANY ($1)
  AND EXISTS (SELECT 1 FROM unnest($2::bytea[]) AS n (needle) WHERE position(n.needle IN body) > 0)
"""
EMPTY_HEARD = """
UPDATE webhook_attempts AS a SET answer = '' FROM webhook_deliveries AS d
WHERE a.account_id = ANY ($1) AND a.answer <> '' AND d.account_id = a.account_id AND d.id = a.delivery_id
  AND EXISTS (SELECT 1 FROM unnest($2::bytea[]) AS n (needle)
              WHERE position(n.needle IN convert_to(d.body, 'UTF8')) > 0 OR position(n.needle IN a.answer) > 0)
"""
EMPTY_MESSAGES = "UPDATE inbox SET payload = NULL WHERE account_id = $1 AND id = ANY ($2)"
EMPTY_SOURCE = """
UPDATE inbox SET payload = NULL
WHERE account_id = $1 AND source = $2 AND source <> 'api' AND payload IS NOT NULL AND handled_at IS NOT NULL
"""
UNREAD_OF_SOURCE = """
SELECT id FROM inbox WHERE account_id = $1 AND source = $2 AND handled_at IS NULL AND source <> 'api' LIMIT 1
"""
EMPTY_EXPORTS = (
    "UPDATE privacy_requests SET result = NULL, subject = NULL WHERE expires_at <= $1 AND result IS NOT NULL"
)


async def request(work: Work, vault: Vault, kind: RequestKind, email: str) -> UUID:
    """Ask for all that is kept about the customer with this e-mail address; a job carries it out."""
    return await _note(work, vault, kind, Subject(normal_email(email)))


async def request_of_store(work: Work, vault: Vault, store_id: UUID, ask: PrivacyAsk) -> UUID:
    """Ask what a store's platform asks about its customers, or all of them; a job carries it out."""
    subject = Subject(normal_email(ask.email), ask.phone, ask.orders)
    return await _note(work, vault, RequestKind(ask.kind), subject, store_id, ask.reference or None)


async def _note(
    work: Work,
    vault: Vault,
    kind: RequestKind,
    subject: Subject,
    store_id: UUID | None = None,
    reference: str | None = None,
) -> UUID:
    request_id = ids.new()
    await work.db.execute(
        insert(PrivacyRequest).values(
            merchant_id=work.account_id,
            id=request_id,
            kind=kind,
            state=RequestState.REQUESTED,
            subject=vault.encrypt(msgspec.json.encode(subject)),
            counts={},
            requested_by=work.actor,
            created_at=work.now,
            origin=Origin.MERCHANT if store_id is None else Origin.STORE,
            store_id=store_id,
            reference=reference,
        )
    )
    work.publish(PrivacyRequested(request_id=request_id, kind=str(kind)))
    return request_id


async def carry_out(
    work: Work, vault: Vault, merchant_id: UUID, request_id: UUID, keep_until: datetime
) -> timedelta | None:
    """Do what a request asks. Gives how long until it can go on, None when it is done: an erasure waits for orders that
    are still under way, and for messages that nobody has read yet. Repeating is harmless."""
    found = await queries.lock_request(work, merchant_id, request_id)
    if found is None or found.state == RequestState.DONE or found.subject is None:
        return None
    subject = _opened(vault, found.subject)
    if found.kind == RequestKind.STORE_ERASURE and found.store_id is not None:
        wait = await _erase_store(work, vault, merchant_id, request_id, found)
    elif found.kind == RequestKind.EXPORT:
        orders = await queries.their_orders(work, merchant_id, subject, found.store_id)
        kept = await queries.kept_about(work, merchant_id, [order.id for order in orders])
        counts = {kind: len(records) for kind, records in kept.items()}
        result = vault.encrypt(msgspec.json.encode({"email": subject.email, **kept}))
        await _conclude(work, merchant_id, request_id, counts, done=True, result=result, expires_at=keep_until)
        wait = None
    else:
        wait = await _erase_customer(work, vault, merchant_id, request_id, subject, found)
    if wait is None:
        async with work.act_for(merchant_id):
            work.publish(PrivacyDone(request_id=request_id, kind=found.kind))
    return wait


async def _erase_customer(
    work: Work,
    vault: Vault,
    merchant_id: UUID,
    request_id: UUID,
    subject: Subject,
    request_: queries.LockedRequest,
) -> timedelta | None:
    orders = await queries.their_orders(work, merchant_id, subject, request_.store_id)
    ended = [order for order in orders if order.status in ENDED]
    under_way = len(orders) - len(ended)
    # Copies go at once, also of orders under way: only the orders themselves are needed.
    emails = {subject.email, *(order.email for order in orders if request_.store_id is not None)}
    copies, wanted = await _forget_copies(work, merchant_id, sorted(filter(None, emails)), orders)
    counts = await _erase(work, merchant_id, [order.id for order in ended])
    wanted += needles([subject.phone], [])
    messages, unread = await _empty_messages(work, vault, await _accounts(work, merchant_id, orders), wanted)
    counts |= {**copies, "messages": messages}
    if request_.store_id is not None:
        counts = _summed(request_.counts, counts)
    done = not under_way and not unread
    await _conclude(work, merchant_id, request_id, counts, done=done, open_orders=under_way)
    return None if done else LOOK_AGAIN


async def _erase_store(
    work: Work, vault: Vault, merchant_id: UUID, request_id: UUID, request_: queries.LockedRequest
) -> timedelta | None:
    """Some orders of the store at a time, until none is left that has ended; all that it sent, at once."""
    if request_.store_id is None:
        return None
    source = store_source(request_.store_id)
    orders = await queries.ended_orders(work, merchant_id, request_.store_id, ORDERS_AT_ONCE)
    emails = sorted({order.email for order in orders} - {""})
    copies, wanted = await _forget_copies(work, merchant_id, emails, orders)
    counts = await _erase(work, merchant_id, [order.id for order in orders])
    accounts = await _accounts(work, merchant_id, orders)
    messages, unread = await _empty_messages(work, vault, accounts, wanted, but=source) if orders else (0, 0)
    tag = await work.execute_raw(EMPTY_SOURCE, merchant_id, source)
    unread += len(await work.fetch_raw(UNREAD_OF_SOURCE, merchant_id, source))
    counts |= {**copies, "messages": messages + int(tag.rpartition(" ")[2])}
    left = await queries.count_unerased(work, merchant_id, request_.store_id)
    done = not left and not unread
    whole = _summed(request_.counts, counts)
    await _conclude(work, merchant_id, request_id, whole, done=done, open_orders=left)
    if done:
        return None
    return timedelta() if len(orders) == ORDERS_AT_ONCE else LOOK_AGAIN


def _opened(vault: Vault, sealed: bytes) -> Subject:
    """Whose data. Requests of old hold the bare e-mail address."""
    plain = vault.decrypt(sealed)
    try:
        return msgspec.json.decode(plain, type=Subject)
    except msgspec.DecodeError:
        return Subject(plain.decode())


def _summed(before: Mapping[str, int], now: Mapping[str, int]) -> dict[str, int]:
    return {kind: before.get(kind, 0) + now.get(kind, 0) for kind in {**before, **now}}


async def expire_exports(work: Work) -> None:
    """Empty exports whose time is over."""
    await work.execute_raw(EMPTY_EXPORTS, work.now)


async def _erase(work: Work, merchant_id: UUID, order_ids: Sequence[UUID]) -> dict[str, int]:
    if not order_ids:
        return {}
    more: Mapping[str, tuple[object, ...]] = {
        "orders": (NEVER_NEWER, work.now),
        "work_orders": (work.now,),
        "return_work": (work.now,),
    }
    counts = {}
    for table, statement in ERASE.items():
        tag = await work.execute_raw(statement, merchant_id, list(order_ids), *more.get(table, ()))
        counts[table] = int(tag.rpartition(" ")[2])
    return counts


async def _accounts(work: Work, merchant_id: UUID, orders: Sequence[queries.TheirOrder]) -> list[UUID]:
    """The merchant, and whose warehouses had its customer's orders: their carriers may have told of the parcels."""
    pieces = await queries.work_of(work, merchant_id, [order.id for order in orders])
    return sorted({merchant_id, *(operator for operator, _ in pieces)})


async def _empty_messages(
    work: Work, vault: Vault, account_ids: Sequence[UUID], wanted: Sequence[str], *, but: str = ""
) -> tuple[int, int]:
    """(raw messages emptied that name the customer, those that must be read before), of all doors but one."""
    emptied, unread = 0, 0
    for account_id in account_ids:
        after = None
        while rows := await queries.raw_messages(work, account_id, after, MESSAGES_AT_ONCE, but=but):
            after = rows[-1].id
            theirs = [row for row in rows if names_anyone(open_payload(vault, row.payload)[1], wanted)]
            unread += sum(row.handled_at is None for row in theirs)
            read = [row.id for row in theirs if row.handled_at is not None]
            if read:
                await work.execute_raw(EMPTY_MESSAGES, account_id, read)
            emptied += len(read)
    return emptied, unread


async def _forget_copies(
    work: Work, merchant_id: UUID, emails: Sequence[str], orders: Sequence[queries.TheirOrder]
) -> tuple[dict[str, int], list[str]]:
    """Delete remembered answers, the warehouses' too, that name the customer, an order, or an order's work or returns,
    and empty what receivers answered to webhooks about these. Gives how many of each, and by which texts a raw message
    would name the customer."""
    order_ids = [order.id for order in orders]
    asked = await queries.asked_addresses(work, merchant_id, order_ids)
    wanted = needles(emails, [*(order.ship_to for order in orders), *asked])
    pieces = await queries.work_of(work, merchant_id, order_ids)
    returns = await queries.returns_of(work, merchant_id, order_ids)
    told = [
        *emails,
        *map(ids.ORDER.show, order_ids),
        *(ids.WORK_ORDER.show(piece) for _, piece in pieces),
        *(ids.RETURN.show(each) for _, each in returns),
    ]
    accounts = {merchant_id, *(operator for operator, _ in (*pieces, *returns) if operator is not None)}
    counts = {}
    for kind, statement in (("answers", FORGET_ANSWERS), ("webhook_answers", EMPTY_HEARD)):
        tag = await work.execute_raw(statement, sorted(accounts), [text.encode() for text in told])
        counts[kind] = int(tag.rpartition(" ")[2])
    return counts, wanted


async def _conclude(
    work: Work,
    merchant_id: UUID,
    request_id: UUID,
    counts: Mapping[str, int],
    *,
    done: bool,
    open_orders: int = 0,
    result: bytes | None = None,
    expires_at: datetime | None = None,
) -> None:
    values: dict[str, object] = {
        "counts": dict(counts),
        "open_orders": open_orders,
        "state": RequestState.DONE if done else RequestState.WAITING,
        "done_at": work.now if done else None,
        "result": result,
        "expires_at": expires_at,
        "version": PrivacyRequest.version + 1,
    }
    if done:
        values["subject"] = None
    await work.db.execute(
        update(PrivacyRequest)
        .where(PrivacyRequest.merchant_id == merchant_id, PrivacyRequest.id == request_id)
        .values(**values)
    )
