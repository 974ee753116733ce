"""A shop that answers as WooCommerce's REST API v3 does, and sends webhooks as WooCommerce does."""

from __future__ import annotations

from fulfilhub.demo.storefronts.woocommerce.api import woocommerce_storefront
from fulfilhub.demo.storefronts.woocommerce.plugin import Plugin
from fulfilhub.demo.storefronts.woocommerce.shop import WooCommerceShop

__all__ = ["Plugin", "WooCommerceShop", "woocommerce_storefront"]
