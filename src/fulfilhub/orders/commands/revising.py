"""What a new telling of an order makes of the one we have: pure, so that any order of arrival can be tried.

A telling is compared part by part with the one before; only what the teller really changed is taken over, so a
merchant's corrections survive a store that repeats itself. What a warehouse was given is never changed here: units that
are no longer wanted shrink the line when they lose their warehouse (`reduce_to`), another address or service is kept as
`wanted`, and `fulfilment` takes it over where nobody has the work in hand, or asks who has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

import msgspec

from fulfilhub.catalogue.queries import Resolved
from fulfilhub.orders.incoming import Address, IncomingLine, IncomingOrder, StoreState
from fulfilhub.orders.queries import LineRow, LockedWhole
from fulfilhub.orders.rules import LineCounts, OrderFlags, OrderStatus, Review, check, order_status
from fulfilhub.platform import ids

PARTS: dict[str, tuple[str, ...]] = {
    "ship_to": ("ship_to",),
    "lines": ("lines",),
    "service": ("service", "shipping_method"),
    "contact": ("email", "locale"),
    "note": ("note",),
    "gift": ("gift_message",),
    "metadata": ("tags", "metadata"),
    "details": ("number", "currency", "total_minor"),
    "state": ("state",),
    "problems": ("problems",),
}
ADDED = frozenset({"gift"})
"""Parts that orders had no fingerprint of at first."""
BINDING = frozenset({"ship_to", "service"})
"""Parts that a warehouse's work repeats: while one has units of the order, they change only together with its work."""

REMOVED = 1_000_000
"""Lines at this position and after are no longer told of; they stay because counters and parcels may point at them."""

LARGEST = 2**31 - 1
SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True)
class Revision:
    """What the order becomes: `order` and `lines` as they shall be stored; `parts` changed, `late` could not be yet.
    `wanted` are the values of late parts, as `orders.wanted` keeps them."""

    order: IncomingOrder
    lines: list[LineRow]
    status: OrderStatus
    reasons: list[dict[str, str]]
    cancelled_by: str | None
    parts: tuple[str, ...]
    late: tuple[str, ...]
    cancel_requested: bool
    wanted: dict[str, Any]


def fingerprints(order: IncomingOrder) -> dict[str, str]:
    """One short digest per part; those `ADDED` later have none while they are empty, so that orders taken before are
    told as they were."""
    return {
        part: hashlib.blake2b(
            msgspec.json.encode([getattr(order, name) for name in names], order="deterministic"), digest_size=9
        ).hexdigest()
        for part, names in PARTS.items()
        if part not in ADDED or any(getattr(order, name) for name in names)
    }


def unique_lines(lines: Iterable[IncomingLine]) -> list[IncomingLine]:
    """The lines with an external id each of its own: a repeated one (which `rules.check` reports) gets a number."""
    seen: dict[str, int] = {}
    made = []
    for line in lines:
        times = seen[line.external_id] = seen.get(line.external_id, 0) + 1
        made.append(line if times == 1 else replace(line, external_id=f"{line.external_id}{SEPARATOR}{times}"))
    return made


def as_told(known: LockedWhole) -> IncomingOrder:
    """The stored order in the shape in which orders are told."""
    row = known.order
    return IncomingOrder(
        external_id=row.external_id,
        number=row.number,
        currency=row.currency,
        placed_at=row.placed_at,
        updated_at=row.store_updated_at,
        state=StoreState(row.store_state),
        lines=tuple(_as_told(line) for line in known.lines if line.position < REMOVED),
        ship_to=Address(**row.ship_to) if row.ship_to is not None else None,
        email=row.email,
        locale=row.locale,
        total_minor=row.total_minor,
        service=row.service,
        shipping_method=row.shipping_method,
        note=row.note,
        gift_message=row.gift_message,
        tags=tuple(row.tags),
        metadata=row.metadata,
        problems=tuple(row.store_problems),
    )


def _as_told(line: LineRow) -> IncomingLine:
    wanted = line.ordered if line.reduce_to is None else line.reduce_to
    return IncomingLine(
        external_id=line.external_id.partition(SEPARATOR)[0],
        sku=line.sku,
        title=line.title,
        quantity=wanted + line.elsewhere,
        variant_id=line.variant_id,
        unit_price_minor=line.unit_price_minor,
        requires_shipping=line.requires_shipping,
        fulfilled=line.elsewhere,
    )


