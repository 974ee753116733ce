"""Tickets: leased once, deleted with their effects, retried by one policy, kept when dead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from fulfilhub.platform import ids
from fulfilhub.platform.clock import utc_now
from fulfilhub.platform.jobs import deadletters
from fulfilhub.platform.jobs.relay import Relay
from fulfilhub.platform.jobs.runner import Runner, backoff
from fulfilhub.platform.jobs.tickets import REGISTRY, Run, Ticket, task
from fulfilhub.platform.scopes import Merchant, Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Handed, Works

MERCHANT = ids.new()


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    before = dict(REGISTRY)
    yield
    REGISTRY.clear()
    REGISTRY.update(before)


@pytest.fixture
async def runner(worker_works: Works, quick: Settings, vault: Vault) -> AsyncIterator[Runner]:
    async with httpx.AsyncClient() as client:
        yield Runner(worker_works, quick, vault, client)


async def queue(works: Works, kind: str, count: int = 1) -> list[UUID]:
    async with works.begin(Merchant(MERCHANT)) as work:
        for number in range(count):
            work.enqueue(kind, {"number": number})
    return work.handed[kind, MERCHANT]


async def waiting(works: Works) -> list[tuple[str, int, str | None]]:
    async with works.begin(Platform("test")) as work:
        rows = await work.db.execute(text("SELECT state, attempts, last_error FROM jobs ORDER BY id"))
        return [(row.state, row.attempts, row.last_error) for row in rows]


async def test_a_ticket_is_gone_with_its_effect(works: Works, worker_works: Works, runner: Runner) -> None:
    seen: list[object] = []

    @task("test.count")
    async def count(run: Run, tickets: Sequence[Ticket]) -> None:
        async with run.works.begin(Merchant(run.account_id)) as work:
            await work.finish(tickets)
        seen.extend(ticket.args["number"] for ticket in tickets)

    tickets = await queue(works, "test.count", 3)
    await asyncio.gather(*(runner.run("test.count", MERCHANT, tickets) for _ in range(4)))
    assert seen == [0, 1, 2]
    assert await waiting(worker_works) == []


async def test_small_messages_that_come_together_run_together(
    works: Works, worker_works: Works, runner: Runner
) -> None:
    sizes: list[int] = []

    @task("test.small", batch=8)
    async def small(run: Run, tickets: Sequence[Ticket]) -> None:
        sizes.append(len(tickets))
        async with run.works.begin(Merchant(run.account_id)) as work:
            await work.finish(tickets)

    tickets = await queue(works, "test.small", 30)
    await asyncio.gather(*(runner.run("test.small", MERCHANT, [ticket]) for ticket in tickets))
    assert sum(sizes) == 30
    assert max(sizes) == 8
    assert await waiting(worker_works) == []
    assert runner.lanes == {}


async def test_a_bad_ticket_never_sinks_its_batch(works: Works, worker_works: Works, runner: Runner) -> None:
    done: list[object] = []

    @task("test.picky")
    async def picky(run: Run, tickets: Sequence[Ticket]) -> None:
        async with run.works.begin(Merchant(run.account_id)) as work:
            await work.finish(tickets)
            if any(ticket.args["number"] == 1 for ticket in tickets):
                raise ValueError("number one is bad")
        done.extend(ticket.args["number"] for ticket in tickets)

    await runner.run("test.picky", MERCHANT, await queue(works, "test.picky", 3))
    assert done == [0, 2]
    assert await waiting(worker_works) == [("ready", 1, "ValueError: number one is bad")]


async def test_a_failing_ticket_dies_and_can_be_run_again(works: Works, worker_works: Works, runner: Runner) -> None:
    broken = [True]

    @task("test.broken", max_attempts=2)
    async def fail(run: Run, tickets: Sequence[Ticket]) -> None:
        if broken[0]:
            raise ValueError("no")
        async with run.works.begin(Merchant(run.account_id)) as work:
            await work.finish(tickets)

    tickets = await queue(works, "test.broken")
    for _ in range(2):
        async with worker_works.begin(Platform("test")) as work:
            await work.db.execute(text("UPDATE jobs SET due_at = :past"), {"past": work.now - timedelta(hours=1)})
        await runner.run("test.broken", MERCHANT, tickets)
    assert await waiting(worker_works) == [("dead", 2, "ValueError: no")]
    async with works.begin(Merchant(MERCHANT)) as work:
        assert [row.id for row in await deadletters.list_dead(work, None, 10)] == tickets
    async with works.begin(Merchant(ids.new())) as work:
        assert await deadletters.list_dead(work, None, 10) == []
        assert await deadletters.rerun(work, tickets) == 0
    async with works.begin(Merchant(MERCHANT)) as work:
        assert await deadletters.rerun(work, tickets) == 1
    broken[0] = False
    await runner.run("test.broken", MERCHANT, tickets)
    assert await waiting(worker_works) == []


async def test_late_work_with_a_lost_lease_leaves_no_trace(
    works: Works, worker_works: Works, quick: Settings, runner: Runner
) -> None:
    stuck, go = asyncio.Event(), asyncio.Event()
    calls = [0]

    @task("test.slow")
    async def slow(run: Run, tickets: Sequence[Ticket]) -> None:
        calls[0] += 1
        if calls[0] == 1:
            stuck.set()
            await go.wait()
        async with run.works.begin(Merchant(run.account_id)) as work:
            work.enqueue("test.after", {})
            await work.finish(tickets)

    tickets = await queue(works, "test.slow")
    first = asyncio.create_task(runner.run("test.slow", MERCHANT, tickets))
    await stuck.wait()
    async with worker_works.begin(Platform("the first worker's lease ran out")) as work:
        await work.db.execute(text("UPDATE jobs SET lease_until = :past"), {"past": work.now - timedelta(hours=1)})
    await runner.run("test.slow", MERCHANT, tickets)
    go.set()
    await first
    async with worker_works.begin(Platform("test")) as work:
        assert (await work.db.execute(text("SELECT count(*) FROM jobs WHERE kind = 'test.after'"))).scalar_one() == 1


async def test_the_relay_hands_over_what_nobody_holds(works: Works, worker_works: Works) -> None:
    sent: list[Handed] = []
    relay = Relay(worker_works, sent.append, {}, 0.1)
    tickets = await queue(works, "test.lost", 2)
    assert await relay.hand_over() == 0, "fresh tickets were handed over at the commit"
    async with worker_works.begin(Platform("the message was lost")) as work:
        await work.db.execute(text("UPDATE jobs SET next_at = :past"), {"past": work.now - timedelta(hours=1)})
    assert await relay.hand_over() == 2
    assert {key: sorted(value) for key, value in sent[0].items()} == {("test.lost", MERCHANT): sorted(tickets)}
    assert await relay.hand_over() == 0


async def test_schedules_become_tickets(works: Works, worker_works: Works) -> None:
    now = [utc_now()]
    worker_works.clock = lambda: now[0]
    relay = Relay(worker_works, lambda handed: None, {"test.nightly": "0 3 * * *"}, 0.1)
    await relay._keep_schedules()
    assert await waiting(worker_works) == []
    now[0] += timedelta(days=1)
    await relay._keep_schedules()
    await relay._keep_schedules()
    assert await waiting(worker_works) == [("ready", 0, None)]


@pytest.mark.parametrize("attempts", [1, 5, 12, 500])
def test_backoff_grows_to_an_hour(attempts: int) -> None:
    assert 0 < backoff(attempts, 0.0) <= backoff(attempts, 1.0) <= 5400
    assert backoff(attempts, 0.5) <= backoff(attempts + 1, 0.5)
