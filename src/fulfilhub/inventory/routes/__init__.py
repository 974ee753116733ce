"""Warehouses, what they pack with, and stock."""

from __future__ import annotations

from fulfilhub.inventory.routes import boxes, stock

ROUTES = [*stock.ROUTES, *boxes.ROUTES]
