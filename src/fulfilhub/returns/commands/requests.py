"""Asking for a return, deciding on it, and ending it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from uuid import UUID

from sqlalchemy import insert

from fulfilhub.orders import queries as orders_queries
from fulfilhub.orders.commands import LineChange, count
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, FieldError, Invalid
from fulfilhub.platform.machines import Who
from fulfilhub.platform.scopes import Customer
from fulfilhub.platform.work import Work
from fulfilhub.returns import queries
from fulfilhub.returns.commands import moving
from fulfilhub.returns.commands.telling import tell_operator
from fulfilhub.returns.events import (
    ReturnApproved,
    ReturnCancelled,
    ReturnCompleted,
    ReturnDeclined,
    ReturnHandedOver,
    ReturnRequested,
    ReturnShippingSet,
)
from fulfilhub.returns.models import Return, ReturnLine
from fulfilhub.returns.queries import BoughtLine, LineRow, ReturnRow, Site
from fulfilhub.returns.rules import (
    LineToReturn,
    LineVerdict,
    ReturnDecision,
    ReturnOutcome,
    ReturnReason,
    ReturnState,
    ReturnVerb,
    answer_elsewhere,
    decide_return,
)
from fulfilhub.web.conditional import check_version


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Units of one order line that somebody wants to send back."""

    line_id: UUID
    quantity: int
    reason: ReturnReason = ReturnReason.CHANGED_MIND
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnShipping:
    """How goods come back: who carries them, the parcel's number with the address to follow it at, and the label's.
    Empty where it is not known."""

    carrier: str = ""
    tracking_number: str = ""
    tracking_url: str = ""
    label_url: str = ""


async def request(work: Work, order_id: UUID, asked: Sequence[Asked], note: str = "") -> UUID:
    """Ask for a return of delivered goods, as the merchant or as the order's customer (by the scope).

    Lines that the policy refuses are left out and kept in the return's `decision`; what it approves without a person
    is approved at once. Returns the new return's id. Raises NotFound, Invalid for lines that are not the order's,
    Conflict (`return_refused`) when no line may come back.
    """
    if not isinstance(work.scope, Customer):
        return await _request(work, order_id, asked, note, Who.MERCHANT)
    if work.scope.order_id != order_id:
        raise queries.no_order(order_id)
    # The link to the order entitles the customer to this much of the merchant's rights.
    async with work.act_for(work.account_id):
        made = await _request(work, order_id, asked, note, Who.CUSTOMER)
    return made


async def _request(work: Work, order_id: UUID, asked: Sequence[Asked], note: str, who: Who) -> UUID:
    await orders_queries.lock_orders(work, [order_id])
    order = await queries.order_of(work, order_id)
    bought = await queries.bought_lines(work, order_id)
    _check_lines(asked, bought)
    policy = await queries.policy_of(work)
    decision = decide_return(
        policy.policy,
        await queries.delivered_at(work, order_id),
        [_line_to_return(one, bought[one.line_id]) for one in asked],
        work.now,
        order.country,
    )
    if decision.outcome is ReturnOutcome.REFUSED:
        raise _refused(decision)
    return_id = ids.new()
    taken = [one for one, verdict in zip(asked, decision.lines, strict=True) if verdict.refusal is None]
    await _write(work, return_id, order_id, taken, bought, note, who, decision)
    asked_for = Counter[UUID]()
    for one in taken:
        asked_for[one.line_id] += one.quantity
    await count(work, [LineChange(order_id=order_id, line_id=k, return_requested=v) for k, v in asked_for.items()])
    work.publish(ReturnRequested(order_id=order_id, return_id=return_id, requested_by=who))
    if decision.outcome is ReturnOutcome.APPROVED:
        row = await queries.find_return(work, return_id)
        lines = (await queries.lines_of(work, [return_id]))[return_id]
        site = await _site(work, row, lines, policy.warehouse_id)
        if site is not None:
            await _approve(work, row, lines, site, Who.SYSTEM)
    return return_id


