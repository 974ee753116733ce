"""Telling Shopify where a shipment is: events on the fulfilments that stand for it.

`fulfillmentEventCreate` knows no idempotency key, so what each fulfilment shows already is read before each write.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

import httpx

from fulfilhub.stores.adapters import reading
from fulfilhub.stores.adapters.milestones import Milestone, MilestoneNews
from fulfilhub.stores.adapters.port import Connection, Ended, InDoubt, Missing, Pushed, Refused, Retry
from fulfilhub.stores.adapters.shopify import client, documents

_READ = documents.read("FulfilHubMilestones")
_TELL = documents.read("FulfilHubTellMilestone")
_CALLED = {
    Milestone.CONFIRMED: "CONFIRMED",
    Milestone.PICKED_UP: "CARRIER_PICKED_UP",
    Milestone.IN_TRANSIT: "IN_TRANSIT",
    Milestone.DELAYED: "DELAYED",
    Milestone.OUT_FOR_DELIVERY: "OUT_FOR_DELIVERY",
    Milestone.ATTEMPTED: "ATTEMPTED_DELIVERY",
    Milestone.READY_FOR_PICKUP: "READY_FOR_PICKUP",
    Milestone.FAILED: "FAILURE",
    Milestone.DELIVERED: "DELIVERED",
}


async def push_milestone(http: httpx.AsyncClient, connection: Connection, news: MilestoneNews) -> Ended:
    """See `StoreAdapter.push_milestone`."""
    answer = await client.query(http, connection, _READ, {"ids": list(news.told_as)})
    if isinstance(answer, Missing):
        return Refused("shipment_missing", "The store no longer has this fulfilment.")
    if isinstance(answer, Refused | Retry):
        return answer
    status = _CALLED[news.milestone]
    for row in reading.rows({"nodes": answer.get("nodes")}):
        events = [
            (reading.text(event.get("status")), reading.moment(event.get("happenedAt")) or reading.UNKNOWN_TIME)
            for event in reading.rows(row.get("events"))
        ]
        if row.get("status") == "CANCELLED" or not is_news(events, status, news.at):
            continue
        event = {"fulfillmentId": reading.text(row.get("id")), "status": status, "happenedAt": news.at.isoformat()}
        ended = _ended(await client.mutate(http, connection, _TELL, {"event": event}))
        if not isinstance(ended, Pushed):
            return ended
    return Pushed()


def is_news(events: Collection[tuple[str, datetime]], status: str, at: datetime) -> bool:
    """Whether a fulfilment that shows these (status, time) should show one more: each once, none after the end, and
    none that is older than the newest. Shopify cuts fractions of a second off."""
    told = {name for name, _ in events}
    newest = max((time for _, time in events), default=None)
    late = newest is not None and at.replace(microsecond=0) < newest.replace(microsecond=0)
    return status not in told and "DELIVERED" not in told and not late


def _ended(answer: Mapping[str, object] | Missing | InDoubt | Refused | Retry) -> Ended:
    if isinstance(answer, Missing):
        return Retry("The fulfilment changed while it was read.")
    if isinstance(answer, InDoubt | Refused | Retry):
        return answer
    reason = client.refusal(answer.get("fulfillmentEventCreate"))
    return Refused("rejected", reason) if reason else Pushed()
