"""What stores send: kept as it came at the door, read by a job, handed to `orders` in sets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from fulfilhub.fulfilment.commands.freeing import cancel
from fulfilhub.orders import commands as orders
from fulfilhub.orders.incoming import IncomingOrder
from fulfilhub.orders.rules import AskedBy
from fulfilhub.platform import inbox
from fulfilhub.platform.errors import Conflict, Unauthenticated
from fulfilhub.platform.inbox import Verdict
from fulfilhub.platform.secrets import Vault, live_secrets
from fulfilhub.platform.work import Work
from fulfilhub.stores import queries
from fulfilhub.stores.adapters import adapter_for, port
from fulfilhub.stores.adapters.port import Delivery, Kind, Unreadable
from fulfilhub.stores.adapters.reading import UNKNOWN_TIME
from fulfilhub.stores.adapters.shopify.deliveries import names_shop
from fulfilhub.stores.commands.following import mark, mark_parts
from fulfilhub.stores.commands.installing import uninstalled
from fulfilhub.stores.commands.topics import READERS, Told
from fulfilhub.stores.events import StorePrivacyAsked
from fulfilhub.stores.rules import Outcome

ANSWER = "X-FulfilHub-Answer"
"""Marks what is no message of the store's, but what it answered when we read an order: its value is the order's id."""

ANSWER_TOPIC = "answer"
KEPT_HEADERS = ("x-wc-webhook-", "x-shopify-", "content-type", "user-agent")
SEEN_EVERY = timedelta(minutes=1)
NO_NEWS = frozenset({orders.Outcome.UNCHANGED, orders.Outcome.STALE, orders.Outcome.REREAD})

SEEN = text(
    """
    UPDATE stores SET last_seen_at = :now
    WHERE merchant_id = :account AND id = ANY (:ids) AND (last_seen_at IS NULL OR last_seen_at < :before)
    """
)
# The webhook of what a sweep had found before came after all.
ARRIVED = text(
    """
    UPDATE store_late_orders AS l SET arrived_at = :now
    FROM unnest(cast(:external_ids AS text[]), cast(:times AS timestamptz[])) AS t (external_id, told_at)
    WHERE l.merchant_id = :account AND l.store_id = :store AND l.external_id = t.external_id AND l.arrived_at IS NULL
      AND (l.what = 'order' OR l.changed_at <= t.told_at)
    """
)


@dataclass(slots=True)
class _Pile:
    """What a batch of messages adds up to, each telling with the message it came in."""

    orders: dict[UUID, list[tuple[UUID, IncomingOrder]]] = field(default_factory=dict)
    rereads: dict[tuple[UUID, str], UUID] = field(default_factory=dict)
    parts: dict[UUID, set[str]] = field(default_factory=dict)
    cut: list[tuple[UUID, UUID, datetime | None]] = field(default_factory=list)
    told: dict[str, list[Told]] = field(default_factory=dict)
    asked: list[StorePrivacyAsked] = field(default_factory=list)
    verdicts: dict[UUID, Verdict] = field(default_factory=dict)


async def receive(
    work: Work,
    vault: Vault,
    store_id: UUID,
    delivery: Delivery,
    headers: Mapping[str, str],
    body: bytes,
    keep_days: int,
) -> bool:
    """Check a delivery's signature and keep it as it came; a ticket to read it is queued only when it is new.

    Returns whether it was new. Raises Unauthenticated when no live secret signed it, or another shop sent it.
    """
    row = await queries.sealed_store(work, store_id)
    adapter = adapter_for(row.store.platform)
    secrets = live_secrets(queries.open_secrets(vault, row), work.now)
    # The apps of one developer share their secret over all shops, so the shop must be this one too.
    stranger = row.store.shop_domain and delivery.sender != row.store.shop_domain
    if not adapter.verify(headers, body, secrets) or stranger:
        raise Unauthenticated(
            "The signature does not fit the body and this store's webhook secret.", code="bad_signature"
        )
    return await keep(work, vault, store_id, delivery, headers, body, keep_days)


async def keep(
    work: Work,
    vault: Vault,
    store_id: UUID,
    delivery: Delivery,
    headers: Mapping[str, str],
    body: bytes,
    keep_days: int,
) -> bool:
    """Keep a delivery whose signature was checked, as it came; a ticket to read it is queued only when it is new.
    Returns whether it was."""
    kept = {name: value for name, value in headers.items() if name.lower().startswith(KEPT_HEADERS)}
    raw = inbox.Raw(
        source=queries.source_of(store_id),
        topic=delivery.topic or "unknown",
        dedupe_key=delivery.dedupe_key,
        headers=kept,
        body=body,
        about=delivery.external_id,
    )
    ((message_id, new),) = await inbox.store(work, vault, [raw], keep_days)
    if new:
        work.enqueue("stores.read_delivery", {"store_id": store_id, "message_id": message_id})
    return new


async def read_deliveries(work: Work, vault: Vault, message_ids: Sequence[UUID]) -> None:
    """Read stored deliveries: whole orders are taken at once, thin ones are queued to be read from the store.

    A message that was read before is passed over, so repeating is harmless.
    """
    messages = await inbox.unread(work, message_ids)
    if not messages:
        return
    stores = await queries.sealed(work, sorted({_store_id(message) for message in messages}))
    pile = _Pile()
    for message in messages:
        pile.verdicts[message.id] = _read(vault, stores[_store_id(message)], message, pile)
    for store_id, message_id, at in sorted(pile.cut):  # first, for a sweep's row is locked before orders
        if not await uninstalled(work, vault, store_id, at):
            pile.verdicts[message_id] = Verdict(
                message_id, Outcome.IGNORED, "It is about a connection before this one."
            )
    for topic, messages_of in sorted(pile.told.items()):
        pile.verdicts |= {each.message_id: each for each in await READERS[topic](work, vault, messages_of)}
    work.publish(*pile.asked)
    await _mark_mapped(work, pile)
    for store_id, told in sorted(pile.orders.items()):
        taken = await orders.take(work, store_id, [order for _, order in told])
        old = [order for (_, order), one in zip(told, taken, strict=True) if one.outcome in NO_NEWS]
        await _arrived(work, store_id, old)
        for (message_id, _), one in zip(told, taken, strict=True):
            if one.reread:
                pile.rereads[store_id, one.external_id] = message_id
                pile.verdicts[message_id] = Verdict(message_id, Outcome.REREAD)
    for (store_id, external_id), message_id in pile.rereads.items():
        work.enqueue(
            "stores.reread_order", {"store_id": store_id, "external_id": external_id, "message_id": message_id}
        )
    await _seen(work, list(stores))
    await inbox.settle(work, list(pile.verdicts.values()))


async def _mark_mapped(work: Work, pile: _Pile) -> None:
    """Of a store whose locations are mapped only what it asks of them is ours, so its orders are not taken as they are
    told: they are read with their parts."""
    changed = {*pile.orders, *(store_id for store_id, _ in pile.rereads), *pile.parts}
    for store_id in sorted(changed):
        if not await queries.is_mapped(work, store_id):
            continue
        told = pile.orders.pop(store_id, [])
        thin = [name for mine, name in pile.rereads if mine == store_id]
        for name in thin:
            del pile.rereads[store_id, name]
        await mark(work, store_id, [*thin, *(order.external_id for _, order in told)])
        await mark_parts(work, store_id, pile.parts.get(store_id, set()))
        for message_id, _ in told:
            pile.verdicts[message_id] = Verdict(message_id, Outcome.REREAD)


async def take_reread(
    work: Work,
    vault: Vault,
    store: queries.StoreRow,
    external_id: str,
    message_id: UUID | None,
    found: port.Found | port.Missing | port.Refused,
    keep_days: int,
) -> None:
    """Take an order as the store itself has it now: that settles what deliveries of one time left open.

    An order the store no longer has is cancelled. Of one that can't be read the content of the delivery that told of it
    (`message_id`; None: nothing did) counts.
    """
    settings = queries.adapter_settings(store)
    try:
        match found:
            case port.Found(payload):
                order = adapter_for(store.platform).normalise(payload, settings)
            case port.Missing():
                await gone(work, store.id, external_id)
                return
            case port.Refused(_, reason):
                order = await _as_delivered(work, vault, store, message_id, reason)
    except Unreadable as problem:
        order = unreadable_order(external_id, str(problem))
        if message_id is not None:
            await inbox.settle(work, [Verdict(message_id, Outcome.UNREADABLE, str(problem))])
        if isinstance(found, port.Found):
            await keep_answers(work, vault, store.id, {external_id: (found.payload, str(problem))}, keep_days)
    await orders.take(work, store.id, [order], fresh=True)


async def keep_answers(
    work: Work,
    vault: Vault,
    store_id: UUID,
    answers: Mapping[str, tuple[Mapping[str, object], str]],
    keep_days: int,
) -> None:
    """Keep what a store answered and we could not read, by the order it is about, each with the reason; it is listed
    with the store's messages. Reading one again reads the order anew."""
    raws = []
    for external_id, (payload, _) in sorted(answers.items()):
        body = json.dumps(payload).encode()
        raws.append(
            inbox.Raw(
                source=queries.source_of(store_id),
                topic=ANSWER_TOPIC,
                dedupe_key=f"{ANSWER_TOPIC}|{external_id}|{hashlib.sha256(body).hexdigest()}",
                headers={ANSWER: external_id},
                body=body,
                about=external_id,
            )
        )
    kept = await inbox.store(work, vault, raws, keep_days)
    reasons = [answers[raw.about or ""][1] for raw in raws]
    verdicts = [Verdict(found[0], Outcome.UNREADABLE, why) for found, why in zip(kept, reasons, strict=True)]
    await inbox.settle(work, verdicts)


