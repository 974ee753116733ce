"""The pure rules of inventory: working calendars, what a warehouse offers, and the arithmetic of stock."""

from __future__ import annotations

from fulfilhub.inventory.rules.calendar import (
    NeverOpen,
    WorkingCalendar,
    add_working_days,
    is_open,
    knows_region,
    next_open_day,
    read_calendar,
    ship_by,
)
from fulfilhub.inventory.rules.kits import Recipe, kits_from
from fulfilhub.inventory.rules.stock import (
    Bucket,
    Deltas,
    Disposition,
    Level,
    Movement,
    MovementReason,
    NotEnoughStock,
    Recount,
    apply,
    disposition_moves,
    move,
    recount,
    replay,
)
from fulfilhub.inventory.rules.warehouse import DeliveryDays, Service, WarehouseState, Zone

__all__ = [
    "Bucket",
    "DeliveryDays",
    "Deltas",
    "Disposition",
    "Level",
    "Movement",
    "MovementReason",
    "NeverOpen",
    "NotEnoughStock",
    "Recipe",
    "Recount",
    "Service",
    "WarehouseState",
    "WorkingCalendar",
    "Zone",
    "add_working_days",
    "apply",
    "disposition_moves",
    "is_open",
    "kits_from",
    "knows_region",
    "move",
    "next_open_day",
    "read_calendar",
    "recount",
    "replay",
    "ship_by",
]
