"""WooCommerce: webhooks and REST API v3 (the captures under tests/ are from WordPress 7.1 with WooCommerce
11.0.1)."""
