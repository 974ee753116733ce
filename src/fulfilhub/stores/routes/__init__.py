"""Store connections, the doors by which storefronts deliver, what stores are told, and how a merchant lets a
storefront's plugin connect."""

from __future__ import annotations

from fulfilhub.stores.routes import (
    authorising,
    completeness,
    connecting,
    customers,
    installing,
    outgoing,
    plugin,
    proxied,
    shopify,
    stores,
)

ROUTES = [
    *stores.ROUTES,
    *completeness.ROUTES,
    *outgoing.ROUTES,
    *connecting.ROUTES,
    *authorising.ROUTES,
    *plugin.ROUTES,
    *shopify.ROUTES,
    *installing.ROUTES,
    *customers.ROUTES,
    *proxied.ROUTES,
]