def first_lines(order_id: UUID, order: IncomingOrder, resolved: Resolved) -> list[LineRow]:
    """The lines of an order that is new to us."""
    return [
        _new_line(order_id, place, line, order.state, resolved) for place, line in enumerate(unique_lines(order.lines))
    ]


def reasons_of(order: IncomingOrder, resolved: Resolved, kept: Sequence[LineRow] = ()) -> list[dict[str, str]]:
    """Why the order needs review, as stored. `kept` lines have their product already, archived meanwhile or not."""
    skus = {line.sku for line in kept if line.product_id}
    variants = {line.variant_id for line in kept if line.product_id and line.variant_id}
    found = check(order, resolved.by_sku.keys() | skus, resolved.by_variant.keys() | variants)
    return [{"code": str(each.code), "pointer": each.pointer, "sentence": each.sentence} for each in found]


def counts(lines: Iterable[LineRow]) -> list[LineCounts]:
    """The counters of what must be shipped."""
    names = LineCounts.__dataclass_fields__
    return [LineCounts(**{name: getattr(line, name) for name in names}) for line in lines if line.requires_shipping]


def revise(
    known: LockedWhole, told: IncomingOrder, changed: Collection[str], resolved: Resolved, *, at_once: bool = False
) -> Revision:
    """Take the `changed` parts of `told` over into the order, as far as no warehouse was given it; `at_once` says that
    none stands in the way of what binds them."""
    row, before = known.order, as_told(known)
    picked = any(line.picked for line in known.lines)
    open_units = any(line.shipped < line.ordered - line.cancelled for line in known.lines)
    wanted = {part for part in changed if any(getattr(told, n) != getattr(before, n) for n in PARTS[part])}
    late = set() if at_once else _late(known, told, wanted, picked=picked)
    taken = wanted - late
    values = _wanted(row.wanted, told, changed, late) if open_units else {}
    late |= set(row.pending_parts) - set(changed) - {"lines"}
    order = replace(before, **{name: getattr(told, name) for part in taken for name in PARTS[part]})
    if "details" in taken:
        order = replace(order, placed_at=told.placed_at)
    # What the store cancelled it may open again (a late payment does that); what the merchant cancelled stays so.
    by_store = row.cancelled_by == "store"
    old = [line._replace(cancelled=0) for line in known.lines] if by_store and not picked else list(known.lines)
    lines, stuck = _lines(row.id, old, order, resolved)
    if stuck:
        late.add("lines")
    cancelled_by = None if by_store else row.cancelled_by
    allocated = any(line.allocated for line in lines)
    if order.state is StoreState.CANCELLED and not allocated:
        cancelled_by = cancelled_by or "store"
    if cancelled_by is not None and not allocated:
        lines = [line._replace(cancelled=line.ordered, reduce_to=None) for line in lines]
    reasons = row.review_reasons if picked else _reasons(known, order, resolved, lines, taken)
    flags = OrderFlags(
        needs_review=bool(reasons),
        unpaid=order.state is StoreState.UNPAID,
        on_hold=known.held,
        backordered=row.backordered,
        cancelled=cancelled_by is not None,
    )
    status = order_status(counts(lines), flags)
    return Revision(
        order=order,
        lines=lines,
        status=status,
        reasons=reasons,
        cancelled_by=cancelled_by if status is OrderStatus.CANCELLED else None,
        parts=tuple(sorted(taken)),
        late=tuple(sorted(late)) if open_units else (),
        cancel_requested=allocated and "state" in taken and order.state is StoreState.CANCELLED,
        wanted=values,
    )


def _late(known: LockedWhole, told: IncomingOrder, wanted: Collection[str], *, picked: bool) -> set[str]:
    """The parts that bind a warehouse which has units. An order that lost its address waits for a person, as long as
    nothing was picked."""
    if not any(line.allocated > line.shipped for line in known.lines):
        return set()
    return {part for part in wanted if part in BINDING and (picked or part != "ship_to" or told.ship_to is not None)}


def _wanted(
    before: dict[str, Any], told: IncomingOrder, changed: Collection[str], late: Collection[str]
) -> dict[str, Any]:
    """What is wanted of a late order: the newest telling of a part counts; one that is as the order is ends it."""
    settled = {name for part in BINDING & set(changed) for name in PARTS[part]}
    values = {name: value for name, value in before.items() if name not in settled}
    for name in (name for part in late for name in PARTS[part]):
        value = getattr(told, name)
        if value is not None:
            values[name] = asdict(value) if isinstance(value, Address) else value
    return values


