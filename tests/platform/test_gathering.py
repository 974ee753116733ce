"""Calls that share transactions: each with its own verdict and key, and none lost or done twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from fulfilhub.platform import ids
from fulfilhub.platform.audit import Doing
from fulfilhub.platform.errors import Conflict, FulfilHubError, Invalid, Unavailable
from fulfilhub.platform.events import Fact
from fulfilhub.platform.gathering import MOST, Gathering
from fulfilhub.platform.idempotency import IdempotentOnce, Replayed
from fulfilhub.platform.scopes import Merchant
from fulfilhub.platform.work import Work, Works


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted(Fact):
    TYPE: ClassVar[str] = "test.noted"
    order_id: UUID
    number: int


@dataclass(frozen=True, slots=True)
class Note:
    """A call that leaves its number in the log."""

    number: int
    once: IdempotentOnce | None = None


@dataclass
class Notes:
    """What notes do, and how many went together each time. `trouble` may raise before anything is written."""

    trouble: Callable[[Work, Sequence[Note]], None] | None = None
    sizes: list[int] | None = None

    async def act(self, work: Work, notes: Sequence[Note]) -> list[int | FulfilHubError]:
        if self.sizes is not None:
            self.sizes.append(len(notes))
        verdicts: list[int | FulfilHubError] = []
        for note in notes:
            if note.number < 0:
                verdicts.append(Invalid("Less than nothing."))
                continue
            work.publish(Noted(order_id=ids.new(), number=note.number))
            if note.once is not None:
                note.once.remember(201, {}, str(note.number).encode())
            verdicts.append(note.number)
        if self.trouble is not None:
            await work._flush()
            self.trouble(work, notes)
        return verdicts


async def noted(works: Works, scope: Merchant) -> list[int]:
    """What the log holds."""
    async with works.begin(scope) as work:
        rows = await work.fetch_raw("SELECT (data->>'number')::int FROM events WHERE type = 'test.noted' ORDER BY 1")
    return [row[0] for row in rows]


def key(name: str, body: str = "same") -> IdempotentOnce:
    return IdempotentOnce(name, body.encode(), 24)


async def verdicts(gathering: Gathering[Note, int], scope: Merchant, *notes: Note) -> list[int | BaseException]:
    return await asyncio.gather(*(gathering.call(scope, note) for note in notes), return_exceptions=True)


async def test_those_that_come_together_go_together_and_each_hears_its_own(works: Works) -> None:
    scope, notes = Merchant(ids.new()), Notes(sizes=[])
    gathering = Gathering(works, notes.act)
    made = await verdicts(gathering, scope, *(Note(number) for number in range(250)))
    assert made == list(range(250))
    assert notes.sizes == [MOST, MOST, 50]
    assert await noted(works, scope) == list(range(250))


async def test_callers_who_were_just_answered_are_waited_for(works: Works) -> None:
    scope, notes = Merchant(ids.new()), Notes(sizes=[])
    gathering = Gathering(works, notes.act, patience=60)

    async def caller(number: int) -> None:
        for _ in range(3):
            await gathering.call(scope, Note(number))

    await asyncio.gather(*(caller(number) for number in range(4)))
    assert notes.sizes == [4, 4, 4]


async def test_who_calls_alone_waits_for_nobody(works: Works) -> None:
    gathering = Gathering(works, Notes().act, patience=60)
    for number in range(3):
        await gathering.call(Merchant(ids.new()), Note(number))
    await asyncio.sleep(0)
    assert not gathering._lanes


async def test_who_does_not_come_back_is_not_waited_for_long(works: Works) -> None:
    gathering = Gathering(works, Notes().act, patience=0.001)
    scope = Merchant(ids.new())
    await verdicts(gathering, scope, Note(1), Note(2))
    await asyncio.gather(*gathering._running)
    assert not gathering._lanes
    assert await noted(works, scope) == [1, 2]


async def test_each_account_has_its_own_transactions(works: Works) -> None:
    mine, other = Merchant(ids.new()), Merchant(ids.new())
    gathering = Gathering(works, Notes().act)
    made = await asyncio.gather(*(gathering.call(mine if n % 2 else other, Note(n)) for n in range(10)))
    assert made == list(range(10))
    assert await noted(works, mine) == [1, 3, 5, 7, 9]
    assert await noted(works, other) == [0, 2, 4, 6, 8]


async def test_a_refused_call_keeps_none_back(works: Works) -> None:
    scope, gathering = Merchant(ids.new()), Gathering(works, Notes().act)
    await gathering.call(scope, Note(1, key("known")))
    made = await verdicts(
        gathering,
        scope,
        Note(2, key("new")),
        Note(3, key("known")),
        Note(4, key("known", "another body")),
        Note(-5, key("bad")),
        Note(6, key("new")),
        Note(7),
    )
    assert [type(each) for each in made] == [int, Replayed, Conflict, Invalid, Conflict, int]
    assert isinstance(made[1], Replayed)
    assert made[1].body == b"1"
    assert await noted(works, scope) == [1, 2, 7]
    again = await verdicts(
        gathering, scope, Note(2, key("new")), Note(8, key("bad")), Note(4, key("known", "another body"))
    )
    assert [type(each) for each in again] == [Replayed, int, Invalid]
    assert await noted(works, scope) == [1, 2, 7, 8]


async def test_one_that_breaks_the_transaction_breaks_only_its_own(works: Works) -> None:
    def break_at_seven(work: Work, notes: Sequence[Note]) -> None:
        if any(note.number == 7 for note in notes):
            raise ZeroDivisionError

    scope, notes = Merchant(ids.new()), Notes(break_at_seven, [])
    made = await verdicts(Gathering(works, notes.act), scope, *(Note(n, key(str(n))) for n in range(10)))
    assert [type(each) for each in made] == [ZeroDivisionError if n == 7 else int for n in range(10)]
    assert notes.sizes == [10] + [1] * 10
    assert await noted(works, scope) == [n for n in range(10) if n != 7]
    second = await verdicts(Gathering(works, Notes().act), scope, *(Note(n, key(str(n))) for n in (6, 7)))
    assert [type(each) for each in second] == [Replayed, int]


async def test_a_connection_lost_in_the_middle_loses_nothing_and_doubles_nothing(works: Works) -> None:
    cut: list[int] = []

    def hang_up(work: Work, notes: Sequence[Note]) -> None:
        if not cut:
            cut.append(len(notes))
            work._driver.terminate()

    scope = Merchant(ids.new())
    made = await verdicts(Gathering(works, Notes(hang_up).act), scope, *(Note(n, key(str(n))) for n in range(20)))
    assert cut == [20]
    assert made == list(range(20))
    assert await noted(works, scope) == list(range(20))


async def test_each_call_that_had_its_effects_has_its_row_in_the_audit_log(works: Works) -> None:
    def break_at_seven(work: Work, notes: Sequence[Note]) -> None:
        if any(note.number == 7 for note in notes):
            raise ZeroDivisionError

    account_id, notes = ids.new(), Notes(break_at_seven, [])
    doings = {n: Doing("note", 201, f"note-{n}", f"req-{n}", None) for n in (1, 2, -3, 4, 7)}
    scopes = {n: Merchant(account_id, "key_1", doing) for n, doing in doings.items()}
    for wanted in ((1, 2, -3), (4, 7)):
        gathering = Gathering(works, notes.act)
        await asyncio.gather(*(gathering.call(scopes[n], Note(n)) for n in wanted), return_exceptions=True)
    assert notes.sizes == [3, 2, 1, 1]
    async with works.begin(Merchant(account_id)) as work:
        rows = await work.fetch_raw("SELECT actor, entity, request_id FROM audit_log ORDER BY entity")
    assert [tuple(row) for row in rows] == [("key_1", f"note-{n}", f"req-{n}") for n in (1, 2, 4)]
    assert {n for n, doing in doings.items() if doing.kept} == {1, 2, 4}


async def test_a_caller_that_goes_away_neither_stops_its_call_nor_the_others(works: Works) -> None:
    scope, gathering = Merchant(ids.new()), Gathering(works, Notes().act)
    calls = [asyncio.create_task(gathering.call(scope, Note(n))) for n in range(3)]
    await asyncio.sleep(0)
    calls[1].cancel()
    assert [type(each) for each in await asyncio.gather(*calls, return_exceptions=True)] == [
        int,
        asyncio.CancelledError,
        int,
    ]
    assert await noted(works, scope) == [0, 1, 2]


async def test_calls_about_the_same_thing_never_share_a_transaction(works: Works) -> None:
    scope, notes = Merchant(ids.new()), Notes(sizes=[])
    gathering = Gathering(works, notes.act, lambda note: note.number)
    assert await verdicts(gathering, scope, *(Note(n) for n in (1, 1, 2, 1))) == [1, 1, 2, 1]
    assert notes.sizes == [2, 1, 1]


async def test_without_a_database_all_hear_so_at_once() -> None:
    nowhere = create_async_engine("postgresql+asyncpg://nobody@127.0.0.1:1/none")
    notes = Notes(sizes=[])
    made = await verdicts(Gathering(Works(nowhere, {}), notes.act), Merchant(ids.new()), Note(1), Note(2))
    assert [type(each) for each in made] == [Unavailable, Unavailable]
    assert notes.sizes == []
    await nowhere.dispose()


@pytest.mark.parametrize("together", [2, 40])
async def test_two_processes_with_the_same_keys_do_each_once(works: Works, together: int) -> None:
    scope = Merchant(ids.new())
    here, there = Gathering(works, Notes().act), Gathering(works, Notes().act)
    made = await asyncio.gather(
        verdicts(here, scope, *(Note(n, key(str(n))) for n in range(together))),
        verdicts(there, scope, *(Note(n, key(str(n))) for n in reversed(range(together)))),
    )
    kinds = {type(each) for each in [*made[0], *made[1]]}
    assert kinds <= {int, Replayed, Conflict}
    assert await noted(works, scope) == list(range(together))
