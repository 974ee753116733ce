"""The unit of work: one transaction per use case, opened in sight, with its scope, facts and tickets.

`async with works.begin(scope) as work:` commits at the end of the block and rolls back when it raises.
A COMMIT that fails raises, so no caller ever answers "done" for something that was not.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from fulfilhub.platform import ids
from fulfilhub.platform.audit import Doing
from fulfilhub.platform.clock import Clock, utc_now
from fulfilhub.platform.errors import FulfilHubError, Unavailable
from fulfilhub.platform.events import Fact
from fulfilhub.platform.scopes import Merchant, Nobody, Operator, Partner, Platform, Scope, settings_of

if TYPE_CHECKING:
    from fulfilhub.platform.jobs.tickets import Ticket

Driver = asyncpg.Connection
Handed = Mapping[tuple[str, UUID], list[UUID]]
"""Tickets to hand over after the commit: (kind, account) -> ticket ids."""

Job = tuple[str, Mapping[str, object], datetime]
"""A ticket to be queued: kind, arguments, when it is due."""

CARRY_OVER = "jobs.pass_on"
"""The kind of ticket that carries another into another account's queue."""

CARRIED_AHEAD = timedelta(seconds=1)

TELL = """
WITH told AS (
    INSERT INTO events (account_id, id, type, subject_id, data, actor, occurred_at)
    SELECT $1, e.id, e.type, e.subject, e.data::jsonb, $2, $3
    FROM unnest($4::uuid[], $5::text[], $6::uuid[], $7::text[]) AS e (id, type, subject, data)
)
"""
AUDIT = """
, audited AS (
    INSERT INTO audit_log (account_id, at, id, actor, action, entity, status, request_id, address)
    SELECT $1, $3, a.id, $2, a.action, a.entity, a.status, a.request_id, a.address
    FROM unnest($13::uuid[], $14::text[], $15::text[], $16::int[], $17::text[], $18::text[])
         AS a (id, action, entity, status, request_id, address)
)
"""
QUEUE = """
INSERT INTO jobs (account_id, id, kind, args, due_at, next_at, created_at, handed)
SELECT $1, j.id, j.kind, j.args::jsonb, j.due, j.due + interval '15 seconds' * j.handed, $3, j.handed
FROM unnest($8::uuid[], $9::text[], $10::text[], $11::timestamptz[], $12::int[]) AS j (id, kind, args, due, handed)
"""
FLUSH = TELL + QUEUE
FLUSH_AUDITED = TELL + AUDIT + QUEUE

BEGIN = "BEGIN; "
BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; "
FINISH = "DELETE FROM jobs WHERE account_id = $1 AND lease_id = $2 AND id = ANY ($3)"


class LeaseLost(Exception):
    """The tickets were given to another worker meanwhile: this transaction must leave no trace."""


class Once(Protocol):
    """What `begin` needs of an Idempotency-Key (see `platform.idempotency`)."""

    async def enter(self, driver: Driver, account_id: UUID) -> None: ...

    async def leave(self, driver: Driver, account_id: UUID, now: datetime) -> None: ...

    def remember(self, status: int, headers: Mapping[str, str], body: bytes) -> None: ...


