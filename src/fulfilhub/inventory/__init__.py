"""Inventory: warehouses, stock levels and their ledger, with all row locks in one place.

Never decides where an order goes.
"""
