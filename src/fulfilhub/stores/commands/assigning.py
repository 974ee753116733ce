"""What a reading of an order's parts comes to: what is ours of it is taken, what is not is given back, and the shop is
answered. Everything is worked out anew from the whole each time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from uuid import UUID

import msgspec
from sqlalchemy import update

from fulfilhub.fulfilment.commands.following import follow, take_back_cancelled
from fulfilhub.fulfilment.commands.freeing import CancelLine, cancel, free, is_free
from fulfilhub.fulfilment.commands.holding import release_order
from fulfilhub.fulfilment.queries import lock_work_of_orders
from fulfilhub.fulfilment.queries.wishes import given, open_wishes
from fulfilhub.orders import commands as orders
from fulfilhub.orders.incoming import IncomingOrder
from fulfilhub.orders.queries import LineRow, holds_of, lines_of, lock_orders
from fulfilhub.orders.rules import AskedBy, ChangeKind, HoldReason, HoldSource, is_destination
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.work import Work
from fulfilhub.routing.commands import set_wishes
from fulfilhub.stores import queries
from fulfilhub.stores.adapters import adapter_for
from fulfilhub.stores.adapters.assigning import Answer, AnswerKind, Assigned, AssignedParts, Progress, Request
from fulfilhub.stores.adapters.port import Found, Missing, Unreadable
from fulfilhub.stores.commands.deliveries import gone, keep_answers
from fulfilhub.stores.commands.following import Leg
from fulfilhub.stores.commands.mirroring import mirror_holds
from fulfilhub.stores.models import AssignedOrder
from fulfilhub.stores.queries import assigned
from fulfilhub.stores.rules.assigning import (
    AssignmentState,
    Faults,
    LineStand,
    LocationKind,
    Stand,
    Wanted,
    answer_recalls,
    answer_request,
    give_ups,
    restricted,
    state_of,
    wanted,
)

KEEP = """
WITH told AS (
    SELECT t.* FROM jsonb_to_recordset($4::jsonb)
         AS t (id uuid, external_id text, location_id text, warehouse_id uuid, state text, changed_at timestamptz)
), kept AS (
    INSERT INTO store_assignments AS a (merchant_id, id, store_id, external_id, order_external_id, location_id,
                                        warehouse_id, state, changed_at, created_at, updated_at)
    SELECT $1, t.id, $2, t.external_id, $3, t.location_id, t.warehouse_id, t.state, t.changed_at, $6, $6
    FROM told AS t ORDER BY t.external_id
    ON CONFLICT (merchant_id, store_id, external_id) DO UPDATE SET
        order_external_id = excluded.order_external_id, location_id = excluded.location_id,
        warehouse_id = excluded.warehouse_id, state = excluded.state, changed_at = excluded.changed_at,
        updated_at = excluded.updated_at
    RETURNING a.id, a.state
)
INSERT INTO store_assignment_lines AS l (merchant_id, assignment_id, external_id, line_external_id, total, remaining)
SELECT $1, r.assignment_id, r.external_id, r.line, r.total, r.remaining
FROM jsonb_to_recordset($5::jsonb) AS r (assignment_id uuid, external_id text, line text, total int, remaining int)
JOIN kept ON kept.id = r.assignment_id
ON CONFLICT (merchant_id, assignment_id, external_id) DO UPDATE SET
    line_external_id = excluded.line_external_id, total = excluded.total, remaining = excluded.remaining,
    given_up = CASE WHEN (SELECT k.state FROM kept AS k WHERE k.id = l.assignment_id) = 'ours' THEN 0
               ELSE l.given_up END
"""
# A part that the shop no longer names, or a line that went into another part in a split or merge, counts nothing.
EMPTY = """
UPDATE store_assignment_lines AS l SET total = 0, remaining = 0 FROM store_assignments AS a
WHERE a.merchant_id = $1 AND a.store_id = $2 AND a.order_external_id = $3
  AND l.merchant_id = a.merchant_id AND l.assignment_id = a.id AND NOT (l.external_id = ANY ($4)) AND l.total > 0
