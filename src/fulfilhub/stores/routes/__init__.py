"""Store connections, the doors by which storefronts deliver, and how a merchant lets a storefront's plugin connect."""

from __future__ import annotations

from fulfilhub.stores.routes import authorising, completeness, connecting, plugin, stores

ROUTES = [*stores.ROUTES, *completeness.ROUTES, *connecting.ROUTES, *authorising.ROUTES, *plugin.ROUTES]
