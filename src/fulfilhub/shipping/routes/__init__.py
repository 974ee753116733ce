"""Cartons and papers for who packs; shipments, scans and promises."""

from __future__ import annotations

from fulfilhub.shipping.routes import cartons, papers, shipments

ROUTES = [*shipments.ROUTES, *cartons.ROUTES, *papers.ROUTES]
