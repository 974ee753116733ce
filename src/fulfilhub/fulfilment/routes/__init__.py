"""The queue as its workers see it, and fulfilments as the merchant does."""

from __future__ import annotations

from fulfilhub.fulfilment.routes import merchant, work

ROUTES = [*work.ROUTES, *merchant.ROUTES]
