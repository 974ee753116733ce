"""Whether promises were kept: each stage decided once and for good, and told when it is at risk."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from fulfilhub.fulfilment.rules import WorkState
from fulfilhub.inventory.queries import WarehouseProfile, warehouses_for
from fulfilhub.inventory.rules.calendar import WorkingCalendar
from fulfilhub.inventory.rules.warehouse import DeliveryDays
from fulfilhub.orders.commands import PromiseStand, note_promises
from fulfilhub.orders.queries import lock_orders
from fulfilhub.orders.rules import CLOCK_STOPS, PromiseOutcome, PromiseStage
from fulfilhub.platform.events import Fact
from fulfilhub.platform.work import Work
from fulfilhub.routing.rules.keeping import Clock, Judgement, Part, Progress, Stop, Story, Verdict, judge
from fulfilhub.routing.rules.places import clock_of, holiday_region
from fulfilhub.routing.rules.terms import Promise
from fulfilhub.shipping import queries
from fulfilhub.shipping.events import PromiseAtRisk, PromiseBroken, PromiseKept
from fulfilhub.shipping.queries import HoldTold, OpenPromise, PartTold
from fulfilhub.shipping.rules import REFUSED_BY_SITE

PROGRESS: Mapping[WorkState, Progress] = {
    WorkState.QUEUED: Progress.UNTOUCHED,
    WorkState.ACCEPTED: Progress.IN_WORK,
    WorkState.PICKING: Progress.IN_WORK,
    WorkState.PICKED: Progress.IN_WORK,
    WorkState.PACKED: Progress.PACKED,
    WorkState.SHIPPED: Progress.GONE,
}
"""How far work got that was not given up."""
ALWAYS = WorkingCalendar(ZoneInfo("UTC"), (time(23, 59, 59),) * 7)
"""The days of a warehouse that the merchant no longer may look at: all of them."""
STOCK_ADJUSTED = "stock_adjusted"
"""Why work was taken back from a warehouse whose stock was less than it had said."""
AGAIN = timedelta(hours=1)
"""A look that was queued and never took place is queued again after this."""

INSERT = """
INSERT INTO promise_verdicts (merchant_id, order_id, stage, outcome, cause, promised, due, happened, warehouse_id,
                              service, carrier, decided_at)
SELECT $1, v.order_id, v.stage, v.outcome, v.cause, v.promised, v.due, v.happened, v.warehouse_id, v.service,
       v.carrier, $2
FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::timestamptz[], $9::timestamptz[],
            $10::uuid[], $11::text[], $12::text[])
     AS v (order_id, stage, outcome, cause, promised, due, happened, warehouse_id, service, carrier)
"""
TAKE_DUE = """
UPDATE order_promises AS p SET look_at = $1 + $3::interval
FROM (SELECT merchant_id, order_id FROM order_promises WHERE look_at <= $1
      ORDER BY look_at LIMIT $2 FOR UPDATE SKIP LOCKED) AS due
