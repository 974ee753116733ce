"""A shop that answers as Shopify's Admin GraphQL API does, and sends webhooks as Shopify does."""

from __future__ import annotations

from fulfilhub.demo.storefronts.shopify.api import shopify_storefront
from fulfilhub.demo.storefronts.shopify.shop import LOCATION, ShopifyShop

__all__ = ["LOCATION", "ShopifyShop", "shopify_storefront"]
