"""Adapters to storefront platforms, all behind `port.StoreAdapter`."""

from __future__ import annotations

from typing import Protocol

from fulfilhub.stores.adapters.assigning import AssignmentAdapter
from fulfilhub.stores.adapters.goods import GoodsAdapter
from fulfilhub.stores.adapters.milestones import MilestoneAdapter
from fulfilhub.stores.adapters.port import StoreAdapter
from fulfilhub.stores.adapters.shopify.adapter import Shopify
from fulfilhub.stores.adapters.shopify.assigning import ShopifyAssignments
from fulfilhub.stores.adapters.woocommerce.adapter import WooCommerce


class Adapter(StoreAdapter, GoodsAdapter, MilestoneAdapter, Protocol):
    """All that one storefront platform can do."""


ADAPTERS: dict[str, Adapter] = {"shopify": Shopify(), "woocommerce": WooCommerce()}
ASSIGNING: dict[str, AssignmentAdapter] = {"shopify": ShopifyAssignments()}


def adapter_for(platform: str) -> Adapter:
    """The adapter of `shopify` or `woocommerce`. Raises KeyError for a platform that has none (such as
    `api`)."""
    return ADAPTERS[platform]


def assigns(platform: str) -> AssignmentAdapter:
    """What speaks for the locations of a platform that has some. Raises KeyError for the others."""
    return ASSIGNING[platform]
