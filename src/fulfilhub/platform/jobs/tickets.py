"""What a task sees: its tickets, the tools it runs with, and the registry that names each kind of job."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import httpx

from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works

DEFAULT_QUEUE = "default"
OUTSIDE_QUEUE = "outside"
"""Tasks that call other people's servers; kept apart so that a slow one never delays our own work."""

QUEUES = (DEFAULT_QUEUE, OUTSIDE_QUEUE)


@dataclass(frozen=True, slots=True)
class Ticket:
    """One leased job. `attempts` counts this try, from 1."""

    account_id: UUID
    id: UUID
    kind: str
    args: dict[str, object]
    attempts: int
    lease_id: UUID

    def uuid(self, name: str) -> UUID:
        """An argument that is an id."""
        return UUID(str(self.args[name]))


@dataclass(frozen=True, slots=True)
class Run:
    """What a task runs with. All tickets of one call belong to `account_id`."""

    account_id: UUID
    works: Works
    settings: Settings
    vault: Vault
    http: httpx.AsyncClient


class Retry(Exception):
    """Raised by a task to be tried again after `seconds` (for example what a 429 said), without a stack trace."""

    def __init__(self, reason: str, seconds: float) -> None:
        super().__init__(reason)
        self.seconds = seconds


Task = Callable[[Run, Sequence[Ticket]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of job: its task, queue, how many tickets one call may take, and how often it is tried."""

    name: str
    task: Task
    queue: str
    batch: int
    max_attempts: int | None


REGISTRY: dict[str, Kind] = {}


def task(
    name: str, *, queue: str = DEFAULT_QUEUE, batch: int = 100, max_attempts: int | None = None
) -> Callable[[Task], Task]:
    """Register an async function as the task of jobs called `name` (`routing.route_orders`)."""

    def register(function: Task) -> Task:
        if name in REGISTRY and REGISTRY[name].task is not function:
            raise ValueError(f"Two tasks are called {name}.")
        REGISTRY[name] = Kind(name, function, queue, batch, max_attempts)
        return function

    return register