async def retry(work: Work, store_id: UUID, message_id: UUID) -> None:
    """Read a message again that could not be read, or that nobody wanted. One that waits to be read stays as it is.
    Raises NotFound, Conflict (`content_expired`, `already_read`)."""
    row, kept = await queries.get_message(work, store_id, message_id)
    if row.handled_at is None:
        return
    if row.outcome not in (Outcome.UNREADABLE, Outcome.IGNORED):
        raise Conflict("It was read, and what it says was done.", code="already_read", more={"state": row.outcome})
    if not kept:
        raise Conflict("Its content is no longer kept.", code="content_expired")
    await inbox.reopen(work, message_id)
    work.enqueue("stores.read_delivery", {"store_id": store_id, "message_id": message_id})


def unreadable_order(external_id: str, reason: str) -> IncomingOrder:
    """An order of which only the id could be read: kept for a person, and older than any reading of it."""
    return IncomingOrder(
        external_id=external_id,
        number=external_id.rpartition("/")[2],
        currency="XXX",
        placed_at=UNKNOWN_TIME,
        updated_at=UNKNOWN_TIME,
        problems=(f"unreadable: {reason}",),
    )


def _read(vault: Vault, store: queries.SealedRow, message: inbox.RawRow, pile: _Pile) -> Verdict:
    if message.payload is None:
        return Verdict(message.id, Outcome.UNREADABLE, "It expired before it was read.")
    adapter = adapter_for(store.store.platform)
    headers, body = inbox.open_payload(vault, message.payload)
    store_id = store.store.id
    if ANSWER in headers:
        pile.rereads[store_id, headers[ANSWER]] = message.id
        return Verdict(message.id, Outcome.REREAD)
    delivery = adapter.read_delivery(headers, body)
    external_id = delivery.external_id
    match delivery.kind:
        case Kind.ORDER if delivery.payload is not None:
            try:
                order = adapter.normalise(delivery.payload, queries.adapter_settings(store.store))
            except Unreadable as problem:
                return _unreadable(pile, store_id, external_id, message.id, str(problem))
            pile.orders.setdefault(store_id, []).append((message.id, order))
            return Verdict(message.id, Outcome.TAKEN)
        case Kind.CHANGED | Kind.DELETED if external_id is not None:
            pile.rereads[store_id, external_id] = message.id
            return Verdict(message.id, Outcome.REREAD)
        case Kind.ASSIGNED:
            pile.parts.setdefault(store_id, set()).update(delivery.parts)
            return Verdict(message.id, Outcome.REREAD)
        case Kind.UNINSTALLED | Kind.PRIVACY if store.install is not None and not names_shop(
            delivery, store.store.shop_domain
        ):
            return Verdict(message.id, Outcome.UNREADABLE, "It is about another shop than it says.")
        case Kind.UNINSTALLED:
            pile.cut.append((store_id, message.id, delivery.event_at))
            return Verdict(message.id, Outcome.DISCONNECTED)
        case Kind.PRIVACY if (ask := adapter.read_privacy(delivery)) is not None:
            pile.asked.append(StorePrivacyAsked(store_id=store_id, message_id=message.id, kind=ask.kind))
            return Verdict(message.id, Outcome.PRIVACY, "It is carried out as a privacy request.")
        case Kind.OTHER if delivery.topic in READERS:
            pile.told.setdefault(delivery.topic, []).append(Told(message.id, store.store, delivery))
            return Verdict(message.id, Outcome.IGNORED)
        case Kind.OTHER | Kind.PING:
            return Verdict(message.id, Outcome.IGNORED)
        case _:
            return _unreadable(pile, store_id, external_id, message.id, "It is not in the store's format.")


