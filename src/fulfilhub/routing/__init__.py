"""Routing: the promise, the choice of warehouse, and the record of why. Never picks or ships."""
