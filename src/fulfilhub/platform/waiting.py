"""Waiting for something new in an account's log, without holding a database connection.

However many wait in this process, one look per tick asks for all of them how far their logs have got; while nobody
waits, nobody looks. The relay's sequencer makes the numbers, so what a waiter reads afterwards skips nothing.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from uuid import UUID

from fulfilhub.platform.errors import Unavailable
from fulfilhub.platform.scopes import Nobody
from fulfilhub.platform.work import Works

TICK = 0.25
LAST = "SELECT account_id, last FROM last_numbers($1)"


class Watch:
    """One process's waiters."""

    def __init__(self, works: Works, tick: float = TICK) -> None:
        self._works = works
        self._tick = tick
        self._waiters: dict[asyncio.Future[bool], tuple[UUID, int]] = {}
        self._looking: asyncio.Task[None] | None = None
        self._closed = False

    async def beyond(self, account_id: UUID, number: int, seconds: float) -> bool:
        """Wait until the account's log has an event after `number`: whether it has, within so many seconds."""
        if self._closed or seconds <= 0:
            return False
        waiter: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiters[waiter] = (account_id, number)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            return await asyncio.wait_for(waiter, seconds)
        except TimeoutError:
            return False
        finally:
            self._waiters.pop(waiter, None)

    def close(self) -> None:
        """Let everybody go: the process is about to end."""
        self._closed = True
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(False)

    async def _look(self) -> None:
        while self._waiters and not self._closed:
            await asyncio.sleep(self._tick)
            with suppress(Unavailable):  # whoever waits is answered by the next look that succeeds, or not at all
                await self._look_once()

    async def _look_once(self) -> None:
        async with self._works.begin(Nobody()) as work:
            asked = sorted({account_id for account_id, _ in self._waiters.values()})
            last = {row["account_id"]: row["last"] for row in await work.fetch_raw(LAST, asked)}
        for waiter, (account_id, number) in list(self._waiters.items()):
            if last.get(account_id, 0) > number and not waiter.done():
                waiter.set_result(True)
