"""How an attempt is judged, when the next one is due, and when a whole endpoint is left alone for a while."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

# Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md (Delivery
# schedule): ten tries within some 75 hours.
SCHEDULE: tuple[timedelta, ...] = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""How long a delivery waits after each failed try; after the last one it has failed."""

PAUSES: tuple[timedelta, ...] = (
    timedelta(seconds=10),
    timedelta(seconds=30),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=30),
    timedelta(hours=1),
)
"""How long an endpoint that only fails is left alone; then one delivery tries it."""

PAUSE_AFTER = 3
"""Failures in a row after which the deliveries of an endpoint back off together."""

LONGEST_WAIT = timedelta(hours=24)
"""No receiver can put us off for longer."""

JITTER = 0.2


class State(StrEnum):
    """What became of a delivery. `failed`: every try failed; it can be replayed."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Answer:
    """How one attempt ended: a status, or the error why there is none. `retry_after` as the receiver sent it."""

    status: int | None
    error: str | None = None
    retry_after: str = ""

    @property
    def delivered(self) -> bool:
        """Only 2xx says that the receiver has it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """The receiver wants nothing any more."""
        return self.status == 410


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows for a delivery: its state, and when it is due while it is pending."""

    state: State
    due_at: datetime


def jittered(wait: timedelta, spread: float) -> timedelta:
    """The wait times 0.9 to 1.1 (`spread` from 0 to 1), so that what failed together does not come back together."""
    return wait * (1 - JITTER / 2 + JITTER * spread)


def asked_to_wait(given: str, now: datetime) -> timedelta:
    """What a Retry-After (seconds or an HTTP date) asks for, at most `LONGEST_WAIT`; nothing when it can't be read."""
    text = given.strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return timedelta()
    wait = until.replace(tzinfo=until.tzinfo or UTC) - now
    return min(max(wait, timedelta()), LONGEST_WAIT)


def judge(answer: Answer, tries: int, now: datetime, spread: float) -> Verdict:
    """What follows from the try number `tries` (from 1) of a delivery."""
    if answer.delivered:
        return Verdict(State.DELIVERED, now)
    if answer.gone:
        return Verdict(State.PENDING, now)  # the endpoint is disabled with it; enabled again, it goes on from here
    if tries > len(SCHEDULE):
        return Verdict(State.FAILED, now)
    wait = max(jittered(SCHEDULE[tries - 1], spread), asked_to_wait(answer.retry_after, now))
    return Verdict(State.PENDING, now + wait)


def pause(answers: Sequence[Answer], streak: int, now: datetime, spread: float) -> datetime | None:
    """Until when an endpoint is left alone after these answers; `streak` counts them in, see `rules.health`. None: it
    is not."""
    wait = max((asked_to_wait(answer.retry_after, now) for answer in answers if not answer.delivered), default=None)
    if streak >= PAUSE_AFTER and not any(answer.delivered for answer in answers):
        step = min(streak - PAUSE_AFTER, len(PAUSES) - 1)
        wait = max(jittered(PAUSES[step], spread), wait or timedelta())
    return now + wait if wait else None
