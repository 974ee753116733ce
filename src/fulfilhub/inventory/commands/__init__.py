"""Every write to warehouses and stock."""

from __future__ import annotations

from fulfilhub.inventory.commands.receipts import Receipt, ReceiptLine, receive
from fulfilhub.inventory.commands.stock import AdjustOutcome, Movement, adjust, move
from fulfilhub.inventory.commands.warehouses import NewWarehouse, change_warehouse, make_warehouse

__all__ = [
    "AdjustOutcome",
    "Movement",
    "NewWarehouse",
    "Receipt",
    "ReceiptLine",
    "adjust",
    "change_warehouse",
    "make_warehouse",
    "move",
    "receive",
]
