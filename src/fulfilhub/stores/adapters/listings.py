"""One step of bringing in a store's products: which question it is, and asking it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import httpx

from fulfilhub.stores.adapters import adapter_for
from fulfilhub.stores.adapters.goods import Begun, Listed, Making, Part, Ready
from fulfilhub.stores.adapters.port import Connection, Refused, Retry


@dataclass(frozen=True, slots=True)
class Begin:
    """Let the store make its list, unless it does so since then."""

    since: datetime


@dataclass(frozen=True, slots=True)
class Look:
    """See whether the list is ready."""

    listing_id: str


@dataclass(frozen=True, slots=True)
class Read:
    """Read on in a list that is ready, from this byte."""

    listing_id: str
    offset: int


@dataclass(frozen=True, slots=True)
class Turn:
    """Read a page of what changed since then (None: of all)."""

    since: datetime | None
    cursor: str | None


Question = Begin | Look | Read | Turn
Answer = Begun | Listed | Making | Part | Ready | Refused | Retry


async def ask(http: httpx.AsyncClient, connection: Connection, question: Question) -> Answer:
    """What the store says. The address of a list that is ready is asked for anew each time, since it ends."""
    adapter = adapter_for(connection.platform)
    match question:
        case Begin(since):
            return await adapter.begin_listing(http, connection, since)
        case Look(listing_id):
            return await adapter.listing(http, connection, listing_id)
        case Read(listing_id, offset):
            ready = await adapter.listing(http, connection, listing_id)
            if not isinstance(ready, Ready):
                return Retry("The list is not ready any more.") if isinstance(ready, Making) else ready
            return await adapter.read_listing(http, ready.url, offset) if ready.url else Part((), offset, at_end=True)
        case Turn(since, cursor):
            return await adapter.list_variants(http, connection, since, cursor)
