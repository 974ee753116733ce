"""The queue as its workers see it, fulfilments as the merchant does, and what the one asks of the other."""

from __future__ import annotations

from fulfilhub.fulfilment.routes import events, merchant, packing, requests, work

ROUTES = [*work.ROUTES, *events.ROUTES, *merchant.ROUTES, *requests.ROUTES, *packing.ROUTES]
