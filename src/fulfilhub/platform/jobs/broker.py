"""The one module that speaks Dramatiq: the broker, the single actor, and handing tickets over after a commit."""

from __future__ import annotations

import queue
import threading
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import dramatiq
import structlog
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AsyncIO, CurrentMessage, Middleware, ShutdownNotifications, TimeLimit

from fulfilhub.platform.jobs.tickets import DEFAULT_QUEUE, QUEUES, REGISTRY
from fulfilhub.platform.settings import Settings, SettingsError
from fulfilhub.platform.work import Handed

log = structlog.get_logger("fulfilhub.jobs")

ACTOR = "run_tickets"
HEARTBEAT_MS = 10_000
# The recovery of a dead worker's messages is a dice roll per broker command; an idle worker makes one or two a second.
ALWAYS = 1_000_000
TIME_LIMIT_MS = 15 * 60 * 1000
LARGEST_MESSAGE = 200
PAUSE = 0.05
"""Seconds between two messages of one process: what a message costs is a third of taking an order."""

RunTickets = Callable[[str, UUID, Sequence[UUID]], Awaitable[None]]


def make_broker(settings: Settings) -> dramatiq.Broker:
    """The broker for this process: RabbitMQ where BROKER_URL names one, else Redis. Retries are ours (see `runner`), so
    Dramatiq's own are left out. Raises SettingsError when RabbitMQ is named but its client is not installed."""
    middleware: list[Middleware] = [
        AsyncIO(),
        TimeLimit(time_limit=TIME_LIMIT_MS),
        ShutdownNotifications(),
        CurrentMessage(),
    ]
    url = settings.jobs.broker_url or settings.redis.url
    if url.startswith(("amqp://", "amqps://")):
        return _rabbitmq(url, middleware)
    return RedisBroker(  # type: ignore[no-untyped-call]
        url=url,
        namespace=f"{settings.redis.namespace}:dramatiq",
        heartbeat_timeout=HEARTBEAT_MS,
        maintenance_chance=ALWAYS,
        middleware=middleware,
    )


def _rabbitmq(url: str, middleware: list[Middleware]) -> dramatiq.Broker:
    try:
        from dramatiq.brokers.rabbitmq import RabbitmqBroker
    except ImportError:
        raise SettingsError(
            "BROKER_URL names RabbitMQ: install its client with `pip install fulfilhub[rabbitmq]`."
        ) from None
    # No waiting for confirmations: what is lost on the way, the relay hands over again from the rows.
    return RabbitmqBroker(url=url, middleware=middleware)


def declare_actor(broker: dramatiq.Broker, run: RunTickets) -> None:
    """Make `run` the one actor, on every queue."""

    async def run_tickets(kind: str, account: str, tickets: list[str]) -> None:
        await run(kind, UUID(account), [UUID(ticket) for ticket in tickets])

    dramatiq.actor(actor_name=ACTOR, queue_name=DEFAULT_QUEUE, broker=broker)(run_tickets)
    for name in QUEUES:
        broker.declare_queue(name)


def send(broker: dramatiq.Broker, handed: Handed) -> int:
    """Send messages for tickets, grouped by kind and account. Returns how many messages were sent."""
    sent = 0
    for (kind, account), tickets in handed.items():
        known = REGISTRY.get(kind)
        queue_name = known.queue if known else DEFAULT_QUEUE
        size = min(known.batch if known else 1, LARGEST_MESSAGE)
        for start in range(0, len(tickets), size):
            part = [str(ticket) for ticket in tickets[start : start + size]]
            broker.enqueue(
                dramatiq.Message(
                    queue_name=queue_name, actor_name=ACTOR, args=(kind, str(account), part), kwargs={}, options={}
                )
            )
            sent += 1
    return sent


class Handover:
    """Hands fresh tickets to Dramatiq from a thread of its own, so that no request waits for Redis.

    The first goes at once; those that follow within `PAUSE` go together, so that under load a message holds the tickets
    of many requests. Whatever is lost here (Redis away, process killed) the relay hands over again from the rows.
    """

    def __init__(self, broker: dramatiq.Broker) -> None:
        self._broker = broker
        self._closing = threading.Event()
        self._waiting: queue.SimpleQueue[Handed | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._send_all, name="handover", daemon=True)
        self._thread.start()

    def __call__(self, handed: Handed) -> None:
        """Take tickets; returns at once."""
        self._waiting.put(handed)

    def close(self) -> None:
        """Send what is waiting and end the thread."""
        self._closing.set()
        self._waiting.put(None)
        self._thread.join(timeout=5)

    def _send_all(self) -> None:
        while (first := self._waiting.get()) is not None:
            together, last = self._gather(first)
            try:
                send(self._broker, together)
            except Exception as error:
                log.warning("handover.failed", error=type(error).__name__)
            if last:
                return
            self._closing.wait(PAUSE)

    def _gather(self, first: Handed) -> tuple[Handed, bool]:
        """Everything that is waiting, as one; under load many requests' tickets share a message."""
        together = {key: list(tickets) for key, tickets in first.items()}
        while True:
            try:
                more = self._waiting.get_nowait()
            except queue.Empty:
                return together, False
            if more is None:
                return together, True
            for key, tickets in more.items():
                together.setdefault(key, []).extend(tickets)