WHERE p.merchant_id = due.merchant_id AND p.order_id = due.order_id
RETURNING p.merchant_id, p.order_id
"""


@dataclass(frozen=True, slots=True)
class _Tracked:
    """An open promise in the words of the rules. `last` is the part that left last, or is to; where no part lives, the
    newest there was."""

    order_id: UUID
    told: OpenPromise
    story: Story
    last: PartTold | None


async def take_due(work: Work, limit: int) -> dict[UUID, list[UUID]]:
    """Orders by merchant whose promise has to be looked at now, from the platform scope; who takes them has an hour to
    look."""
    rows = await work.fetch_raw(TAKE_DUE, work.now, limit, AGAIN)
    found: dict[UUID, list[UUID]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row[1])
    return found


async def judge_promises(work: Work, order_ids: Collection[UUID]) -> None:
    """Look at these orders' promises: decide what can be decided, tell what is at risk, and say when to look again.

    What was decided stays so, whatever is told later; orders without an open promise are passed over. A constant number
    of statements, however many orders.
    """
    await lock_orders(work, order_ids)
    open_promises = await queries.open_promises(work, order_ids)
    if not open_promises:
        return
    sites = {each.id: each for each in await warehouses_for(work)}
    tracked = [_Tracked(told.order_id, told, _story(told), _last(told.parts)) for told in open_promises]
    looks = [(each, _look(each, sites, work.now)) for each in tracked]
    await _keep(work, [(each, verdict) for each, found in looks for verdict in found.verdicts])
    await note_promises(
        work,
        [PromiseStand(each.order_id, found.state, found.cause, found.look_at, found.at_risk) for each, found in looks],
    )
    for each, found in looks:
        work.publish(*_facts(each, found))


def _story(told: OpenPromise) -> Story:
    whole = told.wanted > 0
    live = [part for part in told.parts if part.state in PROGRESS]
    left = [part.shipped_at for part in live if part.shipped_at is not None]
    return Story(
        promise=Promise(told.ship_by, told.deliver_by),
        stops=tuple(stop for hold in told.holds if (stop := _stop(hold, told.promised_at)) is not None),
        parts=tuple(
            Part(
                warehouse_id=part.warehouse_id,
                service=part.service,
                carrier=part.carrier,
                progress=PROGRESS[part.state],
                given_at=part.created_at,
                ship_by=part.ship_by,
                shipped_at=part.shipped_at,
            )
            for part in live
        ),
        waiting=told.wanted > told.allocated,
        site_failed=any(_failed(part) for part in told.parts),
        shipped_at=max(left) if left and whole and told.shipped >= told.wanted else None,
        delivered_at=told.delivered_at if whole and told.delivered >= told.wanted else None,
        tried_at=told.tried_at,
        at_the_door=told.at_the_door and told.shipped >= told.wanted,
        coming_back=told.coming_back,
        cancelled_at=told.cancelled_at,
    )


def _stop(hold: HoldTold, promised_at: datetime) -> Stop | None:
    """The clock stands still while a hold lives, from when there was a promise; not for every reason."""
    cause = CLOCK_STOPS[hold.reason]
    if cause is None or (hold.released_at is not None and hold.released_at <= promised_at):
        return None
    return Stop(cause, max(hold.placed_at, promised_at), hold.released_at)


def _failed(part: PartTold) -> bool:
    if part.short or (part.state is WorkState.CANCELLED and part.reason == STOCK_ADJUSTED):
        return True
    reason = (part.reason or "").partition(":")[0]
    return part.state is WorkState.REJECTED and reason in REFUSED_BY_SITE


def _last(parts: Sequence[PartTold]) -> PartTold | None:
    live = [part for part in parts if part.state in PROGRESS]
    if live:
        return max(live, key=lambda part: (part.shipped_at is None, part.shipped_at or part.ship_by))
    return parts[-1] if parts else None


def _look(tracked: _Tracked, sites: Mapping[UUID, WarehouseProfile], now: datetime) -> Judgement:
    told = tracked.told
    decided = {
        each.stage: Verdict(
            stage=each.stage, outcome=each.outcome, cause=each.cause, due=each.due, happened=each.happened
        )
        for each in told.verdicts
    }
    warned = [PromiseStage.SHIP] * told.ship_warned + [PromiseStage.DELIVER] * told.deliver_warned
    return judge(tracked.story, _clock(tracked, sites), decided, warned, now)


def _clock(tracked: _Tracked, sites: Mapping[UUID, WarehouseProfile]) -> Clock:
    last, told = tracked.last, tracked.told
    site = None if last is None else sites.get(last.warehouse_id)
    calendar, days = ALWAYS, DeliveryDays.MON_SAT
    if site is not None and last is not None:
        calendar = site.calendar
        same = [each for each in site.services if each.code == last.service]
        best = [each for each in same if each.carrier == last.carrier] or same
        days = best[0].delivery_days if best else days
    return Clock(
        calendar=calendar,
        delivery_days=days,
        region=holiday_region(told.country, told.postcode),
        destination=clock_of(told.country) or calendar.timezone,
    )


async def _keep(work: Work, made: Sequence[tuple[_Tracked, Verdict]]) -> None:
    if not made:
        return
    frozen = [
        tracked.story.promise.ship_by if verdict.stage is PromiseStage.SHIP else tracked.story.promise.deliver_by
        for tracked, verdict in made
    ]
    await work.execute_raw(
        INSERT,
        work.account_id,
        work.now,
        [tracked.order_id for tracked, _ in made],
        [str(verdict.stage) for _, verdict in made],
        [str(verdict.outcome) for _, verdict in made],
        [verdict.cause and str(verdict.cause) for _, verdict in made],
        frozen,
        [verdict.due for _, verdict in made],
        [verdict.happened for _, verdict in made],
        [tracked.last and tracked.last.warehouse_id for tracked, _ in made],
        [tracked.last.service if tracked.last else "" for tracked, _ in made],
        [tracked.last.carrier if tracked.last else "" for tracked, _ in made],
    )


def _facts(tracked: _Tracked, found: Judgement) -> list[Fact]:
    told: list[Fact] = []
    for stage in found.at_risk:
        due = found.due.ship_by if stage is PromiseStage.SHIP else found.due.deliver_by
        told.append(PromiseAtRisk(order_id=tracked.order_id, stage=str(stage), due=due))
    for verdict in found.verdicts:
        cause = verdict.cause and str(verdict.cause)
        if verdict.outcome is PromiseOutcome.BROKEN:
            told.append(PromiseBroken(order_id=tracked.order_id, stage=str(verdict.stage), cause=str(cause)))
        elif verdict.happened is not None:  # a cancelled order tells so itself
            told.append(
                PromiseKept(
                    order_id=tracked.order_id, stage=str(verdict.stage), outcome=str(verdict.outcome), cause=cause
                )
            )
    return told
