"""Group commit: calls that arrive while a transaction is under way go together in the next one.

Under load one COMMIT answers many calls; without it each call still goes at once, alone. Each has its own
Idempotency-Key, verdict and row of the audit log, is answered after the COMMIT that holds its effects, and keeps none
of the others back.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

import structlog

from fulfilhub.platform.audit import Doing
from fulfilhub.platform.errors import FulfilHubError, Unavailable
from fulfilhub.platform.idempotency import IdempotentEach, IdempotentOnce
from fulfilhub.platform.scopes import Merchant, Operator, Partner
from fulfilhub.platform.work import Work, Works

MOST = 100
"""Calls a transaction: more of them would not cost less each, and its locks are held longer."""

PATIENCE = 0.004
"""Seconds that a transaction waits for callers who were just answered and may well call again: one of four calls costs
each less than half of what four of one cost. Who calls alone never waits."""

log = structlog.get_logger("fulfilhub.gathering")


class Keyed(Protocol):
    """A call, with its Idempotency-Key if it has one."""

    @property
    def once(self) -> IdempotentOnce | None: ...


Owner = Merchant | Partner | Operator


@dataclass(frozen=True, slots=True)
class Kept:
    """Keeps the answer of one call, as `Work.remember` does where a call has its work to itself: under its
    Idempotency-Key, and for its row of the audit log."""

    once: IdempotentOnce | None
    doing: Doing | None

    def concerns(self, entity: str) -> None:
        """What the call is about, when its path doesn't say and nothing was made."""
        if self.doing is not None:
            self.doing.entity = entity

    def remember(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        if self.doing is not None:
            self.doing.ended(status, headers)
        if self.once is not None:
            self.once.remember(status, headers, body)


Call = TypeVar("Call", bound=Keyed)
Answer = TypeVar("Answer")
Act = Callable[[Work, Sequence[Call]], Awaitable[Sequence[Answer | FulfilHubError]]]
"""Does what the calls ask for; a verdict for each, in their order. An error must have changed nothing."""


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[Call, Answer]):
    """A call, what the audit log is to be told of it, and where its answer goes."""

    call: Call
    doing: Doing | None
    answer: asyncio.Future[Answer]


class _Lane(Generic[Call, Answer]):
    """The calls of one scope that wait for its next transaction."""

    def __init__(self) -> None:
        self.waiting: list[_Waiting[Call, Answer]] = []
        self._awaited = 0
        self._complete = asyncio.Event()

    def add(self, waiting: _Waiting[Call, Answer]) -> None:
        self.waiting.append(waiting)
        if len(self.waiting) >= self._awaited:
            self._complete.set()

    async def gather(self, number: int, patience: float) -> None:
        """Wait until so many calls are here, at most for so many seconds."""
        if len(self.waiting) < number:
            self._awaited = number
            self._complete.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._complete.wait()


class Gathering(Generic[Call, Answer]):
    """Calls of one kind in one process; those of one scope share transactions."""

    def __init__(
        self,
        works: Works,
        act: Act[Call, Answer],
        apart: Callable[[Call], Hashable] = id,
        *,
        patience: float = PATIENCE,
    ) -> None:
        """Calls for which `apart` gives the same are never in one transaction."""
        self._works = works
        self._act = act
        self._apart = apart
        self._patience = patience
        self._lanes: dict[Owner, _Lane[Call, Answer]] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def call(self, scope: Owner, call: Call) -> Answer:
        """The answer to one call, or its error: the verdict's, Replayed, or what a key is refused for
        (`platform.idempotency`). The call has its effects also if the caller goes away meanwhile."""
        waiting: _Waiting[Call, Answer] = _Waiting(call, scope.doing, asyncio.get_running_loop().create_future())
        scope = replace(scope, doing=None)
        lane = self._lanes.get(scope)
        if lane is not None:
            lane.add(waiting)
        else:
            lane = self._lanes[scope] = _Lane()
            lane.add(waiting)
            # In a context of its own: what many calls share is not logged under the first one's request id.
            driving = asyncio.get_running_loop().create_task(self._drive(scope, lane), context=contextvars.Context())
            self._running.add(driving)
            driving.add_done_callback(self._running.discard)
        return await waiting.answer

    async def _drive(self, scope: Owner, lane: _Lane[Call, Answer]) -> None:
        """One transaction after the other until nobody waits."""
        while lane.waiting:
            together: dict[Hashable, _Waiting[Call, Answer]] = {}
            later = []
            for each in lane.waiting:
                if len(together) < MOST and self._apart(each.call) not in together:
                    together[self._apart(each.call)] = each
                else:
                    later.append(each)
            lane.waiting = later
            await self._settle(scope, list(together.values()))
            callers = len(together) + len(lane.waiting)
            if callers > 1:
                await lane.gather(min(callers, MOST), self._patience)
        del self._lanes[scope]

    async def _settle(self, scope: Owner, together: Sequence[_Waiting[Call, Answer]]) -> None:
        """Answer these calls: by one transaction, or when that fails by one for each."""
        try:
            verdicts = await self._run(scope, together)
        except Exception as error:
            if len(together) == 1:
                _give(together[0].answer, error)
                return
            log.warning("gathering.apart", calls=len(together), error=type(error).__name__)
            verdicts = await self._one_by_one(scope, together)
        for each, verdict in zip(together, verdicts, strict=True):
            _give(each.answer, verdict)

    async def _one_by_one(self, scope: Owner, together: Sequence[_Waiting[Call, Answer]]) -> list[Answer | Exception]:
        """Once the database is away for one, the others need not wait to hear so too."""
        verdicts: list[Answer | Exception] = []
        away: Unavailable | None = None
        for each in together:
            try:
                verdicts += [away] if away else await self._run(scope, [each])
            except Unavailable as error:
                verdicts.append(error)
                away = error
            except Exception as error:
                verdicts.append(error)
        return verdicts

    async def _run(self, scope: Owner, together: Sequence[_Waiting[Call, Answer]]) -> list[Answer | Exception]:
        keys = IdempotentEach([each.call.once for each in together])
        async with self._works.begin(scope, keys) as work:
            going = [each for place, each in enumerate(together) if place not in keys.refused]
            verdicts = await self._act(work, [each.call for each in going]) if going else ()
            for each, verdict in zip(going, verdicts, strict=True):
                if each.doing is not None and not isinstance(verdict, FulfilHubError):
                    work.account_for(each.doing)
            told = iter(verdicts)
            return [keys.refused.get(place) or next(told) for place in range(len(together))]


def _give(answer: asyncio.Future[Answer], verdict: Answer | Exception) -> None:
    if answer.done():  # whoever asked has gone away
        return
    if isinstance(verdict, Exception):
        answer.set_exception(verdict)
    else:
        answer.set_result(verdict)
