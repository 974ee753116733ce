"""Billing: what each merchant owes us, as an append-only ledger of charges, and the prices they come from.

It hears what happened and writes it down once; it never changes an order and never asks for money itself.
"""