def _unreadable(pile: _Pile, store_id: UUID, external_id: str | None, message_id: UUID, reason: str) -> Verdict:
    if external_id is not None:
        pile.orders.setdefault(store_id, []).append((message_id, unreadable_order(external_id, reason)))
    return Verdict(message_id, Outcome.UNREADABLE, reason)


async def gone(work: Work, store_id: UUID, external_id: str) -> None:
    """Pass on that the store has an order no longer. What a warehouse has in hand is asked back; what was sent can't be
    called back."""
    order_id = await queries.order_of(work, store_id, external_id)
    if order_id is not None:
        with suppress(Conflict):
            await cancel(work, order_id, by=AskedBy.STORE, note="The store deleted this order.")


async def _as_delivered(
    work: Work, vault: Vault, store: queries.StoreRow, message_id: UUID | None, reason: str
) -> IncomingOrder:
    """The order as its delivery told it, for a store that can't be read. Raises Unreadable when it told too little."""
    payload = None if message_id is None else await queries.payload_of(work, message_id)
    if payload is None:
        raise Unreadable(reason)
    adapter = adapter_for(store.platform)
    delivery = adapter.read_delivery(*inbox.open_payload(vault, payload))
    if delivery.payload is None:
        raise Unreadable(reason)
    return adapter.normalise(delivery.payload, queries.adapter_settings(store))


async def _arrived(work: Work, store_id: UUID, told: Sequence[IncomingOrder]) -> None:
    if told:
        given = {"account": work.account_id, "store": store_id, "now": work.now}
        given |= {"external_ids": [order.external_id for order in told], "times": [order.updated_at for order in told]}
        await work.db.execute(ARRIVED, given)


async def _seen(work: Work, store_ids: Sequence[UUID]) -> None:
    await work.db.execute(
        SEEN,
        {"account": work.account_id, "now": work.now, "before": work.now - SEEN_EVERY, "ids": sorted(store_ids)},
    )


def _store_id(message: inbox.RawRow) -> UUID:
    return UUID(message.source.removeprefix("store:"))
