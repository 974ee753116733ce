"""What carriers send: kept as it came at the door, read by a job, handed to `shipping` in sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from sqlalchemy import or_, update

from fulfilhub.accounts.rules import AccountKind
from fulfilhub.carriers import queries
from fulfilhub.carriers.adapters import letter
from fulfilhub.carriers.models import CarrierConnection
from fulfilhub.carriers.queries import CarrierRow
from fulfilhub.carriers.rules import Event, Outcome, Reading, Unreadable, outcome_of, read, sentence
from fulfilhub.platform import inbox
from fulfilhub.platform.errors import Conflict, FulfilHubError, NotFound
from fulfilhub.platform.inbox import Message, Verdict
from fulfilhub.platform.secrets import Vault, live_secrets
from fulfilhub.platform.work import Work
from fulfilhub.shipping.commands import early
from fulfilhub.shipping.commands.scans import ScanTold, record
from fulfilhub.shipping.rules import TrackingState

READ = "carriers.read_message"
TOPIC = "tracking"
KEPT_HEADERS = ("webhook-id", "webhook-timestamp", "content-type", "user-agent")
SEEN_EVERY = timedelta(minutes=1)


@dataclass(slots=True)
class _Pile:
    """What a batch of deliveries adds up to: each scan with the delivery and the place it came from."""

    readings: dict[UUID, Reading] = field(default_factory=dict)
    scans: list[tuple[UUID, int, ScanTold]] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)


async def receive(
    work: Work,
    vault: Vault,
    carrier_id: UUID,
    kind: AccountKind,
    headers: Mapping[str, str],
    body: bytes,
    keep_days: int,
) -> bool:
    """Check a delivery's signature and keep it as it came; a ticket to read it is queued only when it is new. `kind` is
    the account's.

    Returns whether it was new. Raises NotFound, Unauthenticated (`bad_signature`, `stale_timestamp`), Conflict
    (`carrier_disabled`).
    """
    row = await queries.get_carrier(work, carrier_id)
    secrets = live_secrets(await queries.secrets_of(work, vault, carrier_id), work.now)
    delivery_id = letter.check(headers, body, secrets, work.now)
    if not row.enabled:
        raise Conflict("This connection is disabled: nothing was kept. Send it again later.", code="carrier_disabled")
    raw = inbox.Raw(
        source=queries.source_of(carrier_id),
        topic=TOPIC,
        dedupe_key=delivery_id,
        headers={name: value for name, value in headers.items() if name.lower() in KEPT_HEADERS},
        body=body,
    )
    ((message_id, new),) = await inbox.store(work, vault, [raw], keep_days)
    if new:
        _queue(work, carrier_id, message_id, kind)
    return new


async def read_messages(work: Work, vault: Vault, carrier_id: UUID, message_ids: Sequence[UUID]) -> None:
    """Read stored deliveries of one connection, as its account: events of parcels that the account may not speak of, or
    that are not shipped yet, wait; the others move their parcels on.

    A delivery that was read before is passed over, and an event that was told before changes nothing, so repeating is
    harmless.
    """
    messages = await inbox.unread(work, message_ids)
    if not messages:
        return
    row = await queries.get_carrier(work, carrier_id)
    pile = _Pile()
    for message in messages:
        _read(vault, row, message, pile)
    told = await record(work, [scan for *_, scan in pile.scans])
    await early.keep(
        work, [scan for (*_, scan), each in zip(pile.scans, told, strict=True) if isinstance(each, NotFound)]
    )
    refused: dict[UUID, dict[int, FulfilHubError]] = {}
    for (message_id, place, _), verdict in zip(pile.scans, told, strict=True):
        if isinstance(verdict, FulfilHubError):
            refused.setdefault(message_id, {})[place] = verdict
    for message_id, reading in pile.readings.items():
        pile.verdicts.append(_verdict(message_id, reading, refused.get(message_id, {})))
    await inbox.settle(work, pile.verdicts)
    await _seen(work, carrier_id)


async def retry(work: Work, carrier_id: UUID, message_id: UUID, kind: AccountKind) -> None:
    """Read a delivery again, for example after `statuses` was corrected: events that were told before change nothing.
    One that waits to be read stays as it is. Raises NotFound, Conflict (`content_expired`)."""
    row, kept = await queries.get_message(work, carrier_id, message_id)
    if not kept:
        raise Conflict("Its content is no longer kept; ask the carrier to send it again.", code="content_expired")
    if row.handled_at is None:
        return
    await work.db.execute(
        update(Message)
        .where(Message.account_id == work.account_id, Message.id == message_id)
        .values(handled_at=None, outcome=None, detail=None)
    )
    _queue(work, carrier_id, message_id, kind)


def _queue(work: Work, carrier_id: UUID, message_id: UUID, kind: AccountKind) -> None:
    work.enqueue(READ, {"carrier_id": carrier_id, "message_id": message_id, "kind": str(kind)})


def _read(vault: Vault, row: CarrierRow, message: inbox.RawRow, pile: _Pile) -> None:
    if message.payload is None:
        pile.verdicts.append(Verdict(message.id, Outcome.UNREADABLE, "It expired before it was read."))
        return
    _, body = inbox.open_payload(vault, message.payload)
    try:
        reading = pile.readings[message.id] = read(body, row.carrier, row.words)
    except Unreadable as problem:
        pile.verdicts.append(Verdict(message.id, Outcome.UNREADABLE, str(problem)))
        return
    pile.scans += [(message.id, place, _scan(event, state)) for place, (event, state) in reading.events.items()]


def _scan(event: Event, state: TrackingState) -> ScanTold:
    return ScanTold(
        tracking_number=event.tracking_number,
        state=state,
        occurred_at=event.occurred_at,
        description=event.text,
        location=event.location,
        code=event.code,
        signed_by=event.signed_by,
        estimated_at=event.estimated_delivery_at,
    )


def _verdict(message_id: UUID, reading: Reading, refused: Mapping[int, FulfilHubError]) -> Verdict:
    waiting = sum(isinstance(each, NotFound) for each in refused.values())
    problems = dict(reading.problems)
    problems |= {place: each.detail for place, each in refused.items() if not isinstance(each, NotFound)}
    return Verdict(message_id, outcome_of(reading, list(problems)), sentence(problems, reading.total, waiting))


async def _seen(work: Work, carrier_id: UUID) -> None:
    last = CarrierConnection.last_seen_at
    await work.db.execute(
        update(CarrierConnection)
        .where(CarrierConnection.account_id == work.account_id, CarrierConnection.id == carrier_id)
        .where(or_(last.is_(None), last < work.now - SEEN_EVERY))
        .values(last_seen_at=work.now)
    )
