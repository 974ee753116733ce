"""The unit of work: all or nothing, one scope, honest about a COMMIT that fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, Invalid
from fulfilhub.platform.events import Fact
from fulfilhub.platform.idempotency import IdempotentOnce, Replayed
from fulfilhub.platform.jobs.relay import Relay
from fulfilhub.platform.scopes import Merchant, Nobody, Platform
from fulfilhub.platform.work import Works


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened(Fact):
    TYPE: ClassVar[str] = "test.happened"
    order_id: UUID


async def count(works: Works, table: str) -> int:
    async with works.begin(Platform("test")) as work:
        return int((await work.db.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())  # noqa: S608


async def test_facts_and_tickets_commit_with_the_work(works: Works, worker_works: Works) -> None:
    works._wiring = {Happened: ("some.job",)}
    async with works.begin(Merchant(ids.new())) as work:
        work.publish(Happened(order_id=ids.new()))
    assert await count(worker_works, "events") == 1
    assert await count(worker_works, "jobs") == 1
    assert list(work.handed) == [("some.job", work.account_id)]


async def test_an_error_leaves_nothing(works: Works, worker_works: Works) -> None:
    with pytest.raises(ZeroDivisionError):
        async with works.begin(Merchant(ids.new())) as work:
            work.publish(Happened(order_id=ids.new()))
            await work._flush()
            raise ZeroDivisionError
    assert await count(worker_works, "events") == 0


async def test_a_swallowed_database_error_never_looks_committed(works: Works) -> None:
    with pytest.raises(RuntimeError, match="nothing was stored"):
        async with works.begin(Merchant(ids.new())) as work:
            with pytest.raises(ProgrammingError):
                await work.db.execute(text("SELECT * FROM nowhere"))


async def test_what_is_read_is_all_of_one_moment(works: Works) -> None:
    scope, count_events = Merchant(ids.new()), text("SELECT count(*) FROM events")
    async with works.reading(scope) as reading:
        async with works.begin(scope) as work:
            work.publish(Happened(order_id=ids.new()))
        assert (await reading.db.execute(count_events)).scalar_one() == 0
        async with works.reading(scope) as later:
            assert (await later.db.execute(count_events)).scalar_one() == 1
        assert (await reading.db.execute(count_events)).scalar_one() == 0


async def test_reading_cannot_write(works: Works, worker_works: Works) -> None:
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with works.reading(Merchant(ids.new())) as work:
            work.publish(Happened(order_id=ids.new()))
    assert await count(worker_works, "events") == 0
    async with works.engine.connect() as bare:  # the connection writes again afterwards
        assert (await bare.execute(text("SHOW transaction_read_only"))).scalar_one() == "off"


async def test_one_merchant_never_sees_anothers_rows(works: Works) -> None:
    mine, other = Merchant(ids.new()), Merchant(ids.new())
    async with works.begin(mine) as work:
        work.publish(Happened(order_id=ids.new()))
    async with works.begin(other) as work:
        assert (await work.db.execute(text("SELECT count(*) FROM events"))).scalar_one() == 0
    async with works.begin(mine) as work:
        assert (await work.db.execute(text("SELECT count(*) FROM events"))).scalar_one() == 1


async def test_no_scope_sees_nothing_and_the_api_cannot_take_the_platforms(works: Works) -> None:
    async with works.engine.connect() as bare:
        with pytest.raises(ProgrammingError, match="permission denied"):
            await bare.execute(text("SELECT * FROM events"))
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with works.begin(Nobody()) as work:
            await work.db.execute(text("SELECT * FROM events"))
    with pytest.raises(Exception, match="permission denied to set role"):
        async with works.begin(Platform("not allowed")):
            pass


async def test_the_role_does_not_outlive_the_transaction(works: Works) -> None:
    async with works.begin(Merchant(ids.new())):
        pass
    async with works.engine.connect() as bare:
        row = (await bare.execute(text("SELECT current_user, current_setting('app.account_id', true)"))).one()
        assert row == ("fulfilhub_api", "")


async def test_act_for_writes_the_merchants_rows_and_comes_back(works: Works, worker_works: Works) -> None:
    merchant = ids.new()
    async with works.begin(Merchant(ids.new(), "key_1")) as work:
        async with work.act_for(merchant):
            work.publish(Happened(order_id=ids.new()))
        work.publish(Happened(order_id=ids.new()))
        own = work.account_id
    async with worker_works.begin(Platform("test")) as check:
        rows = (await check.db.execute(text("SELECT account_id, actor FROM events"))).all()
    assert sorted(rows) == sorted([(merchant, "key_1"), (own, "key_1")])


async def test_the_sequencer_numbers_without_gaps_per_account(works: Works, worker_works: Works) -> None:
    relay = Relay(worker_works, lambda handed: None, {}, 0.1)
    accounts = [ids.new(), ids.new()]
    for account in accounts:
        for _ in range(3):
            async with works.begin(Merchant(account)) as work:
                work.publish(Happened(order_id=ids.new()), Happened(order_id=ids.new()))
        assert await relay.number_events() == 6
        assert await relay.number_events() == 0
    for account in accounts:
        async with works.begin(Merchant(account)) as work:
            seqs = (await work.db.execute(text("SELECT seq FROM events ORDER BY id"))).scalars().all()
        assert seqs == [1, 2, 3, 4, 5, 6]


async def test_an_idempotency_key_gives_the_first_answer_again(works: Works) -> None:
    scope = Merchant(ids.new())
    async with works.begin(scope, IdempotentOnce("k1", b"body", 24)) as work:
        work.remember(201, {"Location": "/x"}, b'{"a":1}')
    with pytest.raises(Replayed) as again:
        async with works.begin(scope, IdempotentOnce("k1", b"body", 24)):
            pytest.fail("must not run twice")
    assert (again.value.status, again.value.body) == (201, b'{"a":1}')
    with pytest.raises(Invalid):
        async with works.begin(scope, IdempotentOnce("k1", b"other body", 24)):
            pass
    async with works.begin(Merchant(ids.new()), IdempotentOnce("k1", b"body", 24)):
        pass  # another account's key is another key


async def test_the_same_key_at_once_runs_once(works: Works) -> None:
    scope = Merchant(ids.new())
    async with works.begin(scope, IdempotentOnce("k1", b"body", 24)) as work:
        work.remember(201, {}, b"{}")
        with pytest.raises(Conflict):
            async with works.begin(scope, IdempotentOnce("k1", b"body", 24)):
                pytest.fail("must not run beside the first")
