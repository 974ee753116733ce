"""Every write to orders: taking them in, correcting and changing them, holding them, counting what happens to them."""

from __future__ import annotations

from fulfilhub.orders.commands.counting import (
    LineChange,
    PromiseStand,
    count,
    forget_wanted,
    freeze_promises,
    note_late_parts,
    note_promises,
    note_tracking,
    refresh,
    regrow,
    set_backordered,
)
from fulfilhub.orders.commands.editing import Changes, LineEdit, check_again, edit
from fulfilhub.orders.commands.holding import place_hold, release_hold
from fulfilhub.orders.commands.taking import NO_STORE, Outcome, Taken, take, take_each, take_wanted

__all__ = [
    "NO_STORE",
    "Changes",
    "LineChange",
    "LineEdit",
    "Outcome",
    "PromiseStand",
    "Taken",
    "check_again",
    "count",
    "edit",
    "forget_wanted",
    "freeze_promises",
    "note_late_parts",
    "note_promises",
    "note_tracking",
    "place_hold",
    "refresh",
    "regrow",
    "release_hold",
    "set_backordered",
    "take",
    "take_each",
    "take_wanted",
]
