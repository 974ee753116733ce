"""A store's stock: what each variant should show, computed for many at once, and what it was told."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import text

from fulfilhub.inventory.queries import sellable, sellable_at, warehouses_for
from fulfilhub.inventory.rules import WarehouseState
from fulfilhub.orders.queries.demand import waiting_units
from fulfilhub.platform.work import Work
from fulfilhub.stores import queries
from fulfilhub.stores.adapters.errands import Outcome, wants_rest
from fulfilhub.stores.adapters.goods import LevelTold
from fulfilhub.stores.adapters.news import StockNews, StockOutcome, StockTold
from fulfilhub.stores.adapters.port import InDoubt, Refused, Retry, Stocked
from fulfilhub.stores.queries.locations import warehouses_at
from fulfilhub.stores.rules.outgoing import (
    CLOCKS_APART,
    STALE_WAIT,
    DriftPolicy,
    StockState,
    again_after,
    judge_stock,
    share_out,
    to_show,
)

# The ledger is looked at from some time before the last look, since a movement is written before it is committed.
TOUCHED = """
WITH moved AS (
    SELECT product_id FROM stock_movements WHERE merchant_id = $1 AND id > $2
    UNION SELECT product_id FROM order_lines
    WHERE merchant_id = $1 AND order_id = ANY ($3::uuid[]) AND product_id IS NOT NULL
    UNION SELECT unnest($4::uuid[])
), parts AS (
    SELECT product_id FROM moved
    UNION SELECT c.product_id FROM product_components AS c JOIN moved AS m ON m.product_id = c.kit_id
    WHERE c.merchant_id = $1
)
SELECT product_id FROM parts
UNION SELECT c.kit_id FROM product_components AS c JOIN parts AS p ON p.product_id = c.product_id
WHERE c.merchant_id = $1
"""
# A variant that no listing names is known by the last order that was resolved to a product.
LEARN = """
INSERT INTO store_stock AS k (merchant_id, id, store_id, variant_id, product_id, learned, wanted, reference, state,
                              due_at, updated_at)
SELECT $1, uuidv7(), $2, v.variant_id, v.product_id, true, 0, uuidv7(), 'pending', $4, $4
FROM (SELECT DISTINCT ON (l.variant_id) l.variant_id, l.product_id
      FROM orders AS o JOIN order_lines AS l ON l.merchant_id = o.merchant_id AND l.order_id = o.id
      WHERE o.merchant_id = $1 AND o.store_id = $2 AND ($3::uuid[] IS NULL OR o.id = ANY ($3))
        AND l.variant_id IS NOT NULL AND l.product_id IS NOT NULL AND l.requires_shipping
        AND NOT EXISTS (SELECT FROM listings AS x
                        WHERE x.merchant_id = $1 AND x.store_id = $2 AND x.external_id = l.variant_id)
        AND NOT EXISTS (SELECT FROM store_stock AS x
                        WHERE x.merchant_id = $1 AND x.store_id = $2 AND x.variant_id = l.variant_id AND x.learned
                          AND x.location <> '' AND x.product_id = l.product_id)
      ORDER BY l.variant_id, o.id DESC) AS v
ORDER BY v.variant_id
ON CONFLICT (merchant_id, store_id, variant_id, location) DO UPDATE SET product_id = excluded.product_id
WHERE k.learned AND k.product_id <> excluded.product_id
"""
DROP_UNLISTED = """
DELETE FROM store_stock AS k
WHERE k.merchant_id = $1 AND k.store_id = $2 AND NOT k.learned AND ($3::uuid[] IS NULL OR k.product_id = ANY ($3))
  AND NOT EXISTS (SELECT FROM listings AS l
                  WHERE l.merchant_id = $1 AND l.store_id = $2 AND l.external_id = k.variant_id)
"""
# What is told already stays told; what the shop does not count is not tried again before all is told anew ($8).
WANT = """
INSERT INTO store_stock AS k (merchant_id, id, store_id, variant_id, location, product_id, learned, wanted, reference,
                              state, due_at, updated_at)
SELECT $1, uuidv7(), $2, v.variant_id, v.location, v.product_id, v.learned, v.units, uuidv7(), 'pending', $3, $3
FROM unnest($4::text[], $9::text[], $5::uuid[], $6::boolean[], $7::bigint[])
     AS v (variant_id, location, product_id, learned, units)
