"""Every GraphQL document we send to Shopify stands in a file of its own, `graphql/<OperationName>.graphql`; this reads
them. A test checks each file against the published schemas of both API versions.

`FulfilHubOrder` is aliased to the names of the webhook payload, so that one normaliser reads both.
"""

from __future__ import annotations

from importlib.resources import files

_FOLDER = files("fulfilhub.stores.adapters.shopify") / "graphql"


def read(operation: str) -> str:
    """The document of this operation. A module that sends one reads it once, into a constant, so that a missing file
    is found when the program starts."""
    return (_FOLDER / f"{operation}.graphql").read_text(encoding="utf-8")


CHANGED_ORDERS = read("FulfilHubChangedOrders")
CONNECTION = read("FulfilHubConnection")
CREATE_FULFILMENT = read("FulfilHubCreateFulfilment")
FULFILMENT_LINES = read("FulfilHubFulfilmentLines")
FULFILMENT_ORDER_LINES = read("FulfilHubFulfilmentOrderLines")
ORDER = read("FulfilHubOrder")
ORDERS_NAMED = read("FulfilHubOrdersNamed")
SET_STOCK = read("FulfilHubSetStock")
SHIPPING_STATE = read("FulfilHubShippingState")
STOCK = read("FulfilHubStock")
UPDATE_TRACKING = read("FulfilHubUpdateTracking")
