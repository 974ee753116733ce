"""Shopify behind the port."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from fulfilhub.stores.adapters.news import StateNews
from fulfilhub.stores.adapters.port import Connection, Ended, Pushed, Refused
from fulfilhub.stores.adapters.shopify.deliveries import read_delivery, read_privacy
from fulfilhub.stores.adapters.shopify.milestones import push_milestone
from fulfilhub.stores.adapters.shopify.normalise import normalise
from fulfilhub.stores.adapters.shopify.orders import changed_orders, fetch_order, find_number
from fulfilhub.stores.adapters.shopify.products import (
    begin_listing,
    end_listing,
    fetch_product,
    list_variants,
    listing,
    read_goods,
    read_listing,
)
from fulfilhub.stores.adapters.shopify.returns import fetch_returns, orders_with_returns, push_return
from fulfilhub.stores.adapters.shopify.shipments import push_shipment
from fulfilhub.stores.adapters.shopify.stock import push_stock, stock_at_once
from fulfilhub.stores.adapters.shopify.variants import listed_told, return_told
from fulfilhub.stores.adapters.signature import header, signed_by_one_of

_NO_PLACE = Refused("not_shown", "Shopify has no place for this.")


class Shopify:
    """The verbs of `StoreAdapter` for Shopify."""

    counts_orders = True
    lists_in_bulk = True
    begins_returns = True

    read_delivery = staticmethod(read_delivery)
    read_privacy = staticmethod(read_privacy)
    normalise = staticmethod(normalise)
    fetch_order = staticmethod(fetch_order)
    changed_orders = staticmethod(changed_orders)
    find_number = staticmethod(find_number)
    push_shipment = staticmethod(push_shipment)
    push_milestone = staticmethod(push_milestone)
    push_stock = staticmethod(push_stock)
    stock_at_once = staticmethod(stock_at_once)
    push_return = staticmethod(push_return)
    read_goods = staticmethod(read_goods)
    read_return = staticmethod(return_told)
    read_listed = staticmethod(listed_told)
    fetch_product = staticmethod(fetch_product)
    list_variants = staticmethod(list_variants)
    begin_listing = staticmethod(begin_listing)
    listing = staticmethod(listing)
    read_listing = staticmethod(read_listing)
    end_listing = staticmethod(end_listing)
    fetch_returns = staticmethod(fetch_returns)
    orders_with_returns = staticmethod(orders_with_returns)

    @staticmethod
    def verify(headers: Mapping[str, str], body: bytes, secrets: tuple[str, ...]) -> bool:
        """See `StoreAdapter.verify`. Signed: the raw body, in X-Shopify-Hmac-Sha256."""
        return signed_by_one_of(secrets, body, header(headers, "X-Shopify-Hmac-Sha256"))

    @staticmethod
    def shows_states(connection: Connection) -> bool:
        """See `StoreAdapter.shows_states`. The order's page in Shopify asks us itself."""
        return False

    @staticmethod
    def shows_milestones(connection: Connection) -> bool:
        """See `StoreAdapter.shows_milestones`."""
        return True

    @staticmethod
    def shows_returns(connection: Connection) -> bool:
        """See `StoreAdapter.shows_returns`."""
        return True

    @staticmethod
    async def push_state(http: httpx.AsyncClient, connection: Connection, news: StateNews) -> Ended:
        """See `StoreAdapter.push_state`."""
        return _NO_PLACE

    @staticmethod
    async def ask_to_rotate(http: httpx.AsyncClient, connection: Connection) -> Ended:
        """See `StoreAdapter.ask_to_rotate`. There is no plugin of ours to be asked."""
        return _NO_PLACE

    @staticmethod
    async def say_goodbye(http: httpx.AsyncClient, connection: Connection) -> Ended:
        """See `StoreAdapter.say_goodbye`. There is no plugin of ours to be told."""
        return Pushed()