async def begun_elsewhere(
    work: Work, order_id: UUID, asked: Sequence[Asked], note: str, who: Who, *, agreed: bool
) -> UUID:
    """Take a return that began in the order's store. What the merchant agreed to there (`agreed`) is approved, whatever
    the policy says; what was asked for there gets the policy's answer, and a request that it refuses is kept as
    declined, so that the store can say so. Gives the return's id.

    Raises NotFound, Invalid for lines that are not the order's or when it can't be told where the goods should go,
    Conflict (`not_shipped`, `not_delivered`) while more is asked for than was sent or has arrived.
    """
    await orders_queries.lock_orders(work, [order_id])
    order = await queries.order_of(work, order_id)
    bought = await queries.bought_lines(work, order_id)
    _check_lines(asked, bought)
    policy = await queries.policy_of(work)
    lines = [_line_to_return(one, bought[one.line_id]) for one in asked]
    decision = decide_return(policy.policy, await queries.delivered_at(work, order_id), lines, work.now, order.country)
    outcome = ReturnOutcome.APPROVED if agreed else answer_elsewhere(decision)
    if outcome is None:
        raise Conflict("What is asked back has not arrived, by what FulfilHub knows.", code="not_delivered")
    wanted = Counter[UUID]()
    for one in asked:
        wanted[one.line_id] += one.quantity
    if outcome is not ReturnOutcome.REFUSED:
        _check_sent(wanted, bought)
    return_id = ids.new()
    doubts = [line.sentence for line in decision.lines if line.refusal is not None and not agreed]
    kept = decision if outcome is ReturnOutcome.REFUSED else replace(decision, outcome=outcome, lines=_agreed(decision))
    await _write(work, return_id, order_id, asked, bought, " ".join([note, *doubts]), who, kept)
    work.publish(ReturnRequested(order_id=order_id, return_id=return_id, requested_by=who))
    row = await queries.find_return(work, return_id)
    if outcome is ReturnOutcome.REFUSED:
        state = moving.step(row.state, ReturnVerb.DECLINE, Who.SYSTEM)
        reason = next(line.sentence for line in decision.lines if line.refusal is not None)
        ended = {"decided_by": "policy", "decided_at": work.now, "ended_at": work.now}
        await moving.put(work, row, state, {"decline_reason": reason, **ended})
        work.publish(ReturnDeclined(order_id=order_id, return_id=return_id))
        return return_id
    await count(work, [LineChange(order_id=order_id, line_id=k, return_requested=v) for k, v in wanted.items()])
    if outcome is ReturnOutcome.APPROVED:
        mine = (await queries.lines_of(work, [return_id]))[return_id]
        site = await _site(work, row, mine, policy.warehouse_id)
        if site is not None:
            await _approve(work, row, mine, site, Who.MERCHANT if agreed else Who.SYSTEM)
    return return_id


async def set_shipping(work: Work, return_id: UUID, shipping: ReturnShipping, version: int | None) -> None:
    """Say how the goods come back; the whole of it, as often as it changes. Raises NotFound, Stale, Conflict for a
    return that is over."""
    row, _ = await _locked(work, return_id, version)
    if row.ended_at is not None:
        raise Conflict(f"This return is {row.state}.", code="return_over", more={"state": row.state})
    new = asdict(shipping)
    if any(getattr(row, name) != value for name, value in new.items()):
        await moving.put(work, row, ReturnState(row.state), new)
        work.publish(ReturnShippingSet(order_id=row.order_id, return_id=row.id))


async def approve(work: Work, return_id: UUID, warehouse_id: UUID | None, version: int | None) -> None:
    """Approve a request: the warehouse (by default the policy's, or the one that sent the goods) is told to expect it.

    Raises NotFound, Stale, Conflict (`illegal_action`), and Invalid when it can't be told where the goods should go.
    """
    row, lines = await _locked(work, return_id, version)
    moving.step(row.state, ReturnVerb.APPROVE, Who.MERCHANT)
    wanted = warehouse_id or (await queries.policy_of(work)).warehouse_id
    site = await _site(work, row, lines, wanted)
    if site is None or (warehouse_id is not None and site.warehouse_id != warehouse_id):
        detail = "Name a warehouse of yours, or one you have a contract for."
        raise Invalid(detail, fields=[FieldError("/warehouse_id", detail)])
    await _approve(work, row, lines, site, Who.MERCHANT)


