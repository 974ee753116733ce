"""Shopify behind the port."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from fulfilhub.stores.adapters.port import Connection, Ended, Pushed, Refused, ReturnNews, StateNews
from fulfilhub.stores.adapters.shopify.deliveries import read_delivery
from fulfilhub.stores.adapters.shopify.normalise import normalise
from fulfilhub.stores.adapters.shopify.orders import changed_orders, fetch_order, find_number
from fulfilhub.stores.adapters.shopify.shipments import push_shipment
from fulfilhub.stores.adapters.shopify.stock import push_stock, stock_at_once
from fulfilhub.stores.adapters.signature import header, signed_by_one_of

_NO_PLACE = Refused("not_shown", "Shopify has no place for this.")


class Shopify:
    """The verbs of `StoreAdapter` for Shopify."""

    counts_orders = True

    read_delivery = staticmethod(read_delivery)
    normalise = staticmethod(normalise)
    fetch_order = staticmethod(fetch_order)
    changed_orders = staticmethod(changed_orders)
    find_number = staticmethod(find_number)
    push_shipment = staticmethod(push_shipment)
    push_stock = staticmethod(push_stock)
    stock_at_once = staticmethod(stock_at_once)

    @staticmethod
    def verify(headers: Mapping[str, str], body: bytes, secrets: tuple[str, ...]) -> bool:
        """See `StoreAdapter.verify`. Signed: the raw body, in X-Shopify-Hmac-Sha256."""
        return signed_by_one_of(secrets, body, header(headers, "X-Shopify-Hmac-Sha256"))

    @staticmethod
    def shows_states(connection: Connection) -> bool:
        """See `StoreAdapter.shows_states`. The order's page in Shopify asks us itself."""
        return False

    @staticmethod
    def shows_returns(connection: Connection) -> bool:
        """See `StoreAdapter.shows_returns`. Shopify's own returns are objects of its own, not notes."""
        return False

    @staticmethod
    async def push_state(http: httpx.AsyncClient, connection: Connection, news: StateNews) -> Ended:
        """See `StoreAdapter.push_state`."""
        return _NO_PLACE

    @staticmethod
    async def push_return(http: httpx.AsyncClient, connection: Connection, news: ReturnNews) -> Ended:
        """See `StoreAdapter.push_return`."""
        return _NO_PLACE

    @staticmethod
    async def ask_to_rotate(http: httpx.AsyncClient, connection: Connection) -> Ended:
        """See `StoreAdapter.ask_to_rotate`. There is no plugin of ours to be asked."""
        return _NO_PLACE

    @staticmethod
    async def say_goodbye(http: httpx.AsyncClient, connection: Connection) -> Ended:
        """See `StoreAdapter.say_goodbye`. There is no plugin of ours to be told."""
        return Pushed()
