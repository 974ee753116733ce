"""Shipping: what left the building: parcels, labels, tracking, promises kept or broken. Never picks stock."""