async def decline(work: Work, return_id: UUID, reason: str, version: int | None) -> None:
    """Decline a request; its units may be asked for again. Raises NotFound, Stale, Conflict."""
    row, lines = await _locked(work, return_id, version)
    state = moving.step(row.state, ReturnVerb.DECLINE, Who.MERCHANT)
    await moving.put(
        work,
        row,
        state,
        {"decline_reason": reason, "decided_by": work.actor, "decided_at": work.now, "ended_at": work.now},
    )
    await _free(work, row, lines)
    work.publish(ReturnDeclined(order_id=row.order_id, return_id=row.id))


async def cancel(work: Work, return_id: UUID, version: int | None = None) -> None:
    """Nothing will be sent back after all, says the merchant or the order's customer (by the scope).

    Raises NotFound, Stale, Conflict (`illegal_action`) once it is on its way.
    """
    if not isinstance(work.scope, Customer):
        await _cancel(work, return_id, version, Who.MERCHANT)
        return
    await queries.find_return(work, return_id)  # row security: only the customer's own order's
    async with work.act_for(work.account_id):
        await _cancel(work, return_id, version, Who.CUSTOMER)


async def hand_over(work: Work, return_id: UUID, version: int | None) -> None:
    """The goods are on their way. Raises NotFound, Stale, Conflict."""
    row, _ = await _locked(work, return_id, version)
    await moving.put(work, row, moving.step(row.state, ReturnVerb.HAND_OVER, Who.MERCHANT))
    tell_operator(work, row.operator_id, row.id)
    work.publish(ReturnHandedOver(order_id=row.order_id, return_id=row.id))


async def complete(work: Work, return_id: UUID, version: int | None) -> None:
    """Nothing more is awaited: units that never came may be asked for again.

    Raises NotFound, Stale, Conflict when units wait for their inspection.
    """
    row, lines = await _locked(work, return_id, version)
    state = moving.step(row.state, ReturnVerb.COMPLETE, Who.MERCHANT)
    if any(line.counts.to_inspect for line in lines):
        raise Conflict("Units that arrived have not been inspected yet.", code="not_inspected")
    await moving.put(work, row, state, {"ended_at": work.now})
    await _free(work, row, lines)
    tell_operator(work, row.operator_id, row.id)
    work.publish(ReturnCompleted(order_id=row.order_id, return_id=row.id))


async def _cancel(work: Work, return_id: UUID, version: int | None, who: Who) -> None:
    row, lines = await _locked(work, return_id, version)
    await moving.put(work, row, moving.step(row.state, ReturnVerb.CANCEL, who), {"ended_at": work.now})
    await _free(work, row, lines)
    tell_operator(work, row.operator_id, row.id)
    work.publish(ReturnCancelled(order_id=row.order_id, return_id=row.id))


async def _approve(work: Work, row: ReturnRow, lines: Sequence[LineRow], site: Site, who: Who) -> None:
    state = moving.step(row.state, ReturnVerb.APPROVE, who)
    await moving.send_to(work, row, site, state, lines)
    await moving.put(
        work,
        row,
        state,
        {
            "warehouse_id": site.warehouse_id,
            "operator_id": site.operator_id,
            "decided_by": work.actor if who is Who.MERCHANT else "policy",
            "decided_at": work.now,
        },
    )
    tell_operator(work, site.operator_id, row.id, new=True)
    work.publish(ReturnApproved(order_id=row.order_id, return_id=row.id, warehouse_id=site.warehouse_id))


