"""How a promise turns out: kept, excused or broken, by whose doing, and at risk before it is too late.

Each stage (leaving, arriving) is decided once, from what is known then. The clock stands still while the merchant or
the customer holds the order: due days move on by the working days that the hold took from the warehouse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from fulfilhub.inventory.rules.calendar import (
    NeverOpen,
    WorkingCalendar,
    add_working_days,
    counting_day,
    end_of_day,
    working_days_between,
)
from fulfilhub.inventory.rules.warehouse import DeliveryDays
from fulfilhub.orders.rules.promises import UNTOUCHED_LEAD, PromiseCause, PromiseOutcome, PromiseStage, PromiseState
from fulfilhub.routing.rules.promise import delivery_day, is_delivery_day
from fulfilhub.routing.rules.terms import Promise

_SHIP, _DELIVER = PromiseStage.SHIP, PromiseStage.DELIVER
_KEPT, _EXCUSED, _BROKEN = PromiseOutcome.KEPT, PromiseOutcome.EXCUSED, PromiseOutcome.BROKEN


class Progress(StrEnum):
    """How far the work on one part of an order got, the least first. `waiting`: no warehouse has it."""

    WAITING = "waiting"
    UNTOUCHED = "untouched"
    IN_WORK = "in_work"
    PACKED = "packed"
    GONE = "gone"


class Leads(msgspec.Struct, frozen=True):
    """How long before it is due a stage is at risk: before leaving by the work that remains, before arriving unless it
    is on the doorstep. `grace`: how long a carrier's word of an arrival is waited for; nobody scans late into the past
    for longer."""

    ship: Mapping[Progress, timedelta] = msgspec.field(
        default_factory=lambda: {
            Progress.WAITING: UNTOUCHED_LEAD,
            Progress.UNTOUCHED: UNTOUCHED_LEAD,
            Progress.IN_WORK: timedelta(hours=4),
            Progress.PACKED: timedelta(hours=1),
            Progress.GONE: timedelta(0),
        }
    )
    deliver: timedelta = timedelta(hours=12)
    grace: timedelta = timedelta(hours=48)


LEADS = Leads()
SOONEST = timedelta(minutes=10)
"""A promise is not looked at again sooner than this."""
_AFTER = timedelta(seconds=1)


class Stop(msgspec.Struct, frozen=True):
    """The clock stood still from `begins` to `ends` (None: it still does), by whose doing."""

    cause: PromiseCause
    begins: datetime
    ends: datetime | None = None


class Clock(msgspec.Struct, frozen=True):
    """What days count: the warehouse's working days, and the service's delivery days where it goes."""

    calendar: WorkingCalendar
    delivery_days: DeliveryDays
    region: str
    destination: ZoneInfo


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What one warehouse was given of an order, when it had to leave by its own promise, and when it left."""

    warehouse_id: UUID
    service: str
    carrier: str
    progress: Progress
    given_at: datetime
    ship_by: datetime
    shipped_at: datetime | None = None


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides about one order's promise.

    `waiting`: wanted units have no warehouse. `site_failed`: a warehouse refused work or could not find units that
    should have been there. `shipped_at` and `delivered_at`: when the last wanted unit left and arrived. `tried_at`:
    when a carrier first stood there in vain, or let it lie for collection. `at_the_door`: all that is under way is
    being delivered. `coming_back`: a parcel was refused or could not be delivered. `cancelled_at`: when the whole order
    was.
    """

    promise: Promise
    stops: tuple[Stop, ...] = ()
    parts: tuple[Part, ...] = ()
    waiting: bool = False
    site_failed: bool = False
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    tried_at: datetime | None = None
    at_the_door: bool = False
    coming_back: bool = False
    cancelled_at: datetime | None = None

    @property
    def progress(self) -> Progress:
        """The least of what is left to do."""
        order = list(Progress)
        if self.waiting or not self.parts:
            return Progress.WAITING
        return min((part.progress for part in self.parts), key=order.index)


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """How a stage ended. `due` is the promised moment, or a later one when the clock stood still; `happened` is None
    for what had not come when it was decided."""

    stage: PromiseStage
    outcome: PromiseOutcome
    cause: PromiseCause | None
    due: datetime
    happened: datetime | None


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What a look at a promise found: `verdicts` are new, `at_risk` the stages that became so now. `look_at` is when it
    has to be looked at again; None once everything is decided."""

    verdicts: tuple[Verdict, ...]
    at_risk: tuple[PromiseStage, ...]
    due: Promise
    state: PromiseState
    cause: PromiseCause | None
    look_at: datetime | None


