"""WooCommerce behind the port."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from fulfilhub.stores.adapters.milestones import MilestoneNews
from fulfilhub.stores.adapters.port import Connection, Delivery, Ended, PrivacyAsk, Refused
from fulfilhub.stores.adapters.signature import header, signed_by_one_of
from fulfilhub.stores.adapters.woocommerce.deliveries import read_delivery
from fulfilhub.stores.adapters.woocommerce.normalise import normalise
from fulfilhub.stores.adapters.woocommerce.orders import changed_orders, fetch_order, find_number
from fulfilhub.stores.adapters.woocommerce.plugin import push_state, say_goodbye
from fulfilhub.stores.adapters.woocommerce.products import (
    begin_listing,
    end_listing,
    fetch_product,
    list_variants,
    listing,
    read_goods,
    read_listing,
    read_nothing,
)
from fulfilhub.stores.adapters.woocommerce.returns import fetch_returns, orders_with_returns, push_return
from fulfilhub.stores.adapters.woocommerce.shipments import push_shipment
from fulfilhub.stores.adapters.woocommerce.stock import push_stock, stock_at_once


class WooCommerce:
    """The verbs of `StoreAdapter` for WooCommerce."""

    counts_orders = False
    lists_in_bulk = False
    begins_returns = False

    read_delivery = staticmethod(read_delivery)
    normalise = staticmethod(normalise)
    fetch_order = staticmethod(fetch_order)
    changed_orders = staticmethod(changed_orders)
    find_number = staticmethod(find_number)
    push_shipment = staticmethod(push_shipment)
    push_stock = staticmethod(push_stock)
    stock_at_once = staticmethod(stock_at_once)
    push_state = staticmethod(push_state)
    push_return = staticmethod(push_return)
    say_goodbye = staticmethod(say_goodbye)
    read_goods = staticmethod(read_goods)
    read_return = staticmethod(read_nothing)
    read_listed = staticmethod(read_nothing)
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
        """See `StoreAdapter.verify`. Signed: the raw body, in X-WC-Webhook-Signature."""
        return signed_by_one_of(secrets, body, header(headers, "X-WC-Webhook-Signature"))

    @staticmethod
    def read_privacy(delivery: Delivery) -> PrivacyAsk | None:
        """See `StoreAdapter.read_privacy`. WooCommerce tells of no such requests."""
        return None

    @staticmethod
    def shows_states(connection: Connection) -> bool:
        """See `StoreAdapter.shows_states`. Only our plugin has a place for them."""
        return connection.plugin

    @staticmethod
    def shows_milestones(connection: Connection) -> bool:
        """See `StoreAdapter.shows_milestones`. Where a parcel is, is part of the order's state."""
        return False

    @staticmethod
    async def push_milestone(http: httpx.AsyncClient, connection: Connection, news: MilestoneNews) -> Ended:
        """See `StoreAdapter.push_milestone`."""
        return Refused("not_shown", "WooCommerce has no place for this.")

    @staticmethod
    def shows_returns(connection: Connection) -> bool:
        """See `StoreAdapter.shows_returns`. Where the plugin is not, the order gets a note."""
        return True
