"""WooCommerce behind the port."""

from __future__ import annotations

from collections.abc import Mapping

from fulfilhub.stores.adapters.port import Connection
from fulfilhub.stores.adapters.signature import header, signed_by_one_of
from fulfilhub.stores.adapters.woocommerce.deliveries import read_delivery
from fulfilhub.stores.adapters.woocommerce.normalise import normalise
from fulfilhub.stores.adapters.woocommerce.orders import changed_orders, fetch_order, find_number
from fulfilhub.stores.adapters.woocommerce.plugin import ask_to_rotate, push_state, say_goodbye
from fulfilhub.stores.adapters.woocommerce.returns import push_return
from fulfilhub.stores.adapters.woocommerce.shipments import push_shipment
from fulfilhub.stores.adapters.woocommerce.stock import push_stock, stock_at_once


class WooCommerce:
    """The verbs of `StoreAdapter` for WooCommerce."""

    counts_orders = False

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
    ask_to_rotate = staticmethod(ask_to_rotate)
    say_goodbye = staticmethod(say_goodbye)

    @staticmethod
    def verify(headers: Mapping[str, str], body: bytes, secrets: tuple[str, ...]) -> bool:
        """See `StoreAdapter.verify`. Signed: the raw body, in X-WC-Webhook-Signature."""
        return signed_by_one_of(secrets, body, header(headers, "X-WC-Webhook-Signature"))

    @staticmethod
    def shows_states(connection: Connection) -> bool:
        """See `StoreAdapter.shows_states`. Only our plugin has a place for them."""
        return connection.plugin

    @staticmethod
    def shows_returns(connection: Connection) -> bool:
        """See `StoreAdapter.shows_returns`. Where the plugin is not, the order gets a note."""
        return True
