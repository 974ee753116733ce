"""How a store is swept and what may be claimed of it: windows, waits, and whether everything is here.

All times called the store's are by the store's own clock, as it stamps changes of its orders.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SETTLES = timedelta(seconds=60)
"""How long a store may take from stamping a change until its list shows it (an open transaction, a search index). So
much is never claimed of the newest past; a store that was seen to take longer gets more (`lag`)."""

LONGEST_LAG = timedelta(days=1)
CLOCK_NOISE = timedelta(seconds=5)
"""A difference of clocks below this is the network's: a Date header has whole seconds."""

LOOKS_BACK_EVERY = timedelta(days=1)
GIVES_UP_AFTER = timedelta(hours=1)
"""A run whose ticket was lost is begun again after this, where it was."""

PATIENCE = 3
"""So many sweeps may fail or be missed before a store counts as failing or behind."""

LONGEST_WAIT = 3600.0


class SweepState(StrEnum):
    """Whether everything is here. `behind`: something is known to be missing still, or the last look is too old;
    `failing`: the store can't be read; `off`: it is disconnected; `never`: nothing is proven yet."""

    COMPLETE = "complete"
    BEHIND = "behind"
    FAILING = "failing"
    NEVER = "never"
    OFF = "off"


class FoundBy(StrEnum):
    """What found that an order must be read from its store."""

    SWEEP = "sweep"
    GAP = "gap"
    BACKFILL = "backfill"


class LateWhat(StrEnum):
    """What no webhook brought in time."""

    ORDER = "order"
    CHANGE = "change"


class GapState(StrEnum):
    """What became of a number nobody has: `open` until the store was asked, then `absent` there, or `found`."""

    OPEN = "open"
    ABSENT = "absent"
    FOUND = "found"


class BackfillState(StrEnum):
    """A backfill's life. The last three are its end."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


LIVE_BACKFILL = (BackfillState.QUEUED, BackfillState.RUNNING)

FIXES: dict[str, str] = {
    "unauthorised": "Give the connection new credentials that may read orders (PATCH /v1/stores/{store_id}).",
    "bad_address": "Correct the store's address (PATCH /v1/stores/{store_id}).",
    "moved": "Give the address that the store answers from (PATCH /v1/stores/{store_id}).",
    "not_woocommerce": "Check the address, and that permalinks and WooCommerce's REST API are switched on.",
    "not_shopify": "Check the address: it must be the shop's myshopify.com name.",
    "unreachable": "Check that the store is up and lets our calls through; we go on trying.",
}
OTHER_FIX = "See whether the store's own log says more; we go on trying."


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known of a store's sweeps. `proven`: some of the past is known to be here; `overdue`: orders found there
    that should have been read by now; `doubted`: orders whose two tellings of one second differ, and which are being
    read anew."""

    connected: bool
    listed_to: datetime | None
    proven: bool
    offset: timedelta
    failures: int
    code: str | None
    overdue: int
    doubted: int


def state_of(known: Standing, interval: timedelta, now: datetime) -> SweepState:
    """How complete a store is."""
    if not known.connected:
        return SweepState.OFF
    if known.code is not None and (known.code != "unreachable" or known.failures >= PATIENCE):
        return SweepState.FAILING
    if known.listed_to is None:
        return SweepState.NEVER
    if known.overdue or known.doubted or now - by_our_clock(known.listed_to, known.offset) > interval * PATIENCE:
        return SweepState.BEHIND
    return SweepState.COMPLETE if known.proven else SweepState.NEVER


def by_our_clock(at: datetime, offset: timedelta) -> datetime:
    """A store's time as we would have called it; `offset`: how far the store's clock is ahead of ours."""
    return at - offset


def clock_offset(theirs: datetime | None, ours: datetime) -> timedelta:
    """How far the store's clock is ahead of ours, in whole seconds."""
    if theirs is None:
        return timedelta()
    offset = timedelta(seconds=round((theirs - ours).total_seconds()))
    return offset if abs(offset) >= CLOCK_NOISE else timedelta()


def lag_seen(changed_at: datetime, listed_to: datetime, lag: timedelta) -> timedelta:
    """How long this store is now known to take until its list shows a change: this one was stamped before `listed_to`,
    up to which the list had been read, and was not in it."""
    return min(max(lag, listed_to - changed_at), LONGEST_LAG)


def next_due(now: datetime, interval: timedelta, spread: float, *, first: bool = False) -> datetime:
    """When a store is swept again: 0.85 to 1.15 intervals later (`spread` from 0 to 1), so that stores that began
    together drift apart. After the `first` sweep as soon as the next can prove something."""
    if first:
        interval = min(interval, SETTLES * 1.25)
    return now + interval * (0.85 + 0.3 * spread)


def after_failure(failures: int, at_least: float, spread: float) -> timedelta:
    """How long to leave a store alone after so many failures in a row: half a minute, doubled each time, up to an hour;
    never less than it asked for (`at_least`, seconds)."""
    seconds = min(30.0 * 2 ** min(failures - 1, 10), LONGEST_WAIT) * (0.5 + spread)
    return timedelta(seconds=max(seconds, at_least))


def after_try(attempts: int, spread: float) -> timedelta:
    """How long until an order is read again after so many tries: ten seconds, doubled each time, up to an hour."""
    return timedelta(seconds=min(10.0 * 2 ** min(attempts - 1, 10), LONGEST_WAIT) * (0.5 + spread))


def fix_of(code: str) -> str:
    """What the merchant can do about it."""
    return FIXES.get(code, OTHER_FIX)