def judge(
    story: Story,
    clock: Clock,
    decided: Mapping[PromiseStage, Verdict],
    warned: Sequence[PromiseStage],
    now: datetime,
    leads: Leads = LEADS,
) -> Judgement:
    """One look at a promise. `decided` stages stay as they are, `warned` ones are not told again."""
    due, stopped_by = effective(story.promise, story.stops, clock, story.shipped_at or story.cancelled_at or now)
    known = dict(decided)
    fresh = []
    for stage in (s for s in PromiseStage if s not in known):
        verdict = _decide(stage, story, due, stopped_by, clock, known.get(_SHIP), now, leads)
        if verdict is not None:
            known[stage] = verdict
            fresh.append(verdict)
    open_stages = [stage for stage in PromiseStage if stage not in known]
    risky = [s for s in open_stages if s in warned or _at_risk(s, story, due, now, leads)]
    state, cause = _state(known, risky)
    return Judgement(
        verdicts=tuple(fresh),
        at_risk=tuple(stage for stage in risky if stage not in warned),
        due=due,
        state=state,
        cause=cause,
        look_at=_next_look(open_stages, risky, story, due, now, leads),
    )


# The clock ------------------------------------------------------------------------------------------------------


def effective(
    promise: Promise, stops: Sequence[Stop], clock: Clock, until: datetime
) -> tuple[Promise, PromiseCause | None]:
    """The promise without the time in which the clock stood still before `until`, and whose doing most of that was.

    A stop costs the working days between the day that what becomes ready at its beginning counts for, and the same at
    its end: none when it ends before the cut-off, one when it runs over one. One after the due day costs nothing.
    """
    by_cause: dict[PromiseCause, int] = {}
    calendar, lost = clock.calendar, 0
    try:
        for cause, begins, ends in _merged(stops, until):
            if begins > _moved(promise.ship_by, lost, clock):
                break
            days = working_days_between(calendar, counting_day(calendar, begins), counting_day(calendar, ends))
            lost += days
            by_cause[cause] = by_cause.get(cause, 0) + days
        if not lost:
            return promise, None
        ship_by = _moved(promise.ship_by, lost, clock)
    except NeverOpen:
        return promise, None
    deliver_by = _delivered_by(promise, ship_by, clock)
    return Promise(ship_by, deliver_by), max(by_cause, key=lambda cause: (by_cause[cause], cause))


def _merged(stops: Sequence[Stop], until: datetime) -> list[tuple[PromiseCause, datetime, datetime]]:
    """Stops by their beginning, none of them counted twice: what overlaps is whose stop began first."""
    merged: list[tuple[PromiseCause, datetime, datetime]] = []
    for stop in sorted(stops, key=lambda each: (each.begins, each.cause)):
        begins, ends = stop.begins, min(stop.ends or until, until)
        if merged:
            begins = max(begins, merged[-1][2])
        if begins < ends:
            merged.append((stop.cause, begins, ends))
    return merged


def _moved(ship_by: datetime, days: int, clock: Clock) -> datetime:
    if not days:
        return ship_by
    zone = clock.calendar.timezone
    return end_of_day(add_working_days(clock.calendar, ship_by.astimezone(zone).date(), days), zone)


def _delivered_by(promise: Promise, ship_by: datetime, clock: Clock) -> datetime:
    """As many delivery days after the new day of leaving as the promise gave after the old one."""
    zone = clock.calendar.timezone
    old, new = promise.ship_by.astimezone(zone).date(), ship_by.astimezone(zone).date()
    arrives = promise.deliver_by.astimezone(clock.destination).date()
    transit = _delivery_days_between(old, arrives, clock)
    day = delivery_day(new, transit, clock.delivery_days, clock.region)
    return max(end_of_day(day, clock.destination), promise.deliver_by)


def _delivery_days_between(first: date, last: date, clock: Clock) -> int:
    days = max((last - first).days, 0)
    return sum(
        is_delivery_day(first + timedelta(days=ahead), clock.delivery_days, clock.region)
        for ahead in range(1, days + 1)
    )


# The verdicts ---------------------------------------------------------------------------------------------------