class Work:
    """One open transaction. Commands take it first; they never commit and never call out."""

    def __init__(
        self,
        db: AsyncConnection,
        driver: Driver,
        scope: Scope,
        now: datetime,
        wiring: Mapping[type[Fact], tuple[str, ...]],
        once: Once | None,
        *,
        reading: bool = False,
    ) -> None:
        self.db = db
        self.now = now
        self.scope = scope
        self.handed: dict[tuple[str, UUID], list[UUID]] = {}
        self._driver = driver
        self._wiring = wiring
        self._once = once
        self._begin = BEGIN_READING if reading else BEGIN
        self._facts: list[Fact] = []
        self._jobs: list[Job] = []
        self._done: list[Doing] = []

    @property
    def account_id(self) -> UUID:
        """The account whose rows this work touches (the merchant's, within `act_for`)."""
        if isinstance(self.scope, Platform | Nobody):
            raise LookupError("This scope has no account.")
        return self.scope.account_id

    @property
    def actor(self) -> str:
        """Who acts, as ledgers and events keep it."""
        return self.scope.actor

    def publish(self, *facts: Fact) -> None:
        """Tell the log, and queue a ticket for each task that `wiring` says hears the fact."""
        self._facts.extend(facts)
        for fact in facts:
            for kind in self._wiring.get(type(fact), ()):
                self.enqueue(kind, fact.data())

    def enqueue(self, kind: str, args: Mapping[str, object], due_at: datetime | None = None) -> None:
        """Queue one ticket, due at once or later; it exists only if this work commits."""
        self._jobs.append((kind, args, due_at or self.now))

    def pass_on(self, account_id: UUID, kind: str, args: Mapping[str, object], due_at: datetime | None = None) -> None:
        """Queue one ticket for another account, to be run in its scope: a ticket of our own carries it there, since
        nobody but the platform writes into others' queues. What is due later is carried shortly before, so that many
        go together."""
        due = due_at or self.now
        carried = {"account_id": account_id, "kind": kind, "args": args, "due_at": due}
        self.enqueue(CARRY_OVER, carried, max(self.now, due - CARRIED_AHEAD))

    def remember(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Keep the answer under the caller's Idempotency-Key, in this same transaction (without a key: nothing), and
        what the audit log says of it: the status, and the id of what was made."""
        doing = self._doing
        if doing is not None:
            doing.ended(status, headers)
        if self._once is not None:
            self._once.remember(status, headers, body)

    def account_for(self, doing: Doing) -> None:
        """Tell the audit log also of this call, one of several that share this work."""
        self._done.append(doing)

    def concerns(self, entity: str) -> None:
        """What the audit log names, where neither the request's address nor its answer's `Location` does."""
        doing = self._doing
        if doing is not None:
            doing.entity = entity

    def leave_no_trace(self) -> None:
        """This work changed nothing (there was nothing to claim): the audit log need not know."""
        doing = self._doing
        if doing is not None:
            doing.kept = True

    @asynccontextmanager
    async def act_for(self, merchant_id: UUID) -> AsyncIterator[None]:
        """Take a merchant's rights inside the same transaction. The caller must have locked and checked the
        document (work order, store door, order link) that makes this account entitled to it."""
        outer, facts, jobs = self.scope, self._facts, self._jobs
        self.scope, self._facts, self._jobs = Merchant(merchant_id, outer.actor), [], []
        await self._driver.execute(_set_scope(self.scope))
        yield
        await self._flush()
        self.scope, self._facts, self._jobs = outer, facts, jobs
        await self._driver.execute(_set_scope(outer))

    async def finish(self, tickets: Sequence[Ticket]) -> None:
        """Delete leased tickets together with this work's effects. Raises LeaseLost when any is no longer ours."""
        if not tickets:
            return
        status = await self._driver.execute(FINISH, tickets[0].account_id, tickets[0].lease_id, [t.id for t in tickets])
        if status != f"DELETE {len(tickets)}":
            raise LeaseLost(f"{tickets[0].kind}: lease lost before the work was done")

    async def enqueue_for(
        self, account_id: UUID, kind: str, args: Mapping[str, object], due_at: datetime | None = None
    ) -> None:
        """Queue a ticket for another account, due at once or later, from the platform scope only."""
        await self.enqueue_all_for(account_id, [(kind, args, due_at or self.now)])

    async def enqueue_all_for(self, account_id: UUID, jobs: Sequence[Job]) -> None:
        """Queue tickets (kind, arguments, when due) for another account, from the platform scope only."""
        if not isinstance(self.scope, Platform):
            raise LookupError("Only the platform scope queues work for other accounts.")
        await self._write(account_id, [], jobs)

    async def execute_raw(self, statement: str, *args: object) -> str:
        """Run one of the platform's own hot statements on the driver itself; returns the command tag."""
        return str(await self._driver.execute(statement, *args))

    async def fetch_raw(self, statement: str, *args: object) -> list[asyncpg.Record]:
        """Rows of one of the platform's own hot statements."""
        return list(await self._driver.fetch(statement, *args))

    @property
    def _doing(self) -> Doing | None:
        doing = self.scope.doing if isinstance(self.scope, Merchant | Partner | Operator) else None
        return None if doing is None or doing.kept else doing

    async def _flush(self, done: Sequence[Doing] = ()) -> None:
        if not self._facts and not self._jobs and not done:
            return
        await self._write(self.account_id, self._facts, self._jobs, done)
        self._facts, self._jobs = [], []

    async def _write(
        self,
        account: UUID,
        told: Sequence[Fact],
        queued: Sequence[Job],
        done: Sequence[Doing] = (),
    ) -> None:
        facts = [(ids.new(), f.TYPE, f.subject_id, _json(f.data())) for f in told]
        jobs = []
        for kind, args, due in queued:
            job_id = ids.new()
            soon = due <= self.now
            jobs.append((job_id, kind, _json(args), due, int(soon)))
            if soon:
                self.handed.setdefault((kind, account), []).append(job_id)
        written = (account, self.actor, self.now, *_columns(facts, 4), *_columns(jobs, 5))
        if done:
            audited = [(ids.new(), d.action, d.entity, d.status, d.request_id, d.address) for d in done]
            await self._driver.execute(FLUSH_AUDITED, *written, *_columns(audited, 6))
        else:
            await self._driver.execute(FLUSH, *written)

    async def _enter(self) -> None:
        await self._driver.execute(self._begin + _set_scope(self.scope))
        if self._once is not None:
            await self._once.enter(self._driver, self.account_id)

    async def _commit(self) -> None:
        doing = self._doing
        done = self._done if doing is None else [doing, *self._done]
        await self._flush(done)
        if self._once is not None:
            await self._once.leave(self._driver, self.account_id, self.now)
        if await self._driver.execute("COMMIT") != "COMMIT":
            raise RuntimeError("The transaction was already broken; nothing was stored.")
        for each in done:
            each.kept = True


class Works:
    """Opens units of work for one process. `handover` gets fresh tickets after each commit; losing them is harmless."""

    def __init__(
        self,
        engine: AsyncEngine,
        wiring: Mapping[type[Fact], tuple[str, ...]],
        *,
        clock: Clock = utc_now,
        handover: Callable[[Handed], None] | None = None,
    ) -> None:
        self.engine = engine
        self.clock = clock
        self._wiring = wiring
        self._handover = handover

    def begin(self, scope: Scope, once: Once | None = None) -> AbstractAsyncContextManager[Work]:
        """One transaction in `scope`. Raises Unavailable when the database can't be reached, or is lost meanwhile."""
        return self._open(scope, once)

    def reading(self, scope: Scope) -> AbstractAsyncContextManager[Work]:
        """One transaction that only reads, all of it from one moment: what several statements find fits together,
        whatever others commit meanwhile. A write in it is refused by the database. Raises Unavailable as `begin`."""
        return self._open(scope, None, reading=True)

    @asynccontextmanager
    async def _open(self, scope: Scope, once: Once | None, *, reading: bool = False) -> AsyncIterator[Work]:
        db = await self._connect()
        try:
            driver = (await db.get_raw_connection()).driver_connection
            assert driver is not None  # noqa: S101 - a pooled connection always has one
            work = Work(db, driver, scope, self.clock(), self._wiring, once, reading=reading)
            try:
                await work._enter()
                yield work
                await work._commit()
            except BaseException as error:
                lost = await asyncio.shield(_roll_back(db, driver))
                if lost and isinstance(error, Exception) and not isinstance(error, FulfilHubError):
                    # Also at a COMMIT that may have happened: repeated with its Idempotency-Key, the call is safe.
                    raise Unavailable("The database went away meanwhile; repeat the call in a moment.") from error
                raise
        finally:
            await asyncio.shield(db.close())
        if work.handed and self._handover is not None:
            self._handover(work.handed)

    async def _connect(self) -> AsyncConnection:
        try:
            db = await self.engine.connect()
            while await _is_gone(db):  # the server was restarted: what the pool kept from before leads nowhere
                await db.invalidate()
                await db.close()
                db = await self.engine.connect()
            return db
        except (OSError, TimeoutError, DBAPIError, asyncpg.PostgresError) as error:
            raise Unavailable("The database can't be reached; try again in a moment.") from error


async def _is_gone(db: AsyncConnection) -> bool:
    driver = (await db.get_raw_connection()).driver_connection
    return driver is None or bool(driver.is_closed())


async def _roll_back(db: AsyncConnection, driver: Driver) -> bool:
    """Undo all; whether the connection was lost."""
    try:
        if not driver.is_closed():
            await driver.execute("ROLLBACK", timeout=5)
            return False
    except Exception:  # noqa: S110 - whatever broke it, the connection is thrown away below
        pass
    await db.invalidate()
    return True


def _set_scope(scope: Scope) -> str:
    # Role and ids come from code and UUIDs, never from text a caller sent.
    role, account, order = settings_of(scope)
    return (
        f"SELECT set_config('role', '{role}', true), set_config('app.account_id', '{account}', true), "
        f"set_config('app.order_id', '{order}', true)"
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _columns(rows: Iterable[tuple[object, ...]], width: int) -> list[list[object]]:
    made = [list(column) for column in zip(*rows, strict=True)]
    return made or [[] for _ in range(width)]
