"""Takes orders in, one or a thousand in the same few statements: new ones, repeats, changes, and late messages."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from fulfilhub.catalogue.queries import Resolved, resolve
from fulfilhub.orders import queries
from fulfilhub.orders.commands import keeping
from fulfilhub.orders.commands.revising import (
    PARTS,
    Revision,
    counts,
    fingerprints,
    first_lines,
    reasons_of,
    revise,
    with_wanted,
)
from fulfilhub.orders.events import (
    OrderCancelled,
    OrderCancelRequested,
    OrderReceived,
    OrderReviewNeeded,
    OrderUpdated,
)
from fulfilhub.orders.incoming import IncomingLine, IncomingOrder, StoreState
from fulfilhub.orders.queries import LineRow, LockedWhole, OrderRow, Whole, normal_email, normal_number
from fulfilhub.orders.rules import OrderFlags, OrderStatus, order_status
from fulfilhub.platform import ids
from fulfilhub.platform.events import Fact
from fulfilhub.platform.work import Work

NO_STORE = UUID(int=0)
"""Stands for the merchant's own API where an order came from no store."""

WAITING = frozenset(
    {OrderStatus.NEEDS_REVIEW, OrderStatus.AWAITING_PAYMENT, OrderStatus.CANCELLED, OrderStatus.NOT_REQUIRED}
)
"""Statuses in which nothing is routed; who leaves them is received anew."""


