"""The courier: follows the event log and sends what is due, to many endpoints at once, on a loop of its own.

It is no ticket, because a request may take fifteen seconds and a worker's threads are few: here waiting costs nothing.
Each endpoint is served by one courier at a time, so a slow or dead one only ever keeps itself waiting.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import httpx
import structlog

from fulfilhub.platform import ids, metrics
from fulfilhub.platform.outbound import guarded_clients
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Work, Works
from fulfilhub.webhooks.adapters.receiver import Heard, post
from fulfilhub.webhooks.commands.following import follow_log
from fulfilhub.webhooks.commands.sending import Ended, Held, Limits, Wave, claim, turn

log = structlog.get_logger("fulfilhub.webhooks")
SCOPE = Platform("send webhooks")

SHIFT_SECONDS = 30.0
"""How long one endpoint is served before the others get its place; it queues up again behind them."""

POOLS = 32
"""Pools of connections; each endpoint always uses the same."""

TURNS_AT_ONCE = 6
"""Transactions of one courier at once: fewer than its pool has connections, so that none waits for one in vain."""

WRITE_AGAIN_AFTER = (0.5, 2.0, 5.0)
"""Seconds until a turn that broke is tried again: what was sent is sent again unless its end is written down."""


class Courier:
    """One courier. Endpoints that fail have places of their own, half as many, and so never take those of others."""

    def __init__(self, works: Works, settings: Settings, vault: Vault, clients: Sequence[httpx.AsyncClient]) -> None:
        self._works = works
        self._vault = vault
        self._clients = clients
        self._poll = settings.jobs.relay_poll
        self._retention = timedelta(days=settings.webhooks.retention_days)
        self._places = settings.webhooks.endpoints
        self._limits = Limits(
            settings.webhooks.wave,
            settings.webhooks.timeout,
            timedelta(days=settings.webhooks.disable_after_days),
        )
        self._stop = asyncio.Event()
        self._turns = asyncio.Semaphore(TURNS_AT_ONCE)
        self._serving: dict[asyncio.Task[None], bool] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`, then let the requests end that are under way. Database away: say so once, keep trying."""
        failing = False
        self._stop = stop
        while not stop.is_set():
            busy = False
            try:
                busy = await self.step()
                if failing:
                    log.info("webhooks.recovered")
                failing = False
            except Exception as error:
                if not failing:
                    log.warning("webhooks.failing", error=f"{type(error).__name__}: {error}"[:300])
                failing = True
            if not busy:
                await self._rest(stop, 1.0 if failing else self._poll)
        await self.idle()

    async def _rest(self, stop: asyncio.Event, seconds: float) -> None:
        try:
            await asyncio.wait_for(stop.wait(), seconds)
        except TimeoutError:
            return

    async def step(self) -> bool:
        """One round: follow the log, take endpoints that are due and begin to serve them. True when there may be more
        at once."""
        async with self._works.begin(SCOPE) as work:
            followed = await follow_log(work, self._retention)
            taken = {failing: await self._take(work, failing) for failing in (False, True)}
        for failing, endpoints in taken.items():
            for held in endpoints:
                task = asyncio.create_task(self._serve(held))
                self._serving[task] = failing
                task.add_done_callback(self._serving.pop)
        return followed > 0 or any(taken.values())

    async def idle(self) -> None:
        """Wait until no endpoint is served any more."""
        while self._serving:
            await asyncio.wait(self._serving)

    async def _take(self, work: Work, failing: bool) -> list[Held]:
        busy = sum(each == failing for each in self._serving.values())
        free = (self._places // 2 if failing else self._places) - busy
        return await claim(work, self._limits, free, failing=failing) if free > 0 else []

    async def _serve(self, held: Held) -> None:
        """Send wave after wave while something is due; whatever breaks here, the lease runs out and others go on."""
        until = time.monotonic() + SHIFT_SECONDS
        http = self._clients[held.endpoint_id.int % len(self._clients)]
        ended: Ended | None = None
        try:
            while True:
                more = time.monotonic() < until and not self._stop.is_set()
                wave = await self._turn(held, ended, more)
                if wave is None:
                    return
                heard = await self._send(http, wave)
                ended = Ended(wave, heard, [random.random() for _ in heard])  # noqa: S311 - jitter is no secret
        except Exception as error:
            endpoint = ids.WEBHOOK_ENDPOINT.show(held.endpoint_id)
            log.warning("webhooks.turn_failed", endpoint_id=endpoint, error=type(error).__name__)

    async def _turn(self, held: Held, ended: Ended | None, more: bool) -> Wave | None:
        waits = iter(WRITE_AGAIN_AFTER if ended is not None else ())
        while True:
            try:
                async with self._turns, self._works.begin(held.scope) as work:
                    return await turn(work, self._vault, held, self._limits, ended, more=more)
            except Exception:
                wait = next(waits, None)
                if wait is None:
                    raise
            await asyncio.sleep(wait)

    async def _send(self, http: httpx.AsyncClient, wave: Wave) -> Sequence[Heard]:
        heard = await asyncio.gather(*(post(http, each.letter, self._limits.timeout) for each in wave.sent))
        for each in heard:
            metrics.WEBHOOK_ATTEMPTS.labels("delivered" if each.answer.delivered else "failed").inc()
        return heard


@asynccontextmanager
async def courier(works: Works, settings: Settings, vault: Vault) -> AsyncIterator[Courier]:
    """A courier with connections enough for all requests that it may have under way."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=settings.webhooks.wave * 2)
    clients = guarded_clients(settings.security.allow_private_hosts, POOLS, limits)
    async with AsyncExitStack() as stack:
        for client in clients:
            await stack.enter_async_context(client)
        yield Courier(works, settings, vault, clients)