def _decide(
    stage: PromiseStage,
    story: Story,
    due: Promise,
    stopped_by: PromiseCause | None,
    clock: Clock,
    left: Verdict | None,
    now: datetime,
    leads: Leads,
) -> Verdict | None:
    """The verdict on a stage, None while it is open. `left` is that on leaving."""
    ship = stage is _SHIP
    promised, limit = (story.promise.ship_by, due.ship_by) if ship else (story.promise.deliver_by, due.deliver_by)
    happened = story.shipped_at if ship else story.delivered_at
    if happened is not None:
        if happened <= promised:
            return Verdict(stage=stage, outcome=_KEPT, cause=None, due=promised, happened=happened)
        if happened <= limit:
            return Verdict(stage=stage, outcome=_EXCUSED, cause=stopped_by, due=limit, happened=happened)
    elif story.cancelled_at is not None and story.cancelled_at <= limit:
        return Verdict(stage=stage, outcome=_EXCUSED, cause=PromiseCause.MERCHANT, due=limit, happened=None)
    elif now <= limit + (leads.grace if not ship and story.shipped_at is not None else timedelta(0)):
        return None
    cause = ship_cause(story, clock, happened or now) if ship else deliver_cause(story, clock, due, left, now)
    return Verdict(stage=stage, outcome=_BROKEN, cause=cause, due=limit, happened=happened)


def ship_cause(story: Story, clock: Clock, at: datetime) -> PromiseCause:
    """Whose doing it is that an order had not left in time; `at` is when it did, or now.

    A warehouse answers for the date that it was given with the work, and for refusing work or not finding what it
    should have. Whatever else came between (no stock, an edit, a hold that does not stop the clock) is the merchant's.
    """
    if story.site_failed:
        return PromiseCause.SITE
    if story.waiting:
        return PromiseCause.MERCHANT
    for part in story.parts:
        later = [msgspec.structs.replace(stop, begins=max(stop.begins, part.given_at)) for stop in story.stops]
        own, _ = effective(Promise(part.ship_by, part.ship_by), later, clock, at)
        if (part.shipped_at or at) > own.ship_by:
            return PromiseCause.SITE
    return PromiseCause.MERCHANT


def deliver_cause(story: Story, clock: Clock, due: Promise, left: Verdict | None, now: datetime) -> PromiseCause:
    """Whose doing it is that an order did not arrive in time: the customer's when it was refused or brought in time to
    a closed door, else of whoever let it leave late, else the carrier's."""
    if story.coming_back or (story.tried_at is not None and story.tried_at <= due.deliver_by):
        return PromiseCause.CUSTOMER
    if story.shipped_at is not None and story.shipped_at <= due.ship_by:
        return PromiseCause.CARRIER
    if left is not None and left.outcome is _BROKEN and left.cause is not None:
        return left.cause
    return ship_cause(story, clock, story.shipped_at or now)


# At risk --------------------------------------------------------------------------------------------------------


def _risk_from(stage: PromiseStage, story: Story, due: Promise, leads: Leads) -> datetime:
    if stage is _SHIP:
        return due.ship_by - leads.ship[story.progress]
    return due.deliver_by - leads.deliver


def _at_risk(stage: PromiseStage, story: Story, due: Promise, now: datetime, leads: Leads) -> bool:
    if now < _risk_from(stage, story, due, leads):
        return False
    return stage is _SHIP or not story.at_the_door or now > due.deliver_by


def _state(
    known: Mapping[PromiseStage, Verdict], risky: Sequence[PromiseStage]
) -> tuple[PromiseState, PromiseCause | None]:
    arrived, left = known.get(_DELIVER), known.get(_SHIP)
    if arrived is not None:
        return PromiseState(arrived.outcome), arrived.cause
    if left is not None and left.outcome is _BROKEN:
        return PromiseState.AT_RISK, left.cause
    return (PromiseState.AT_RISK if risky else PromiseState.ON_TRACK), None


def _next_look(
    stages: Sequence[PromiseStage],
    risky: Sequence[PromiseStage],
    story: Story,
    due: Promise,
    now: datetime,
    leads: Leads,
) -> datetime | None:
    """When something can next change by time alone: a stage gets near, or is over."""
    moments = []
    for stage in stages:
        near = _risk_from(stage, story, due, leads)
        if stage not in risky and now < near:
            moments.append(near)
            continue
        over = due.ship_by if stage is _SHIP else due.deliver_by
        if stage is _DELIVER and story.shipped_at is not None and now > over:
            over += leads.grace
        moments.append(over + _AFTER)
    return max(min(moments), now + SOONEST) if moments else None
