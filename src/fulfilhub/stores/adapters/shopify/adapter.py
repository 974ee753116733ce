"""Shopify behind the port."""

from __future__ import annotations

from collections.abc import Mapping

from fulfilhub.stores.adapters.shopify.deliveries import read_delivery
from fulfilhub.stores.adapters.shopify.normalise import normalise
from fulfilhub.stores.adapters.shopify.orders import changed_orders, fetch_order, find_number
from fulfilhub.stores.adapters.shopify.shipments import push_shipment
from fulfilhub.stores.adapters.shopify.stock import push_stock
from fulfilhub.stores.adapters.signature import header, signed_by_one_of


class Shopify:
    """The eight verbs of `StoreAdapter` for Shopify."""

    counts_orders = True

    read_delivery = staticmethod(read_delivery)
    normalise = staticmethod(normalise)
    fetch_order = staticmethod(fetch_order)
    changed_orders = staticmethod(changed_orders)
    find_number = staticmethod(find_number)
    push_shipment = staticmethod(push_shipment)
    push_stock = staticmethod(push_stock)

    @staticmethod
    def verify(headers: Mapping[str, str], body: bytes, secrets: tuple[str, ...]) -> bool:
        """See `StoreAdapter.verify`. Signed: the raw body, in X-Shopify-Hmac-Sha256."""
        return signed_by_one_of(secrets, body, header(headers, "X-Shopify-Hmac-Sha256"))
