"""Shopify: webhooks and the Admin GraphQL API (2026-10, or 2026-07 where a shop does not know it yet)."""