ORDER BY v.variant_id, v.location
ON CONFLICT (merchant_id, store_id, variant_id, location) DO UPDATE SET
    product_id = excluded.product_id, learned = excluded.learned, wanted = excluded.wanted,
    reference = excluded.reference, due_at = excluded.due_at, updated_at = excluded.updated_at,
    attempts = CASE WHEN k.state = 'pending' AND NOT $8 THEN k.attempts ELSE 0 END,
    state = CASE WHEN $8 THEN 'pending'
                 WHEN k.state IN ('unmanaged', 'missing') THEN k.state
                 WHEN k.state = 'told' AND k.told = excluded.wanted THEN 'told'
                 ELSE 'pending' END
WHERE $8 OR k.wanted <> excluded.wanted OR k.product_id <> excluded.product_id OR k.learned <> excluded.learned
"""
# Rows of places that are no longer told by themselves, once their variants were computed for those that are.
DROP_PLACES = """
DELETE FROM store_stock
WHERE merchant_id = $1 AND store_id = $2 AND location <> ALL ($3::text[]) AND variant_id = ANY ($4::text[])
"""
# What the store says of its own stock. What we wrote ourselves, or wrote since, is no news.
SEEN = text(
    """
    UPDATE store_stock AS k SET told = v.available, updated_at = :now,
        state = CASE WHEN v.available = k.wanted THEN 'told' WHEN k.state IN ('told', 'drifted') THEN 'stale'
                     ELSE k.state END,
        due_at = CASE WHEN k.state IN ('told', 'drifted') THEN cast(:settled AS timestamptz) ELSE k.due_at END,
        attempts = CASE WHEN k.state IN ('told', 'drifted') THEN 0 ELSE k.attempts END,
        code = CASE WHEN v.available = k.wanted THEN NULL ELSE 'stale' END,
        reason = CASE WHEN v.available = k.wanted THEN NULL ELSE 'The shop showed ' || v.available || '.' END
    FROM unnest(cast(:items AS text[]), cast(:locations AS text[]), cast(:units AS bigint[]),
                cast(:times AS timestamptz[])) AS v (item_id, location, available, changed_at)
    JOIN store_products AS p ON p.merchant_id = :account AND p.store_id = :store AND p.item_id = v.item_id
    WHERE k.merchant_id = :account AND k.store_id = :store AND k.variant_id = p.variant_id
      AND (k.location = v.location OR (k.location = '' AND v.location = :location))
      AND k.state IN ('pending', 'told', 'stale', 'drifted', 'failed')
      AND (k.told_at IS NULL OR v.changed_at > k.told_at - cast(:apart AS interval))
      AND k.told IS DISTINCT FROM v.available
    """
)
# By the merchant's wish, what somebody else wrote stays until the next check; unless it is right by now.
REPORT = """
UPDATE store_stock SET state = CASE WHEN told = wanted THEN 'told' ELSE 'drifted' END, code = 'drift',
       reason = 'The shop shows ' || told || ' by somebody else''s hand.', drift_at = $3, drift_shown = told,
       updated_at = $3
WHERE merchant_id = $1 AND store_id = $2 AND state = 'stale' AND due_at <= $3 AND told IS NOT NULL
"""
TAKE = """
UPDATE store_stock AS k SET attempts = k.attempts + 1
FROM (SELECT id FROM store_stock
      WHERE merchant_id = $1 AND store_id = $2 AND state IN ('pending', 'stale') AND due_at <= $3
      ORDER BY due_at, id LIMIT $4) AS due
WHERE k.merchant_id = $1 AND k.id = due.id
RETURNING k.id, k.variant_id, k.reference, k.wanted, k.told, k.attempts, k.location, k.state = 'stale'
"""
# What changed while it was told stays pending; a new reference for what did not happen, since a store may remember a
# failed change by it.
CONCLUDE = text(
    """
    UPDATE store_stock AS k SET
        state = CASE WHEN k.reference <> r.reference THEN 'pending' ELSE r.state END,
        told = CASE WHEN r.seen THEN r.told ELSE k.told END,
        told_at = CASE WHEN r.state = 'told' THEN cast(:now AS timestamptz) ELSE k.told_at END,
        drift_at = CASE WHEN r.drift IS NULL THEN k.drift_at ELSE cast(:now AS timestamptz) END,
        drift_shown = coalesce(r.drift, k.drift_shown),
        attempts = CASE WHEN k.reference <> r.reference THEN 0 ELSE r.attempts END,
        due_at = CASE WHEN k.reference <> r.reference THEN least(k.due_at, cast(:now AS timestamptz)) ELSE r.due_at END,
        reference = CASE WHEN r.anew AND k.reference = r.reference THEN uuidv7() ELSE k.reference END,
        code = r.code, reason = r.reason, updated_at = :now
    FROM jsonb_to_recordset(cast(:rows AS jsonb))
         AS r (id uuid, reference uuid, state text, seen boolean, told bigint, attempts int, due_at timestamptz,
               anew boolean, drift bigint, code text, reason text)
    WHERE k.merchant_id = :account AND k.id = r.id
    """
)


class _Wanted(NamedTuple):
    """What one variant should show, in all or at one of the store's locations."""

    variant_id: str
    location: str
    product_id: UUID
    learned: bool
    units: int


