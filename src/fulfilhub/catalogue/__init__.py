"""Catalogue: a merchant's products, one row per SKU, and which store variant means which product.

Never knows how many there are; that is `inventory`.
"""
