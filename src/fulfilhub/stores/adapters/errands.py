"""Running errands to one store: a few calls at once, and none any more once the store wants rest."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import httpx
import structlog

from fulfilhub.platform import metrics
from fulfilhub.stores.adapters import adapter_for
from fulfilhub.stores.adapters.milestones import MilestoneNews
from fulfilhub.stores.adapters.news import ReturnNews, ShipmentNews, StateNews, StockNews
from fulfilhub.stores.adapters.port import Connection, Ended, InDoubt, Pushed, Refused, Retry, Stocked

log = structlog.get_logger("fulfilhub.stores")

CALLS_AT_ONCE = 4
LONGEST_SECONDS = 60.0
"""One errand may take several requests; a store that dribbles its answers is given up on after this."""


class ErrandKind(StrEnum):
    """What a store is told."""

    SHIPMENT = "shipment"
    MILESTONE = "milestone"
    RETURN = "return"
    STATE = "state"
    STOCK = "stock"


@dataclass(frozen=True, slots=True)
class StockBatch:
    """As many variants as the store takes in one call."""

    news: tuple[StockNews, ...]


News = ShipmentNews | MilestoneNews | ReturnNews | StateNews | StockBatch
Outcome = Ended | Stocked
KINDS: dict[type[object], ErrandKind] = {
    ShipmentNews: ErrandKind.SHIPMENT,
    MilestoneNews: ErrandKind.MILESTONE,
    ReturnNews: ErrandKind.RETURN,
    StateNews: ErrandKind.STATE,
    StockBatch: ErrandKind.STOCK,
}
HOW: dict[type[object], str] = {Pushed: "told", InDoubt: "in_doubt", Refused: "refused", Retry: "later"}


def trouble_of(outcome: Outcome | None) -> InDoubt | Refused | Retry | None:
    """What went wrong, if anything did."""
    if isinstance(outcome, Stocked):
        return outcome.trouble
    return None if isinstance(outcome, Pushed) else outcome


SHUT = {"unauthorised", "moved", "bad_address", "not_woocommerce", "not_shopify"}
"""What a store says that will say the same to whatever it is told next."""


def is_shut(outcome: Outcome | None) -> bool:
    """Whether the store lets us in no more, as it is connected now."""
    trouble = trouble_of(outcome)
    return isinstance(trouble, Refused) and trouble.code in SHUT


def wants_rest(outcome: Outcome | None) -> bool:
    """Whether the store should be left alone for a while."""
    trouble = trouble_of(outcome)
    return isinstance(trouble, InDoubt | Retry) and trouble.resting


async def run(http: httpx.AsyncClient, connection: Connection, errands: Sequence[News]) -> list[Outcome | None]:
    """How each errand ended, in their order; None: not begun, because the store wanted rest. Never raises: one that
    breaks our own code is in doubt, and keeps none of the others back."""
    places = asyncio.Semaphore(CALLS_AT_ONCE)
    resting = False

    async def one(news: News) -> Outcome | None:
        nonlocal resting
        async with places:
            if resting:
                return None
            outcome = await _attempt(http, connection, news)
            if wants_rest(outcome) or is_shut(outcome):
                resting = True
        trouble = trouble_of(outcome)
        how = HOW[Pushed if trouble is None else type(trouble)]
        metrics.STORE_ERRANDS.labels(KINDS[type(news)], how).inc()
        return outcome

    return list(await asyncio.gather(*map(one, errands)))


async def _attempt(http: httpx.AsyncClient, connection: Connection, news: News) -> Outcome:
    trouble: InDoubt
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            return await _call(http, connection, news)
    except TimeoutError:
        trouble = InDoubt("The store took too long to answer.", resting=True)
    except Exception as error:
        log.error("stores.errand_failed", kind=KINDS[type(news)], error=type(error).__name__, exc_info=True)
        trouble = InDoubt(f"FulfilHub could not tell it ({type(error).__name__}).")
    return Stocked(trouble=trouble) if isinstance(news, StockBatch) else trouble


async def _call(http: httpx.AsyncClient, connection: Connection, news: News) -> Outcome:
    adapter = adapter_for(connection.platform)
    match news:
        case ShipmentNews():
            return await adapter.push_shipment(http, connection, news)
        case MilestoneNews():
            return await adapter.push_milestone(http, connection, news)
        case ReturnNews():
            return await adapter.push_return(http, connection, news)
        case StateNews():
            return await adapter.push_state(http, connection, news)
        case StockBatch():
            return await adapter.push_stock(http, connection, news.news)
