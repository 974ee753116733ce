"""Adapters to storefront platforms, all behind `port.StoreAdapter`."""

from __future__ import annotations

from fulfilhub.stores.adapters.port import StoreAdapter
from fulfilhub.stores.adapters.shopify.adapter import Shopify
from fulfilhub.stores.adapters.woocommerce.adapter import WooCommerce

ADAPTERS: dict[str, StoreAdapter] = {"shopify": Shopify(), "woocommerce": WooCommerce()}


def adapter_for(platform: str) -> StoreAdapter:
    """The adapter of `shopify` or `woocommerce`. Raises KeyError for a platform that has none (such as
    `api`)."""
    return ADAPTERS[platform]
