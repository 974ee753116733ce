"""Group commit: calls that arrive while a transaction is under way go together in the next one.

Under load one COMMIT answers many calls; without it each call still goes at once, alone. Each has its own
Idempotency-Key and verdict, is answered after the COMMIT that holds its effects, and keeps none of the others back.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextlib import suppress
from typing import Generic, Protocol, TypeVar

import structlog

from fulfilhub.platform.errors import FulfilHubError, Unavailable
from fulfilhub.platform.idempotency import IdempotentEach, IdempotentOnce
from fulfilhub.platform.scopes import Scope
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


Call = TypeVar("Call", bound=Keyed)
Answer = TypeVar("Answer")
Act = Callable[[Work, Sequence[Call]], Awaitable[Sequence[Answer | FulfilHubError]]]
"""Does what the calls ask for; a verdict for each, in their order. An error must have changed nothing."""


class _Lane(Generic[Call, Answer]):
    """The calls of one scope that wait for its next transaction."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Call, asyncio.Future[Answer]]] = []
        self._awaited = 0
        self._complete = asyncio.Event()

    def add(self, call: Call, answer: asyncio.Future[Answer]) -> None:
        self.waiting.append((call, answer))
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
        self._lanes: dict[Scope, _Lane[Call, Answer]] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def call(self, scope: Scope, call: Call) -> Answer:
        """The answer to one call, or its error: the verdict's, Replayed, or what a key is refused for
        (`platform.idempotency`). The call has its effects also if the caller goes away meanwhile."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        lane = self._lanes.get(scope)
        if lane is not None:
            lane.add(call, answer)
        else:
            lane = self._lanes[scope] = _Lane()
            lane.add(call, answer)
            # In a context of its own: what many calls share is not logged under the first one's request id.
            driving = asyncio.get_running_loop().create_task(self._drive(scope, lane), context=contextvars.Context())
            self._running.add(driving)
            driving.add_done_callback(self._running.discard)
        return await answer

    async def _drive(self, scope: Scope, lane: _Lane[Call, Answer]) -> None:
        """One transaction after the other until nobody waits."""
        while lane.waiting:
            together: dict[Hashable, tuple[Call, asyncio.Future[Answer]]] = {}
            later = []
            for each in lane.waiting:
                if len(together) < MOST and self._apart(each[0]) not in together:
                    together[self._apart(each[0])] = each
                else:
                    later.append(each)
            lane.waiting = later
            await self._settle(scope, list(together.values()))
            callers = len(together) + len(lane.waiting)
            if callers > 1:
                await lane.gather(min(callers, MOST), self._patience)
        del self._lanes[scope]

    async def _settle(self, scope: Scope, together: Sequence[tuple[Call, asyncio.Future[Answer]]]) -> None:
        """Answer these calls: by one transaction, or when that fails by one for each."""
        try:
            verdicts = await self._run(scope, [call for call, _ in together])
        except Exception as error:
            if len(together) == 1:
                _give(together[0][1], error)
                return
            log.warning("gathering.apart", calls=len(together), error=type(error).__name__)
            verdicts = await self._one_by_one(scope, [call for call, _ in together])
        for (_, answer), verdict in zip(together, verdicts, strict=True):
            _give(answer, verdict)

    async def _one_by_one(self, scope: Scope, calls: Sequence[Call]) -> list[Answer | Exception]:
        """Once the database is away for one, the others need not wait to hear so too."""
        verdicts: list[Answer | Exception] = []
        away: Unavailable | None = None
        for call in calls:
            try:
                verdicts += [away] if away else await self._run(scope, [call])
            except Unavailable as error:
                verdicts.append(error)
                away = error
            except Exception as error:
                verdicts.append(error)
        return verdicts

    async def _run(self, scope: Scope, calls: Sequence[Call]) -> list[Answer | Exception]:
        keys = IdempotentEach([call.once for call in calls])
        async with self._works.begin(scope, keys) as work:
            going = [call for place, call in enumerate(calls) if place not in keys.refused]
            verdicts = iter(await self._act(work, going) if going else ())
            return [keys.refused.get(place) or next(verdicts) for place in range(len(calls))]


def _give(answer: asyncio.Future[Answer], verdict: Answer | Exception) -> None:
    if answer.done():  # whoever asked has gone away
        return
    if isinstance(verdict, Exception):
        answer.set_exception(verdict)
    else:
        answer.set_result(verdict)