class Outcome(StrEnum):
    """What became of one telling. `reread`: it contradicts another of the same time, so the store must be asked.
    `differs`: the order is there with other content, and the caller only makes new ones."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    STALE = "stale"
    REREAD = "reread"
    DIFFERS = "differs"


@dataclass(frozen=True, slots=True)
class Taken:
    """The verdict on one incoming order. `whole` is the new order as stored, for `created` only."""

    external_id: str
    order_id: UUID
    outcome: Outcome
    status: OrderStatus
    whole: Whole | None = None

    @property
    def reread(self) -> bool:
        """Whether the store must be asked what the order really is."""
        return self.outcome is Outcome.REREAD


async def take(
    work: Work,
    store_id: UUID,
    incoming: Sequence[IncomingOrder],
    *,
    fresh: bool = False,
    only_new: bool = False,
    raws: Sequence[keeping.Sealed] = (),
) -> list[Taken]:
    """Take what a store (or the API: `NO_STORE`) tells of orders; a verdict for each, in order.

    Two statements for orders that are new, up to four more for those that are known, however many there are. A
    telling older than what we have changes nothing. `fresh`: it was just read from the store itself, so of two of
    the same time it counts. `only_new`: known orders are not changed. `raws` are kept in the same statement.
    """
    first: dict[str, IncomingOrder] = {}
    for each in incoming:
        known = first.get(each.external_id)
        if known is None or (each.updated_at > known.updated_at and not only_new):
            first[each.external_id] = each
    resolved = await _resolve(work, store_id, (line for each in first.values() for line in each.lines))
    fresh_ones = [_make(work, store_id, first[key], resolved) for key in sorted(first)]
    rows = [order for order, _ in fresh_ones]
    all_lines = [line for _, lines in fresh_ones for line in lines]
    made = await keeping.insert(work, [_stored(row) for row in rows], all_lines, raws)
    verdicts: dict[str, Taken] = {}
    for row, lines in fresh_ones:
        if row.id in made:
            _tell_new(work, row)
            verdicts[row.external_id] = Taken(row.external_id, row.id, Outcome.CREATED, row.status, Whole(row, lines))
    known_ones = {key: each for key, each in first.items() if key not in verdicts}
    if known_ones:
        verdicts |= await _retake(work, store_id, known_ones, resolved, fresh=fresh, only_new=only_new)
    return _verdicts(incoming, first, verdicts, only_new)


async def take_each(
    work: Work, told: Sequence[tuple[UUID, IncomingOrder]], raws: Sequence[keeping.Sealed]
) -> list[Taken]:
    """Take new orders of several stores, given as (store id or `NO_STORE`, order), as `take` with `only_new`."""
    by_store: dict[UUID, list[int]] = {}
    for place, (store_id, _) in enumerate(told):
        by_store.setdefault(store_id, []).append(place)
    found: dict[int, Taken] = {}
    for store_id, places in sorted(by_store.items()):
        verdicts = await take(work, store_id, [told[place][1] for place in places], only_new=True, raws=raws)
        raws = ()
        found |= dict(zip(places, verdicts, strict=True))
    return [found[place] for place in range(len(told))]


def _verdicts(
    incoming: Sequence[IncomingOrder], first: Mapping[str, IncomingOrder], verdicts: Mapping[str, Taken], only_new: bool
) -> list[Taken]:
    """A verdict for each telling; of several of one order in the same call, one counted."""
    made = []
    for each in incoming:
        winner, verdict = first[each.external_id], verdicts[each.external_id]
        if each is winner:
            made.append(verdict)
            continue
        same = fingerprints(each) == fingerprints(winner)
        if only_new:
            outcome = Outcome.UNCHANGED if same else Outcome.DIFFERS
        elif each.updated_at < winner.updated_at:
            outcome = Outcome.STALE
        else:
            outcome = Outcome.UNCHANGED if same else Outcome.REREAD
        made.append(Taken(each.external_id, verdict.order_id, outcome, verdict.status))
    return made


async def _resolve(work: Work, store_id: UUID, lines: Iterable[IncomingLine | LineRow]) -> Resolved:
    variants: set[str] = set()
    skus: set[str] = set()
    for line in lines:
        if line.variant_id:
            variants.add(line.variant_id)
        if line.sku:
            skus.add(line.sku)
    if not variants and not skus:
        return Resolved()
    return await resolve(work, None if store_id == NO_STORE else store_id, variants, skus)


def _make(work: Work, store_id: UUID, told: IncomingOrder, resolved: Resolved) -> tuple[OrderRow, list[LineRow]]:
    order_id = ids.new()
    lines = first_lines(order_id, told, resolved)
    cancelled = told.state is StoreState.CANCELLED
    if cancelled:
        lines = [line._replace(cancelled=line.ordered) for line in lines]
    reasons = reasons_of(told, resolved)
    flags = OrderFlags(needs_review=bool(reasons), unpaid=told.state is StoreState.UNPAID, cancelled=cancelled)
    status = order_status(counts(lines), flags)
    row = OrderRow(
        id=order_id,
        store_id=store_id,
        external_id=told.external_id,
        **_told_values(told),
        store_updated_at=told.updated_at,
        store_seen=fingerprints(told),
        status=status,
        review_reasons=reasons,
        pending_parts=[],
        wanted={},
        backordered=False,
        cancelled_by="store" if status is OrderStatus.CANCELLED else None,
        ship_by=None,
        deliver_by=None,
        promised_at=None,
        version=1,
        created_at=work.now,
        updated_at=work.now,
    )
    return row, lines


def _told_values(told: IncomingOrder) -> dict[str, Any]:
    return {
        "number": told.number,
        "currency": told.currency,
        "total_minor": told.total_minor,
        "service": told.service,
        "shipping_method": told.shipping_method,
        "email": told.email,
        "locale": told.locale,
        "ship_to": asdict(told.ship_to) if told.ship_to is not None else None,
        "note": told.note,
        "gift_message": told.gift_message,
        "tags": list(told.tags),
        "metadata": told.metadata,
        "store_state": str(told.state),
        "store_problems": list(told.problems),
        "placed_at": told.placed_at,
    }


def _stored(row: OrderRow) -> dict[str, object]:
    """A row as `keeping` takes it."""
    return row._asdict() | {"number_normal": normal_number(row.number), "email_normal": normal_email(row.email)}


async def _retake(
    work: Work,
    store_id: UUID,
    told: Mapping[str, IncomingOrder],
    resolved: Resolved,
    *,
    fresh: bool,
    only_new: bool,
) -> dict[str, Taken]:
    """Take tellings of orders that we have already."""
    verdicts: dict[str, Taken] = {}
    changes: list[tuple[LockedWhole, IncomingOrder, dict[str, str]]] = []
    for key, known in (await queries.lock_told(work, store_id, list(told))).items():
        prints = fingerprints(told[key])
        outcome = _outcome(known.order, told[key], prints, fresh=fresh, only_new=only_new)
        verdicts[key] = Taken(key, known.order.id, outcome, known.order.status)
        newer = told[key].updated_at > known.order.store_updated_at
        if outcome is Outcome.UPDATED or (outcome is Outcome.UNCHANGED and newer and not only_new):
            changes.append((known, told[key], prints))
    # Lines that stay as they are may have been unknown before and known now.
    more = await _resolve_unknown(work, store_id, [known for known, _, _ in changes], resolved)
    revised = []
    for known, order, prints in changes:
        before = known.order.store_seen
        changed = {part for part in prints.keys() | before.keys() if before.get(part) != prints.get(part)}
        if known.order.store_state == StoreState.COMPLETED and "state" in changed:
            changed.add("lines")  # what counted as sent elsewhere then must be looked at anew
        revision = revise(known, order, changed, more)
        # A part that came too late and is not kept counts as not heard yet, so the next telling tries it again.
        lost = {part for part in revision.late if part in prints and not revision.wanted.keys() & set(PARTS[part])}
        seen = prints | {part: before.get(part, "") for part in lost}
        revised.append((known, revision, {"store_seen": seen, "store_updated_at": order.updated_at}))
        verdict = verdicts[order.external_id]
        verdicts[order.external_id] = Taken(verdict.external_id, verdict.order_id, verdict.outcome, revision.status)
    await apply(work, revised)
    return verdicts


def _outcome(known: OrderRow, told: IncomingOrder, prints: dict[str, str], *, fresh: bool, only_new: bool) -> Outcome:
    same = known.store_seen == prints
    if only_new:
        return Outcome.UNCHANGED if same else Outcome.DIFFERS
    if told.updated_at < known.store_updated_at:
        return Outcome.STALE
    if same:
        return Outcome.UNCHANGED
    if told.updated_at == known.store_updated_at and not fresh:
        return Outcome.REREAD
    return Outcome.UPDATED


async def _resolve_unknown(work: Work, store_id: UUID, known: Sequence[LockedWhole], resolved: Resolved) -> Resolved:
    stored = (line for each in known for line in each.lines)
    lines = [line for line in stored if line.product_id is None and line.sku not in resolved.by_sku]
    if not lines:
        return resolved
    more = await _resolve(work, store_id, lines)
    return Resolved({**more.by_variant, **resolved.by_variant}, {**more.by_sku, **resolved.by_sku})


async def revise_stored(
    work: Work,
    revisions: Sequence[tuple[LockedWhole, IncomingOrder, Collection[str]]],
    *,
    at_once: bool = False,
) -> list[Revision]:
    """Take a merchant's own changes of known orders over; what the store told last is kept as it was. `at_once`: no
    warehouse stands in the way."""
    made: list[tuple[LockedWhole, Revision, Mapping[str, object]]] = []
    for known, told, changed in revisions:
        resolved = await _resolve(work, known.order.store_id, told.lines)
        made.append((known, revise(known, told, changed, resolved, at_once=at_once), {}))
    await apply(work, made)
    return [revision for _, revision, _ in made]


async def take_wanted(work: Work, order_ids: Collection[UUID]) -> None:
    """Give these orders (locked) the address and service that are wanted of them: no warehouse stands in the way any
    more, or the one that does has agreed."""
    found = await queries.lock_wholes(work, order_ids)
    await revise_stored(work, [(known, *with_wanted(known)) for known in found if known.order.wanted], at_once=True)


async def apply(work: Work, revised: Sequence[tuple[LockedWhole, Revision, Mapping[str, object]]]) -> None:
    """Write revisions in one statement and tell of them; the mapping names further columns to set."""
    orders: list[dict[str, object]] = []
    lines: list[LineRow] = []
    for known, revision, more in revised:
        row = known.order
        changes = {**_told_values(revision.order), "status": revision.status, "review_reasons": revision.reasons}
        changes |= {"pending_parts": list(revision.late), "cancelled_by": revision.cancelled_by}
        changes["wanted"] = revision.wanted
        changed = any(getattr(row, name) != value for name, value in changes.items()) or revision.lines != known.lines
        after = OrderRow(**row._asdict() | changes | dict(more))
        orders.append(_stored(after) | {"step": int(changed)})
        if revision.lines != known.lines:
            lines += revision.lines
        if changed:
            work.publish(*_facts(row, revision))
    await keeping.update(work, orders, lines)


def _tell_new(work: Work, row: OrderRow) -> None:
    if row.status is OrderStatus.RECEIVED:
        work.publish(OrderReceived(order_id=row.id, store_id=row.store_id))
    elif row.status is OrderStatus.NEEDS_REVIEW:
        work.publish(OrderReviewNeeded(order_id=row.id, reasons=_codes(row.review_reasons)))
    elif row.status is OrderStatus.CANCELLED:
        work.publish(OrderCancelled(order_id=row.id))


def _facts(before: OrderRow, revision: Revision) -> list[Fact]:
    """What a revision tells, by comparing it with the order before."""
    told: list[Fact] = []
    late = set(revision.late) - set(before.pending_parts) or (revision.wanted and revision.wanted != before.wanted)
    if revision.parts or late:
        told.append(OrderUpdated(order_id=before.id, parts=revision.parts, late=revision.late))
    if revision.cancel_requested:
        told.append(OrderCancelRequested(order_id=before.id, store_state=str(revision.order.state)))
    status = revision.status
    if status is OrderStatus.NEEDS_REVIEW and _codes(revision.reasons) != _codes(before.review_reasons):
        told.append(OrderReviewNeeded(order_id=before.id, reasons=_codes(revision.reasons)))
    elif status is OrderStatus.CANCELLED and before.status is not OrderStatus.CANCELLED:
        told.append(OrderCancelled(order_id=before.id))
    elif before.status in WAITING and status not in WAITING and status is not OrderStatus.ON_HOLD:
        told.append(OrderReceived(order_id=before.id, store_id=before.store_id))
    return told


def _codes(reasons: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    return tuple(reason["code"] for reason in reasons)
