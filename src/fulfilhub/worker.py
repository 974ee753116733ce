"""The worker and the relay, assembled from the same settings as the API."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import dramatiq
import structlog

from fulfilhub.platform import telemetry
from fulfilhub.platform.database import engine
from fulfilhub.platform.jobs import broker as jobs_broker
from fulfilhub.platform.jobs.relay import Relay
from fulfilhub.platform.jobs.runner import Runner
from fulfilhub.platform.memory import keep_what_is_loaded
from fulfilhub.platform.outbound import guarded_client
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.stores.adapters.shopify import pacing
from fulfilhub.webhooks.tasks.courier import courier
from fulfilhub.wiring import HEARD_BY, SCHEDULES, load_tasks

log = structlog.get_logger("fulfilhub.worker")

MESSAGES_PER_JOB = 4
"""Messages taken in for each job that runs: what waits here goes together, what waits in the broker can't."""

OUTSIDE_PER_JOB = 2
"""Tasks that call other people's servers, for each job that runs: half of the messages stay for our own work."""

LOOP_SILENCE_LIMIT = 60.0
"""Seconds after which a worker whose event loop no longer answers ends itself, to be started anew."""

COURIER_STOPS_WITHIN = 20.0
"""Seconds that webhooks under way may take at the end; what is broken off is sent again by another."""


class WorkerProcess:
    """One worker process: Dramatiq's threads share one event loop, where the pool and the client live."""

    def __init__(self, settings: Settings) -> None:
        load_tasks()
        self._settings = settings
        self._broker = jobs_broker.make_broker(settings)
        self._handover = jobs_broker.Handover(self._broker)
        self._runner: Runner | None = None
        self._beat = time.monotonic()
        self._pulse: asyncio.Task[None] | None = None
        jobs_broker.declare_actor(self._broker, self._run)
        messages = settings.jobs.threads * MESSAGES_PER_JOB
        self._worker = dramatiq.Worker(self._broker, worker_threads=messages, worker_timeout=200)

    async def _run(self, kind: str, account: UUID, tickets: Sequence[UUID]) -> None:
        if self._runner is None:  # made here, because pool and client belong to the loop that uses them
            pool = engine(self._settings.database_url("worker"), self._settings.database, "worker")
            self._runner = Runner(
                Works(pool, HEARD_BY, handover=self._handover),
                self._settings,
                Vault(self._settings.security.secret_keys),
                guarded_client(self._settings.security.allow_private_hosts),
                asyncio.Semaphore(self._settings.jobs.threads),
                asyncio.Semaphore(self._settings.jobs.threads * OUTSIDE_PER_JOB),
            )
            pacing.share(self._settings.redis.url, self._settings.redis.namespace)
            self._pulse = asyncio.create_task(self._keep_beating())
        await self._runner.run(kind, account, tickets)

    async def _keep_beating(self) -> None:
        while True:
            self._beat = time.monotonic()
            await asyncio.sleep(1)

    def _watch_loop(self, stopped: threading.Event) -> None:
        while not stopped.wait(5):
            if self._pulse is not None and time.monotonic() - self._beat > LOOP_SILENCE_LIMIT:
                log.critical("worker.loop_stuck", seconds=LOOP_SILENCE_LIMIT)
                os._exit(70)

    async def _carry(self, stopped: threading.Event) -> None:
        """Send webhooks on a loop of their own, so that neither they nor our own work ever wait for each other."""
        stop = asyncio.Event()
        waiting = asyncio.create_task(asyncio.to_thread(stopped.wait))
        waiting.add_done_callback(lambda _: stop.set())
        few = replace(self._settings.database, pool_size=4, pool_overflow=4)
        pool = engine(self._settings.database_url("worker"), few, "courier")
        vault = Vault(self._settings.security.secret_keys)
        async with courier(Works(pool, HEARD_BY, handover=self._handover), self._settings, vault) as made:
            await made.run(stop)
        await pool.dispose()

    def serve(self) -> None:
        """Work until SIGTERM or SIGINT, then finish what is running."""
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        threading.Thread(target=self._watch_loop, args=(stopped,), daemon=True).start()
        stop_reports = telemetry.start(self._settings, "worker")
        carrying = threading.Thread(target=asyncio.run, args=(self._carry(stopped),), name="courier", daemon=True)
        carrying.start()
        keep_what_is_loaded()
        self._worker.start()
        log.info("worker.started", threads=self._settings.jobs.threads)
        stopped.wait()
        self._worker.stop(timeout=20_000)
        carrying.join(timeout=COURIER_STOPS_WITHIN)
        self._handover.close()
        self._broker.close()
        stop_reports()
        log.info("worker.stopped")


async def run_relay(settings: Settings) -> None:
    """Relay until SIGTERM or SIGINT."""
    load_tasks()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    broker = jobs_broker.make_broker(settings)
    handover = jobs_broker.Handover(broker)
    pool = engine(settings.database_url("worker"), settings.database, "relay")
    # What schedules queue is handed over at once too, not only when its grace is over.
    relay = Relay(Works(pool, HEARD_BY, handover=handover), handover, SCHEDULES, settings.jobs.relay_poll)
    stop_reports = telemetry.start(settings, "relay")
    keep_what_is_loaded()
    log.info("relay.started")
    await relay.run(stop)
    handover.close()
    broker.close()
    await pool.dispose()
    stop_reports()
    log.info("relay.stopped")
