"""Every look at warehouses and stock, and every row lock on stock levels."""

from __future__ import annotations

from fulfilhub.inventory.queries.stock import (
    KitLevelRow,
    LevelRow,
    MovementRow,
    available,
    get_level,
    list_kit_levels,
    list_levels,
    list_movements,
    lock_levels,
    sellable,
    sellable_at,
)
from fulfilhub.inventory.queries.warehouses import (
    WarehouseProfile,
    WarehouseRow,
    get_warehouse,
    list_warehouses,
    read_profile,
    receivable,
    warehouses_for,
)

__all__ = [
    "KitLevelRow",
    "LevelRow",
    "MovementRow",
    "WarehouseProfile",
    "WarehouseRow",
    "available",
    "get_level",
    "get_warehouse",
    "list_kit_levels",
    "list_levels",
    "list_movements",
    "list_warehouses",
    "lock_levels",
    "read_profile",
    "receivable",
    "sellable",
    "sellable_at",
    "warehouses_for",
]
