"""Storefront connections: orders come in, tracking and stock go out. The only package that knows a
storefront's words.

It never decides what happens to an order: it reads what the store says, hands it to `orders`, and tells the
store what `shipping` reports.
"""