class Due(NamedTuple):
    """A variant whose stock is to be told, written down before the call."""

    id: UUID
    variant_id: str
    reference: UUID
    wanted: int
    told: int | None
    attempts: int
    location: str
    stale: bool


@dataclass(frozen=True, slots=True)
class StockErrand:
    """One call's variants, by their references as the store sees them."""

    due: Mapping[str, Due]

    @property
    def news(self) -> tuple[StockNews, ...]:
        return tuple(
            StockNews(
                reference=name,
                variant_id=each.variant_id,
                available=each.wanted,
                expected=each.told,
                location=each.location,
            )
            for name, each in self.due.items()
        )


async def touched(
    work: Work, ledger_id: UUID, order_ids: Collection[UUID], product_ids: Collection[UUID]
) -> list[UUID]:
    """The products whose sellable units may have changed: moved in the ledger after this id, wanted by these orders, or
    named; and whatever is a kit of them, or of their components."""
    rows = await work.fetch_raw(TOUCHED, work.account_id, ledger_id, list(order_ids), list(product_ids))
    return [row[0] for row in rows]


async def learn(work: Work, store_id: UUID, order_ids: Collection[UUID] | None) -> None:
    """Learn a store's variants from the lines of these orders (None: of all it ever sent)."""
    wanted = None if order_ids is None else list(order_ids)
    if wanted != []:
        await work.fetch_raw(LEARN, work.account_id, store_id, wanted, work.now)


async def refresh(
    work: Work, store_id: UUID, product_ids: Sequence[UUID] | None, *, buffer: int, whole: bool = False
) -> None:
    """Compute what a store's variants of these products (None: of all) should show, in a few statements for all.
    `whole`: tell each again, also what it was told, since the shop may have changed it."""
    await work.fetch_raw(DROP_UNLISTED, work.account_id, store_id, product_ids)
    variants = await queries.variants_of(work, store_id, product_ids)
    if not variants:
        return
    places = await warehouses_at(work, store_id)
    wanted = await (_at_places(work, variants, places, buffer) if places else _in_all(work, variants, buffer))
    await work.fetch_raw(
        WANT,
        work.account_id,
        store_id,
        work.now,
        [each.variant_id for each in wanted],
        [each.product_id for each in wanted],
        [each.learned for each in wanted],
        [each.units for each in wanted],
        whole,
        [each.location for each in wanted],
    )
    handled = [variant for variant, _, _ in variants]
    await work.fetch_raw(DROP_PLACES, work.account_id, store_id, list(places.keys()) or [""], handled)


async def _in_all(work: Work, variants: Sequence[tuple[str, UUID, bool]], buffer: int) -> list[_Wanted]:
    products = {product_id for _, product_id, _ in variants}
    waiting = await waiting_units(work, await touched_parts(work, products))
    units = await sellable(work, products, await _serving(work), waiting)
    return [_Wanted(variant, "", id_, learned, to_show(units[id_], buffer)) for variant, id_, learned in variants]


async def _at_places(
    work: Work, variants: Sequence[tuple[str, UUID, bool]], places: Mapping[str, UUID], buffer: int
) -> list[_Wanted]:
    """What each of the store's locations shows that stands for a warehouse. One warehouse is shown at one location, or
    its stock would be sold twice: at the first by name."""
    shown = {warehouse_id: name for name, warehouse_id in sorted(places.items(), reverse=True)}
    serving = shown.keys() & set(await _serving(work))
    products = {product_id for _, product_id, _ in variants}
    waiting = await waiting_units(work, await touched_parts(work, products))
    lying = await sellable_at(work, products, serving, waiting)
    wanted: list[_Wanted] = []
    for variant, product_id, learned in variants:
        shelves, claimed = lying[product_id]
        units = share_out({shown[place]: units for place, units in shelves.items()}, claimed + buffer)
        wanted += [_Wanted(variant, name, product_id, learned, units.get(name, 0)) for name in places]
    return wanted


async def _serving(work: Work) -> list[UUID]:
    return [each.id for each in await warehouses_for(work) if each.contracted and each.state is WarehouseState.OPEN]


