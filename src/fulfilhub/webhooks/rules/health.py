"""How an endpoint is doing: its state, its streak of failures, and its rate of success over a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from fulfilhub.webhooks.rules.retries import PAUSE_AFTER, Answer

DAY = timedelta(hours=24)
HOUR = 3600

Hours = tuple[tuple[int, int, int], ...]
"""(hour since 1970, attempts that delivered, attempts that failed), oldest first."""


class Health(StrEnum):
    """`failing`: nothing was delivered since the first of its last failures. `disabled`: nothing is sent."""

    HEALTHY = "healthy"
    FAILING = "failing"
    DISABLED = "disabled"


class Reason(StrEnum):
    """Why an endpoint is disabled."""

    BY_HAND = "by_hand"
    FAILING = "failing"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is remembered of an endpoint's attempts. `streak` counts failures in a row; those of one wave count no
    further than `PAUSE_AFTER`, so that a burst is not taken for a long outage."""

    streak: int = 0
    failing_since: datetime | None = None
    last_success_at: datetime | None = None
    recent: Hours = ()


def noted(record: Record, answers: Sequence[Answer], now: datetime) -> Record:
    """The record after a wave of attempts that ended at `now`. One success ends a streak of failures."""
    delivered = sum(answer.delivered for answer in answers)
    failed = len(answers) - delivered
    recent = counted(record.recent, delivered, failed, now)
    if delivered:
        return Record(last_success_at=now, recent=recent)
    streak = max(record.streak + 1, min(record.streak + failed, PAUSE_AFTER))
    return replace(record, streak=streak, failing_since=record.failing_since or now, recent=recent)


def counted(hours: Hours, delivered: int, failed: int, now: datetime) -> Hours:
    """The hourly counts with these attempts added; what is older than a day goes."""
    hour = int(now.timestamp()) // HOUR
    kept = {at: (good, bad) for at, good, bad in hours if at > hour - DAY // timedelta(hours=1)}
    good, bad = kept.get(hour, (0, 0))
    kept[hour] = (good + delivered, bad + failed)
    return tuple((at, *kept[at]) for at in sorted(kept))


def success_rate(hours: Hours, now: datetime) -> float | None:
    """Delivered attempts among all of the last 24 hours, from 0 to 1; None when there were none."""
    delivered, failed = 0, 0
    for _, good, bad in counted(hours, 0, 0, now):
        delivered, failed = delivered + good, failed + bad
    return round(delivered / (delivered + failed), 4) if delivered + failed else None


def health(enabled: bool, failing_since: datetime | None) -> Health:
    """How the endpoint is doing now."""
    if not enabled:
        return Health.DISABLED
    return Health.HEALTHY if failing_since is None else Health.FAILING


def reason_to_disable(record: Record, answers: Sequence[Answer], now: datetime, after: timedelta) -> Reason | None:
    """Why nothing more is to be sent after these answers: the receiver said 410 Gone, or only failed for `after`."""
    if any(answer.gone for answer in answers):
        return Reason.GONE
    if record.failing_since is not None and now - record.failing_since >= after:
        return Reason.FAILING
    return None
