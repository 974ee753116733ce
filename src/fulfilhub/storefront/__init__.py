"""An order as its shop sees it, and as its customer does: one state for lists and orders' pages, what may be asked
there, dates for a cart, and what proves that an order is somebody's own.

It owns no tables, tells no facts, and knows nothing of how a shop is connected or called: that is `stores`, which tells
shops of these states.
"""