"""
INTEND = """
WITH said AS (
    SELECT t.* FROM jsonb_to_recordset($3::jsonb)
         AS t (external_id text, recalls int, code text, reason text, up boolean)
), noted AS (
    UPDATE store_assignments AS a SET recalls_answered = greatest(a.recalls_answered, s.recalls), code = s.code,
        reason = s.reason
    FROM said AS s WHERE a.merchant_id = $1 AND a.store_id = $2 AND a.external_id = s.external_id
    RETURNING a.id, s.up
)
UPDATE store_assignment_lines AS l SET given_up = l.remaining FROM noted AS n
WHERE l.merchant_id = $1 AND l.assignment_id = n.id AND n.up
"""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a reading came to: what the shop is answered, or why the order could not be taken (`code`, `reason`)."""

    answers: tuple[Answer, ...] = ()
    code: str | None = None
    reason: str | None = None


async def take(
    work: Work, vault: Vault, leg: Leg, payload: Found | Missing, read: AssignedParts | Missing, keep_days: int
) -> Judged:
    """Take an order of a mapped store as it was just read; one that can't be read is kept as it came for so many days.
    The order's reading is this run's, and locked first."""
    row = await assigned.lock_followed(work, leg.store.id, leg.external_id)
    if row is None or row.run_id != leg.run_id:
        return Judged()
    parts = read.parts if isinstance(read, AssignedParts) else ()
    stands = await _stands(work, leg, parts)
    if isinstance(payload, Missing):
        await _keep(work, leg, stands)
        await gone(work, leg.store.id, leg.external_id)
        return Judged()
    try:
        order = adapter_for(leg.store.platform).normalise(payload.payload, queries.adapter_settings(leg.store))
    except Unreadable as problem:
        unread = {leg.external_id: (payload.payload, str(problem))}
        await keep_answers(work, vault, leg.store.id, unread, keep_days)
        return Judged(code="unreadable", reason=str(problem))
    await _keep(work, leg, stands)
    answers = await _answer_requests(work, leg, order, stands)
    want = wanted(stands)
    if row.order_id is None and not want.is_ours and await queries.order_of(work, leg.store.id, leg.external_id):
        # It was ours in whole before the shop's locations were mapped, and goes on so.
        await orders.take(work, leg.store.id, [order], fresh=True)
    elif row.order_id is not None or want.is_ours:
        answers += await _take_ours(work, leg, row, order, stands, want)
    await _intend(work, leg, answers, stands)
    return Judged(tuple(answers))


async def _stands(work: Work, leg: Leg, parts: Sequence[Assigned]) -> list[Stand]:
    """Each part with where it stands, those too that we knew and that the shop no longer names."""
    places = {
        each.external_id: (LocationKind(each.kind), each.warehouse_id)
        for each in await queries.locations(work, leg.store.id)
        if each.warehouse_id is not None
    }
    known = {row.external_id: row for row in await assigned.assignments_of(work, leg.store.id, leg.external_id)}
    lines = await assigned.part_lines(work, [row.id for row in known.values()])
    made = []
    for part in parts:
        row = known.pop(part.id, None)
        kind, warehouse_id = places.get(part.location, (None, None))
        state = state_of(part, kind, row.recalls_answered if row is not None else 0)
        if row is None and state is AssignmentState.ELSEWHERE:
            continue
        up = {} if row is None else {line.external_id: line.given_up for line in lines.get(row.id, ())}
        if state is AssignmentState.DONE and any(up.values()):
            state = AssignmentState.GIVEN_UP
        before = None if row is None else AssignmentState(row.state)
        made.append(Stand(part, state, kind, warehouse_id, up, before))
    for row in known.values():
        part = Assigned(
            id=row.external_id,
            location=row.location_id,
            progress=Progress.CANCELLED,
            request=Request.NONE,
            changed_at=row.changed_at,
            lines=(),
        )
        made.append(Stand(part, AssignmentState.GONE, None, row.warehouse_id))
    return made


async def _keep(work: Work, leg: Leg, stands: Sequence[Stand]) -> None:
    known = {row.external_id: row.id for row in await assigned.assignments_of(work, leg.store.id, leg.external_id)}
    heads, lines = [], []
    for stand in stands:
        own_id = known.get(stand.part.id) or ids.new()
        heads.append(
            {
                "id": own_id,
                "external_id": stand.part.id,
                "location_id": stand.part.location,
                "warehouse_id": stand.warehouse_id,
                "state": str(stand.state),
                "changed_at": stand.part.changed_at,
            }
        )
        lines += [
            {
                "assignment_id": own_id,
                "external_id": line.id,
                "line": line.line,
                "total": line.total,
                "remaining": line.remaining,
            }
            for line in stand.part.lines
        ]
    whose = (work.account_id, leg.store.id, leg.external_id)
    await work.execute_raw(EMPTY, *whose, [str(line["external_id"]) for line in lines])
    await work.execute_raw(KEEP, *whose, _json(heads), _json(lines), work.now)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


