"""Store connections, the doors by which storefronts deliver, what stores are told, and how a merchant lets a
storefront's plugin connect."""

from __future__ import annotations

<<<<<<< HEAD
from fulfilhub.stores.routes import (
    authorising,
    completeness,
    connecting,
    installing,
    outgoing,
    plugin,
    shopify,
    stores,
)
=======
from fulfilhub.stores.routes import authorising, completeness, connecting, customers, outgoing, plugin, proxied, stores
>>>>>>> shopify-fake

ROUTES = [
    *stores.ROUTES,
    *completeness.ROUTES,
    *outgoing.ROUTES,
    *connecting.ROUTES,
    *authorising.ROUTES,
    *plugin.ROUTES,
<<<<<<< HEAD
    *shopify.ROUTES,
    *installing.ROUTES,
=======
    *customers.ROUTES,
    *proxied.ROUTES,
>>>>>>> shopify-fake
]