async def seen(work: Work, store: queries.StoreRow, levels: Sequence[LevelTold]) -> None:
    """Note what a store says of its own stock: what we wrote ourselves is no news; another number is somebody else's,
    or of an order that is on its way, and is looked at again after a while."""
    newest = {(each.item_id, each.location): each for each in sorted(levels, key=lambda each: each.changed_at)}.values()
    if not newest:
        return
    given = {"account": work.account_id, "store": store.id, "now": work.now, "settled": work.now + STALE_WAIT}
    given |= {"location": queries.settings_of(store).stock_location, "apart": CLOCKS_APART}
    given |= {"items": [each.item_id for each in newest], "locations": [each.location for each in newest]}
    given |= {"units": [each.available for each in newest], "times": [each.changed_at for each in newest]}
    await work.db.execute(SEEN, given)


async def touched_parts(work: Work, product_ids: Collection[UUID]) -> list[UUID]:
    """These products and, of kits, their components: what has stock."""
    query = (
        "SELECT unnest($2::uuid[]) UNION SELECT product_id FROM product_components "
        "WHERE merchant_id = $1 AND kit_id = ANY ($2)"
    )
    return [row[0] for row in await work.fetch_raw(query, work.account_id, list(product_ids))]


async def take_due(
    work: Work, store_id: UUID, limit: int, drift: DriftPolicy = DriftPolicy.CORRECT
) -> StockErrand | None:
    """The variants that are due, as many as one call takes. `drift`: what becomes of what somebody else wrote."""
    if drift is DriftPolicy.REPORT:
        await work.fetch_raw(REPORT, work.account_id, store_id, work.now)
    rows = await work.fetch_raw(TAKE, work.account_id, store_id, work.now, limit)
    due = [Due._make(row) for row in rows]
    return StockErrand({each.reference.hex: each for each in due}) if due else None


async def conclude(
    work: Work, errand: StockErrand, outcome: Outcome | None, *, tries: int, rest: datetime | None, spread: float
) -> None:
    """Write down how telling a batch ended, for each variant. `rest`: until when the store is left alone."""
    told = {each.reference: each for each in outcome.told} if isinstance(outcome, Stocked) else {}
    trouble = outcome.trouble if isinstance(outcome, Stocked) else None
    rests = wants_rest(outcome)
    rows: list[dict[str, object]] = []
    for name, due in errand.due.items():
        if name in told:
            rows.append(_settled(work, due, told[name]))
        elif trouble is None or rests:
            # Not begun, or the store is to blame: it is tried for as long as the store is there.
            doubt = isinstance(trouble, InDoubt)
            reason = None if trouble is None else trouble.reason
            rows.append(_row(work, due, StockState.PENDING, due.attempts - 1, rest, anew=not doubt, reason=reason))
        else:
            rows.append(_troubled(work, due, trouble, tries, spread))
    given = {"account": work.account_id, "now": work.now, "rows": msgspec.json.encode(rows).decode()}
    await work.db.execute(CONCLUDE, given)


def _settled(work: Work, due: Due, told: StockTold) -> dict[str, object]:
    verdict = judge_stock(due.wanted, due.attempts, told)
    attempts = 0 if verdict.state is StockState.TOLD else due.attempts
    at = work.now + verdict.wait
    row = _row(work, due, verdict.state, attempts, at, anew=verdict.state is StockState.STALE, reason=verdict.reason)
    # It was no order on its way, then: somebody else's number was found there, and set right.
    drift = due.told if due.stale and told.outcome is StockOutcome.SET else None
    return row | {"seen": True, "told": verdict.told, "code": verdict.code, "drift": drift}


def _troubled(work: Work, due: Due, trouble: InDoubt | Refused | Retry, tries: int, spread: float) -> dict[str, object]:
    if isinstance(trouble, Refused):
        row = _row(work, due, StockState.FAILED, due.attempts, None, anew=True, reason=trouble.reason)
        return row | {"code": trouble.code}
    state = StockState.FAILED if due.attempts >= tries else StockState.PENDING
    at = work.now + again_after(due.attempts, trouble.after, spread)
    return _row(work, due, state, due.attempts, at, anew=isinstance(trouble, Retry), reason=trouble.reason)


def _row(
    work: Work, due: Due, state: StockState, attempts: int, at: datetime | None, *, anew: bool, reason: str | None
) -> dict[str, object]:
    return {
        "id": due.id,
        "reference": due.reference,
        "state": str(state),
        "seen": False,
        "told": None,
        "attempts": attempts,
        "due_at": at or work.now,
        "anew": anew,
        "drift": None,
        "code": None,
        "reason": reason,
    }