async def _locked(work: Work, return_id: UUID, version: int | None) -> tuple[ReturnRow, list[LineRow]]:
    row, lines = await moving.lock(work, return_id)
    check_version(version, row.version)
    return row, lines


async def _site(work: Work, row: ReturnRow, lines: Sequence[LineRow], wanted: UUID | None) -> Site | None:
    """The wanted warehouse while the merchant may use it, else the one that sent the goods."""
    named = await queries.site(work, wanted) if wanted is not None else None
    return named or await queries.sender_of(work, row.order_id, [line.order_line_id for line in lines])


async def _free(work: Work, row: ReturnRow, lines: Sequence[LineRow]) -> None:
    """Let what will not come back (any more) be asked for again."""
    missing = Counter[UUID]()
    for line in lines:
        missing[line.order_line_id] += line.advised - line.received
    await count(
        work,
        [LineChange(order_id=row.order_id, line_id=k, return_requested=-v) for k, v in missing.items() if v],
    )


async def _write(
    work: Work,
    return_id: UUID,
    order_id: UUID,
    taken: Sequence[Asked],
    bought: dict[UUID, BoughtLine],
    note: str,
    who: Who,
    decision: ReturnDecision,
) -> None:
    await work.db.execute(
        insert(Return).values(
            merchant_id=work.account_id,
            id=return_id,
            order_id=order_id,
            state=ReturnState.REQUESTED,
            requested_by=who,
            note=note,
            decision=_kept(decision),
            created_at=work.now,
            updated_at=work.now,
        )
    )
    lines = [(one, bought[one.line_id]) for one in taken]
    await work.db.execute(
        insert(ReturnLine),
        [
            {
                "merchant_id": work.account_id,
                "return_id": return_id,
                "id": ids.new(),
                "order_id": order_id,
                "order_line_id": one.line_id,
                "product_id": line.product_id,
                "sku": line.sku,
                "title": line.title,
                "reason": one.reason,
                "note": one.note,
                "advised": one.quantity,
            }
            for one, line in lines
        ],
    )


def _check_lines(asked: Sequence[Asked], bought: dict[UUID, BoughtLine]) -> None:
    detail = "Must be a line of this order."
    unknown = [
        FieldError(f"/lines/{place}/line_id", detail) for place, one in enumerate(asked) if one.line_id not in bought
    ]
    if unknown:
        raise Invalid(detail, fields=unknown)


def _check_sent(wanted: Mapping[UUID, int], bought: Mapping[UUID, BoughtLine]) -> None:
    for line_id, units in wanted.items():
        free = bought[line_id].shipped - bought[line_id].return_requested
        if units > free:
            detail = f"No more than {max(free, 0)} of {bought[line_id].sku} were sent and not asked back before."
            raise Conflict(detail, code="not_shipped")


def _agreed(decision: ReturnDecision) -> tuple[LineVerdict, ...]:
    return tuple(LineVerdict(line.line_id, line.quantity) for line in decision.lines)


def _line_to_return(asked: Asked, line: BoughtLine) -> LineToReturn:
    return LineToReturn(
        line_id=asked.line_id,
        quantity=asked.quantity,
        delivered=line.delivered,
        return_requested=line.return_requested,
        reason=asked.reason,
    )


def _kept(decision: ReturnDecision) -> dict[str, object]:
    return {
        "outcome": str(decision.outcome),
        "window_ends": decision.window_ends.isoformat() if decision.window_ends else None,
        "lines": [
            {
                "line_id": ids.ORDER_LINE.show(line.line_id),
                "quantity": line.quantity,
                "refusal": str(line.refusal) if line.refusal else None,
                "sentence": line.sentence,
            }
            for line in decision.lines
        ],
    }


def _refused(decision: ReturnDecision) -> Conflict:
    return Conflict(
        "None of this can be sent back.",
        code="return_refused",
        fields=[
            FieldError(f"/lines/{place}", line.sentence, str(line.refusal)) for place, line in enumerate(decision.lines)
        ],
    )
