"""Store connections, the doors by which storefronts deliver, and how a merchant lets a storefront's plugin connect."""

from __future__ import annotations

from fulfilhub.stores.routes import connecting, stores

ROUTES = [*stores.ROUTES, *connecting.ROUTES]