async def _answer_requests(work: Work, leg: Leg, order: IncomingOrder, stands: Sequence[Stand]) -> list[Answer]:
    """What is said to parts that the shop asks of us."""
    told = {line.external_id: line for line in order.lines}
    cancelled = await assigned.cancelled_here(work, leg.store.id, leg.external_id)
    made = []
    for stand in stands:
        if stand.state is not AssignmentState.ASKED or stand.warehouse_id is None:
            continue
        mine = [
            replace(told[line.line], quantity=line.remaining, fulfilled=0)
            for line in stand.part.lines
            if line.line in told and line.remaining
        ]
        found = await assigned.assess(work, leg.store.id, order, mine, stand.warehouse_id)
        unknown = {line.id: found.unknown[line.line] for line in stand.part.lines if line.line in found.unknown}
        faults = Faults(cancelled=cancelled, address=_lacks_address(order), unknown=unknown)
        made.append(answer_request(stand.part, faults, found.fences, found.on_shortage))
    return made


def _lacks_address(order: IncomingOrder) -> bool:
    to = order.ship_to
    if to is None or not (to.line1.strip() or to.line2.strip()):
        return True
    return not is_destination(to.country, to.postcode, to.city)


async def _take_ours(
    work: Work, leg: Leg, row: assigned.FollowedRow, order: IncomingOrder, stands: Sequence[Stand], want: Wanted
) -> list[Answer]:
    store_id = leg.store.id
    caps = {} if row.order_id is None else await _caps(work, row.order_id, want)
    asked = any(each.state is AssignmentState.OURS and each.kind is LocationKind.SERVICE for each in stands)
    told = restricted(order, want, caps, asked=asked)
    (one,) = await orders.take(work, store_id, [told], fresh=True)
    order_id = one.order_id
    by_line = {line.external_id: line for line in await lines_of(work, order_id)}
    await _know(work, leg, order_id)
    wishes = {
        (by_line[line].id, warehouse): (units.ours, units.sent)
        for (line, warehouse), units in want.wishes.items()
        if line in by_line
    }
    changed = await set_wishes(work, order_id, wishes)
    if changed and row.order_id is not None:
        await _route_anew(work, order_id)
    # A warehouse that answered once is asked again when the shop asks again, or asks something else.
    again = changed or any(each.is_recalled_anew for each in stands)
    await take_back_cancelled(work, [order_id])
    await follow(work, [order_id], again=[ChangeKind.LINES] if again else (), reopened=[order_id])
    await mirror_holds(work, store_id, leg.external_id, order_id, stands)
    why = await _give_up_rejected(work, order_id, stands)
    lines = {line.external_id: line for line in await lines_of(work, order_id)}
    stand_of = {name: LineStand(line.ordered - line.cancelled, line.shipped) for name, line in lines.items()}
    asked_of = await _asked_back(work, order_id, lines)
    untold = await assigned.has_untold(work, store_id, order_id)
    answers = answer_recalls(stands, want, stand_of, asked_of)
    return answers + give_ups(stands, stand_of, untold=untold, why=why)


async def _know(work: Work, leg: Leg, order_id: UUID) -> None:
    await work.db.execute(
        update(AssignedOrder)
        .where(
            AssignedOrder.merchant_id == work.account_id,
            AssignedOrder.store_id == leg.store.id,
            AssignedOrder.external_id == leg.external_id,
        )
        .values(order_id=order_id)
    )


