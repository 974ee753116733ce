"""A store's turn: what is due is taken, told between two transactions, and written down as it ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from fulfilhub.platform import ids
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.work import Work
from fulfilhub.stores import queries
from fulfilhub.stores.adapters import adapter_for
from fulfilhub.stores.adapters.errands import News, Outcome, StockBatch, is_shut, trouble_of, wants_rest
from fulfilhub.stores.adapters.port import Connection, InDoubt, Refused, Retry
from fulfilhub.stores.commands import noticing, returning, stocking, updates
from fulfilhub.stores.commands.lanes import TURN, due_after, set_lane
from fulfilhub.stores.rules import StoreState
from fulfilhub.stores.rules.outgoing import DriftPolicy, NoticeKind, pause

SHIPMENTS = 8
RETURNS = 4
MILESTONES = 16
STATES = 16
"""So many of each go in one turn: states, which come in storms, never keep shipments waiting for longer than that."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn tells a store, written down and committed before the calls."""

    store_id: UUID
    turn_id: UUID
    connection: Connection
    shipments: list[updates.Intent] = field(default_factory=list)
    returns: list[noticing.Notice] = field(default_factory=list)
    milestones: list[noticing.Notice] = field(default_factory=list)
    states: list[noticing.Notice] = field(default_factory=list)
    stock: list[stocking.StockErrand] = field(default_factory=list)

    @property
    def news(self) -> list[News]:
        """All of it, shipments first, for `errands.run`."""
        return [
            *(each.news for each in self.shipments),
            *(each.news for each in self.returns),
            *(StockBatch(each.news) for each in self.stock),
            *(each.news for each in self.milestones),
            *(each.news for each in self.states),
        ]


async def take(work: Work, vault: Vault, store_id: UUID, turn_id: UUID, page: Callable[[UUID], str]) -> Turn | None:
    """What is due for a store. None when the turn is another's, or nothing can be told now; then the next turn, if
    there is to be one, is queued. `page` makes a customer's link of an order."""
    lane = await queries.lane(work, store_id, lock=True)
    if lane is None or lane.turn_id != turn_id:
        return None
    row = await queries.sealed_store(work, store_id)
    if row.store.state != StoreState.CONNECTED:
        await set_lane(work, store_id, turn_id=None, turn_due_at=None)
        return None
    connection = queries.connection(vault, row, work.now)
    turn = Turn(store_id, turn_id, connection)
    if lane.paused_until is None or lane.paused_until <= work.now:
        await _fill(work, turn, page, follows_stock=lane.follows_stock)
    if not turn.news:
        await _next(work, store_id, lane.paused_until)
        return None
    return turn


async def _fill(work: Work, turn: Turn, page: Callable[[UUID], str], *, follows_stock: bool) -> None:
    adapter, connection, store_id = adapter_for(turn.connection.platform), turn.connection, turn.store_id
    turn.shipments.extend(await updates.take_due(work, store_id, SHIPMENTS))
    if adapter.shows_returns(connection):
        turn.returns.extend(await noticing.take_due(work, store_id, NoticeKind.RETURN, RETURNS, page))
    if adapter.shows_milestones(connection):
        turn.milestones.extend(await noticing.take_due(work, store_id, NoticeKind.MILESTONE, MILESTONES, page))
    if adapter.shows_states(connection):
        turn.states.extend(await noticing.take_due(work, store_id, NoticeKind.STATE, STATES, page))
    if follows_stock:
        drift = DriftPolicy(queries.settings_of(await queries.get_store(work, store_id)).stock_drift)
        stock = await stocking.take_due(work, store_id, adapter.stock_at_once(connection), drift)
        turn.stock.extend([stock] if stock is not None else [])


async def conclude(work: Work, turn: Turn, outcomes: Sequence[Outcome | None], *, tries: int, spread: float) -> None:
    """Write down how it ended, and queue the next turn. A store that wants rest gets it, longer each time; any answer
    of it ends that. A turn that took too long and was given to another only writes down what it did."""
    lane = await queries.lane(work, turn.store_id, lock=True)
    if lane is None:
        return
    rest = _rest(work, lane.failures, outcomes, spread)
    left = iter(outcomes)
    told_shipments = [(each, next(left)) for each in turn.shipments]
    told_returns = [(each, next(left)) for each in turn.returns]
    told_stock = [(each, next(left)) for each in turn.stock]
    told_milestones = [(each, next(left)) for each in turn.milestones]
    told_states = [(each, next(left)) for each in turn.states]
    await updates.conclude(work, turn.store_id, told_shipments, tries=tries, rest=rest, spread=spread)
    told = told_returns + told_milestones + told_states
    await noticing.conclude(work, told, tries=tries, rest=rest, spread=spread)
    if adapter_for(turn.connection.platform).begins_returns:
        await returning.note_told(work, turn.store_id, told_returns)
    for errand, outcome in told_stock:
        await stocking.conclude(work, errand, outcome, tries=tries, rest=rest, spread=spread)
    await _health(work, turn.store_id, lane.failures, outcomes, rest)
    if lane.turn_id == turn.turn_id:
        await _next(work, turn.store_id, rest)


def _rest(work: Work, failures: int, outcomes: Sequence[Outcome | None], spread: float) -> datetime | None:
    asked = [
        trouble.after if isinstance(trouble, InDoubt | Retry) else 0.0
        for outcome in outcomes
        if (wants_rest(outcome) or is_shut(outcome)) and (trouble := trouble_of(outcome)) is not None
    ]
    return work.now + pause(failures + 1, max(asked), spread) if asked else None


async def _health(
    work: Work, store_id: UUID, failures: int, outcomes: Sequence[Outcome | None], rest: datetime | None
) -> None:
    good = any(outcome is not None and trouble_of(outcome) is None for outcome in outcomes)
    values: dict[str, object] = {"told_at": work.now} if good else {}
    if rest is not None:
        blamed = next(
            trouble
            for outcome in outcomes
            if (wants_rest(outcome) or is_shut(outcome)) and (trouble := trouble_of(outcome)) is not None
        )
        values |= {"failures": failures + 1, "failed_at": work.now, "paused_until": rest, "reason": blamed.reason}
        values |= {"code": blamed.code if isinstance(blamed, Refused) else "unreachable"}
    elif any(outcome is not None for outcome in outcomes):
        values |= {"failures": 0, "paused_until": None, "code": None, "reason": None}
    if values:
        await set_lane(work, store_id, **values)


async def _next(work: Work, store_id: UUID, paused_until: datetime | None) -> None:
    due = due_after(await queries.next_due(work, store_id), work.now, paused_until)
    turn_id = None if due is None else ids.new()
    if due is not None:
        work.enqueue(TURN, {"store_id": store_id, "turn_id": turn_id}, due)
    await set_lane(work, store_id, turn_id=turn_id, turn_due_at=due)
