"""An order as its shop sees it: one state for lists and orders' pages, what may be asked there, and dates for a cart.

It owns no tables, tells no facts, and knows nothing of how a shop is connected or called: that is `stores`, which tells
shops of these states.
"""