def with_wanted(known: LockedWhole) -> tuple[IncomingOrder, list[str]]:
    """The order as it is wanted to be, and the parts in which that differs from how it is kept."""
    wanted = dict(known.order.wanted)
    if "ship_to" in wanted:
        wanted["ship_to"] = Address(**wanted["ship_to"])
    return replace(as_told(known), **wanted), sorted(part for part in BINDING if wanted.keys() & set(PARTS[part]))


def _reasons(
    known: LockedWhole, order: IncomingOrder, resolved: Resolved, lines: Sequence[LineRow], taken: Collection[str]
) -> list[dict[str, str]]:
    found = reasons_of(order, resolved, lines)
    if "lines" in taken:
        return found
    # A quantity below zero can't be stored, so its reason stands until somebody touches the lines.
    kept = [each for each in known.order.review_reasons if each["code"] == Review.BAD_QUANTITY and each not in found]
    return found + kept


def _lines(
    order_id: UUID, known: Sequence[LineRow], order: IncomingOrder, resolved: Resolved
) -> tuple[list[LineRow], bool]:
    """The lines as they shall be, and whether one of them could not follow."""
    left = {line.external_id: line for line in known}
    made, stuck = [], False
    for place, told in enumerate(unique_lines(order.lines)):
        old = left.pop(told.external_id, None)
        if old is None:
            made.append(_new_line(order_id, place, told, order.state, resolved))
            continue
        same = (old.sku, old.variant_id) == (told.sku, told.variant_id)
        product_id = old.product_id if same and old.product_id else _product(told, resolved)
        if old.allocated and (product_id != old.product_id or told.requires_shipping != old.requires_shipping):
            stuck = True
            made.append(old._replace(position=place))
            continue
        elsewhere = _elsewhere(told, order.state, old)
        made.append(
            _resize(old, _bounded(told.quantity) - elsewhere)._replace(
                position=place,
                sku=told.sku,
                variant_id=told.variant_id,
                title=told.title,
                product_id=product_id,
                unit_price_minor=told.unit_price_minor,
                requires_shipping=told.requires_shipping,
                elsewhere=elsewhere,
            )
        )
    made += [_resize(line, 0)._replace(position=max(line.position, REMOVED)) for line in left.values()]
    return made, stuck


def _new_line(order_id: UUID, place: int, told: IncomingLine, state: StoreState, resolved: Resolved) -> LineRow:
    elsewhere = _elsewhere(told, state, None)
    return LineRow(
        order_id=order_id,
        id=ids.new(),
        position=place,
        external_id=told.external_id,
        sku=told.sku,
        variant_id=told.variant_id,
        title=told.title,
        product_id=_product(told, resolved),
        unit_price_minor=told.unit_price_minor,
        requires_shipping=told.requires_shipping,
        elsewhere=elsewhere,
        reduce_to=None,
        ordered=_bounded(told.quantity) - elsewhere,
        allocated=0,
        picked=0,
        shipped=0,
        delivered=0,
        cancelled=0,
        return_requested=0,
        returned=0,
    )


def _product(told: IncomingLine, resolved: Resolved) -> UUID | None:
    found = resolved.find(told.variant_id, told.sku)
    return found.id if found else None


def _bounded(quantity: int) -> int:
    return min(max(quantity, 0), LARGEST)


def _elsewhere(told: IncomingLine, state: StoreState, old: LineRow | None) -> int:
    """Units that somebody else sent. The store counts what we sent too, once it was told; what it has not heard of yet
    must not look like fewer units sent elsewhere."""
    quantity = _bounded(told.quantity)
    sent = quantity if state is StoreState.COMPLETED else min(max(told.fulfilled, 0), quantity)
    if old is None or old.shipped == 0:
        return sent
    return min(max(old.elsewhere, sent - old.shipped), quantity)


def _resize(line: LineRow, wanted: int) -> LineRow:
    """The line with `wanted` units, at once as far as units have no warehouse, and later for the rest."""
    wanted = max(wanted, line.cancelled + line.shipped)
    ordered = max(wanted, line.allocated + line.cancelled)
    return line._replace(ordered=ordered, reduce_to=wanted if wanted < ordered else None)
