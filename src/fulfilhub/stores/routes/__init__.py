"""Store connections, the doors by which storefronts deliver, and how a merchant lets a storefront's plugin connect."""

from __future__ import annotations

from fulfilhub.stores.routes import completeness, connecting, stores

ROUTES = [*stores.ROUTES, *completeness.ROUTES, *connecting.ROUTES]
