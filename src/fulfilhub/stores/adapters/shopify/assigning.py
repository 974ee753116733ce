"""Shopify's locations and fulfilment orders behind the second port."""

from __future__ import annotations

from fulfilhub.stores.adapters.shopify.assigned import answer, orders_of, parts, waiting
from fulfilhub.stores.adapters.shopify.places import places, register, unregister


class ShopifyAssignments:
    """The verbs of `AssignmentAdapter` for Shopify."""

    places = staticmethod(places)
    register = staticmethod(register)
    unregister = staticmethod(unregister)
    waiting = staticmethod(waiting)
    orders_of = staticmethod(orders_of)
    parts = staticmethod(parts)
    answer = staticmethod(answer)