async def _caps(work: Work, order_id: UUID, want: Wanted) -> dict[str, int]:
    """At most so many units of a line are wanted while a warehouse has some in hand that is no longer asked for them:
    so few that it is asked to give them up. Work that nobody has in hand is taken back at once, to be routed anew."""
    await lock_orders(work, [order_id])
    names = {line.id: line.external_id for line in await lines_of(work, order_id)}
    live = await lock_work_of_orders(work, [order_id])
    over = _over(names, await given(work, [order_id]), want)
    held = [row for row in live if any((line.line_id, row.warehouse_id) in over for line in row.lines)]
    await free(work, [row for row in held if is_free(work, row)], "order_changed", reroute=True)
    has = await given(work, [order_id])
    over = _over(names, has, want)
    wrong: dict[UUID, int] = {}
    for row in (row for row in held if not is_free(work, row)):
        for line in row.lines:
            units = min(line.to_ship, over.get((line.line_id, row.warehouse_id), 0))
            over[line.line_id, row.warehouse_id] = over.get((line.line_id, row.warehouse_id), 0) - units
            wrong[line.line_id] = wrong.get(line.line_id, 0) + units
    caps = {}
    for line_id, units in wrong.items():
        in_all, ours = sum(each for (_, line, _), each in has.items() if line == line_id), want.ours(names[line_id])
        misplaced = units - max(in_all - ours, 0)
        if misplaced > 0:
            caps[names[line_id]] = min(in_all, ours) - misplaced
    return caps


def _over(
    names: Mapping[UUID, str], has: Mapping[tuple[UUID, UUID, UUID], int], want: Wanted
) -> dict[tuple[UUID, UUID], int]:
    """Units by (line id, warehouse id) that a warehouse has beyond what is asked of it."""
    over = {
        (line_id, warehouse): units - want.wished(names[line_id], warehouse)
        for (_, line_id, warehouse), units in has.items()
    }
    return {at: units for at, units in over.items() if units > 0}


async def _route_anew(work: Work, order_id: UUID) -> None:
    """The shop asks other warehouses now, so an order that found none may find one."""
    for hold in await holds_of(work, order_id):
        stuck = hold.reason == HoldReason.CANNOT_BE_ROUTED and hold.source == HoldSource.PLATFORM
        if stuck and hold.released_at is None:
            await release_order(work, order_id, hold.id)
    work.enqueue("fulfilment.route_orders", {"order_id": order_id})


async def _give_up_rejected(work: Work, order_id: UUID, stands: Sequence[Stand]) -> str:
    """Cancel the units that the warehouse asked for them rejected or could not find, since the shop wants them sent
    from nowhere else; gives what the shop is told about it."""
    services = {
        each.warehouse_id
        for each in stands
        if each.state is AssignmentState.OURS and each.kind is LocationKind.SERVICE and each.part.closable
    }
    rejected = {place: why for place, why in (await assigned.rejections(work, order_id)).items() if place in services}
    why = "The rest of it was cancelled in FulfilHub."
    if not rejected:
        return why
    left = {line.id: line.ordered - line.cancelled - line.allocated for line in await lines_of(work, order_id)}
    lost: dict[UUID, int] = {}
    for (line_id, place), units in (await open_wishes(work, [order_id])).get(order_id, {}).items():
        taken = min(units, left[line_id]) if place in rejected else 0
        if taken > 0:
            left[line_id] -= taken
            lost[line_id] = lost.get(line_id, 0) + taken
    reason = next(iter(rejected.values())).replace("_", " ")
    if lost:
        with suppress(Conflict):
            taken_off = [CancelLine(line_id, units) for line_id, units in sorted(lost.items())]
            await cancel(work, order_id, taken_off, by=AskedBy.STORE, note="The shop asked no other warehouse.")
    return f"The warehouse can't send it ({reason})."


async def _asked_back(work: Work, order_id: UUID, lines: Mapping[str, LineRow]) -> set[str]:
    """The lines of which a warehouse has been asked to give up units, and has not answered."""
    names = {line.id: name for name, line in lines.items()}
    return {
        names[line_id]
        for row in await lock_work_of_orders(work, [order_id])
        for request in row.requests
        if request.kind in (ChangeKind.CANCEL, ChangeKind.LINES)
        for line_id in request.asked.units
        if line_id in names
    }


async def _intend(work: Work, leg: Leg, answers: Sequence[Answer], stands: Sequence[Stand]) -> None:
    """Write down what the shop is about to be told."""
    recalls = {stand.part.id: stand.part.recalls for stand in stands}
    rows = [
        {
            "external_id": each.id,
            "recalls": recalls[each.id] if each.kind is AnswerKind.REFUSE_RECALL else 0,
            "code": None if each.why is None else str(each.why),
            "reason": each.message if each.kind in (AnswerKind.REFUSE, AnswerKind.GIVE_UP) else None,
            "up": each.kind is AnswerKind.GIVE_UP,
        }
        for each in answers
    ]
    if rows:
        await work.execute_raw(INTEND, work.account_id, leg.store.id, _json(rows))
