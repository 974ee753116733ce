"""Group commit: calls that arrive while a transaction is under way go together in the next one.

Under load one COMMIT answers many calls; without it each call still goes at once, alone. Each is answered with its own
verdict, after the COMMIT that holds its effects.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

import structlog

from fulfilhub.platform.errors import Unavailable

Key = TypeVar("Key", bound=Hashable)
Call = TypeVar("Call")
Answer = TypeVar("Answer")

Run = Callable[[Key, Sequence[Call]], Awaitable[Sequence[Answer | Exception]]]
"""One transaction with the effects of these calls; gives a verdict for each, in their order."""

log = structlog.get_logger("fulfilhub.gathering")


class Gathering(Generic[Key, Call, Answer]):
    """Calls of one kind in one process. Those of one key (whose rights they have) share transactions."""

    def __init__(self, run: Run[Key, Call, Answer], *, most: int) -> None:
        """At most `most` calls share a transaction."""
        self._run = run
        self._most = most
        self._lanes: dict[Key, list[tuple[Call, asyncio.Future[Answer]]]] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def call(self, key: Key, call: Call) -> Answer:
        """The answer to one call, or its error. It happens also if the caller goes away meanwhile."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        if key in self._lanes:
            self._lanes[key].append((call, answer))
        else:
            self._lanes[key] = [(call, answer)]
            # In a context of its own: what many calls share is not logged under the first one's request id.
            lane = asyncio.get_running_loop().create_task(self._drive(key), context=contextvars.Context())
            self._running.add(lane)
            lane.add_done_callback(self._running.discard)
        return await answer

    async def _drive(self, key: Key) -> None:
        """One transaction after the other until nobody waits."""
        waiting = self._lanes[key]
        while waiting:
            together = waiting[: self._most]
            del waiting[: self._most]
            await self._settle(key, together)
        del self._lanes[key]

    async def _settle(self, key: Key, together: Sequence[tuple[Call, asyncio.Future[Answer]]]) -> None:
        try:
            verdicts = await self._run(key, [call for call, _ in together])
        except Exception as error:
            if len(together) == 1 or isinstance(error, Unavailable):
                for _, answer in together:
                    _give(answer, error)
                return
            log.warning("gathering.apart", calls=len(together), error=type(error).__name__)
            for each in together:
                await self._settle(key, [each])
            return
        for (_, answer), verdict in zip(together, verdicts, strict=True):
            _give(answer, verdict)


def _give(answer: asyncio.Future[Answer], verdict: Answer | Exception) -> None:
    if answer.done():  # whoever asked has gone away
        return
    if isinstance(verdict, Exception):
        answer.set_exception(verdict)
    else:
        answer.set_result(verdict)
