"""How a carrier's delivery is read: the documented shape, whatever else is in it, and the carrier's words in ours."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from fulfilhub.platform.errors import FieldError, Invalid
from fulfilhub.platform.secrets import SIGNING_PREFIX
from fulfilhub.shipping.rules import TrackingState, normalise_number

MOST_EVENTS = 500
"""Events in one delivery."""

MOST_CONNECTIONS = 50
"""Connections that one account may have."""

MOST_REASONS = 10
"""So many reasons are kept of one delivery; the others are counted."""

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
SHORTEST_SECRET, LONGEST_SECRET = 24, 64
"""Bytes. Source: the specification of Standard Webhooks, Symmetric signatures."""

Statuses = Mapping[str, TrackingState | None]
"""A carrier's own code -> our state; None: it says nothing of where the parcel is."""

Short = Annotated[str, Meta(max_length=100)]
Text = Annotated[str, Meta(max_length=500)]
Moment = Annotated[datetime, Meta(tz=True)]


class Outcome(StrEnum):
    """What became of a delivery. `partly`: some of its events could not be read, and can be once `statuses` names
    them."""

    READ = "read"
    PARTLY = "partly"
    UNREADABLE = "unreadable"


class Event(Struct, kw_only=True):
    """One event as a carrier tells it; members that are not named here are passed over."""

    tracking_number: Annotated[str, Meta(min_length=1, max_length=100)]
    occurred_at: Moment
    id: Annotated[str, Meta(max_length=255)] = ""
    carrier: Short = ""
    status: Short = ""
    code: Short = ""
    text: Text = ""
    location: Text = ""
    signed_by: Annotated[str, Meta(max_length=200)] = ""
    estimated_delivery_at: Moment | None = None


class Unreadable(Exception):
    """Why a delivery or an event can't be read: a sentence without personal data."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one delivery holds: its events, by their place, with their state in our words, and why others can't be
    read."""

    events: Mapping[int, tuple[Event, TrackingState]]
    problems: Mapping[int, str]
    total: int


def read(body: bytes, carrier: str, statuses: Statuses) -> Reading:
    """Read a delivery. `carrier` is meant where an event names none. Raises Unreadable when it is none at all."""
    items = _items(body)
    events, problems = {}, {}
    known = {_folded(code): state for code, state in statuses.items()}
    for place, item in enumerate(items):
        try:
            event = _event(item)
            state = _state(event, event.carrier or carrier, known)
        except Unreadable as problem:
            problems[place] = str(problem)
        else:
            if state is not None:
                events[place] = event, state
    return Reading(events, problems, len(items))


def _items(body: bytes) -> list[object]:
    try:
        told = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        raise Unreadable("It is not JSON.") from None
    items = told if isinstance(told, list) else [told]
    if not 1 <= len(items) <= MOST_EVENTS:
        raise Unreadable(f"It must hold one event, or a list of 1 to {MOST_EVENTS}.")
    return items


def _event(item: object) -> Event:
    try:
        event = msgspec.convert(item, Event)
    except msgspec.ValidationError as error:
        raise Unreadable(str(error).replace("`$.", "`").replace(" - at `$`", "") + ".") from None
    if not normalise_number(event.tracking_number):
        raise Unreadable("`tracking_number` must hold letters or digits.")
    for name in ("occurred_at", "estimated_delivery_at"):
        moment = getattr(event, name)
        if moment is not None and not EARLIEST <= moment < LATEST:
            raise Unreadable(f"`{name}` lies too far away.")
    if any(isinstance(text, str) and "\x00" in text for text in msgspec.structs.astuple(event)):
        raise Unreadable("It holds the NUL character (U+0000), which can't be kept.")
    return event


def _state(event: Event, carrier: str, known: Statuses) -> TrackingState | None:
    """The connection's own reading of the carrier's code counts before the sender's; None for what says nothing."""
    if event.code:
        for code in (f"{carrier}:{event.code}", event.code):
            if _folded(code) in known:
                return known[_folded(code)]
    if event.status in set(TrackingState):
        return TrackingState(event.status)
    if event.code:
        raise Unreadable(f"The code {event.code[:40]!r} is not in `statuses`, and `status` is none of ours.")
    raise Unreadable("`status` is none of ours, and there is no `code` to look up.")


def sentence(problems: Mapping[int, str], total: int, waiting: int) -> str | None:
    """What is kept of how a delivery was read; None when there is nothing to say."""
    told = []
    if problems:
        told.append(f"{len(problems)} of {total} events could not be read.")
        told += [f"Event {place}: {reason}" for place, reason in sorted(problems.items())[:MOST_REASONS]]
        if len(problems) > MOST_REASONS:
            told.append(f"And {len(problems) - MOST_REASONS} more.")
    if waiting:
        told.append(f"{waiting} of {total} events wait for their parcel to be shipped.")
    return " ".join(told) or None


def check_statuses(statuses: Statuses) -> dict[str, str | None]:
    """The words as they are kept. Raises Invalid for two that only capitals or blanks tell apart."""
    seen: set[str] = set()
    twice = []
    for code in statuses:
        if _folded(code) in seen or not _folded(code):
            twice.append(code)
        seen.add(_folded(code))
    if twice:
        detail = "Must be a code, and another one than those before it: capitals and blanks don't count."
        raise Invalid(detail, fields=[FieldError(f"/statuses/{_escaped(code)}", detail) for code in twice])
    return {code: None if state is None else str(state) for code, state in statuses.items()}


def check_secret(given: str) -> str:
    """A carrier's own secret. Raises Invalid for what Standard Webhooks can't sign with."""
    try:
        key = base64.b64decode(given.removeprefix(SIGNING_PREFIX), validate=True)
    except ValueError:
        key = b""
    if not given.startswith(SIGNING_PREFIX) or not SHORTEST_SECRET <= len(key) <= LONGEST_SECRET:
        detail = f"Must be {SIGNING_PREFIX} and {SHORTEST_SECRET} to {LONGEST_SECRET} bytes in base64."
        raise Invalid(detail, fields=[FieldError("/secret", detail)])
    return given


def outcome_of(reading: Reading, problems: Sequence[int]) -> Outcome:
    """How a delivery ended of which these events could not be read."""
    if not problems:
        return Outcome.READ
    return Outcome.UNREADABLE if len(problems) == reading.total else Outcome.PARTLY


OVERLAP_HOURS = 24
LONGEST_OVERLAP = timedelta(days=7)


def _folded(code: str) -> str:
    return " ".join(code.split()).casefold()


def _escaped(token: str) -> str:
    # Source: RFC 6901, section 3.
    return token.replace("~", "~0").replace("/", "~1")
