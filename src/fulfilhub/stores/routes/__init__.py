"""Store connections, the doors by which storefronts deliver, what stores are told, and how a merchant lets a
storefront's plugin connect."""

from __future__ import annotations

from fulfilhub.stores.routes import (
    assigned,
    authorising,
    callbacks,
    completeness,
    connecting,
    customers,
    failing,
    goods,
    installing,
    outgoing,
    plugin,
    proxied,
    shopify,
    shopify_page,
    stores,
)

ROUTES = [
    *stores.ROUTES,
    *assigned.ROUTES,
    *callbacks.ROUTES,
    *completeness.ROUTES,
    *failing.ROUTES,
    *goods.ROUTES,
    *outgoing.ROUTES,
    *connecting.ROUTES,
    *authorising.ROUTES,
    *plugin.ROUTES,
    *shopify.ROUTES,
    *shopify_page.ROUTES,
    *installing.ROUTES,
    *customers.ROUTES,
    *proxied.ROUTES,
]
