"""Two small shops that stand for a merchant's storefront in the demo and in tests. They are other people's
servers: nothing of FulfilHub is imported here. The Shopify one needs graphql-core, the WooCommerce one does
not."""
