"""Wire shapes of carrier connections and of what they sent."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from fulfilhub.carriers.commands.connections import CarrierChange
from fulfilhub.carriers.queries import CarrierRow
from fulfilhub.carriers.rules import LONGEST_OVERLAP, OVERLAP_HOURS
from fulfilhub.platform import ids
from fulfilhub.platform.inbox import MessageRow
from fulfilhub.shipping.rules import TrackingState

CarrierMessageState = Literal["waiting", "read", "partly", "unreadable"]
Name = Annotated[str, Meta(min_length=1, max_length=200, examples=["Evri by our aggregator"])]
CarrierCode = Annotated[str, Meta(max_length=100, examples=["evri"])]
Secret = Annotated[
    str, Meta(min_length=8, max_length=120, examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="])
]
Statuses = Annotated[dict[str, TrackingState | None], Meta(max_length=500, examples=[{"DLVD": "delivered"}])]


class CarrierIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """A carrier or aggregator to connect. `carrier` is whom it tells of where its events don't say, empty for many;
    `secret` is its own signing secret, without it we make one. `statuses`: its own codes in our words, null for those
    that say nothing of where a parcel is; `evri:DLVD` means the code of that carrier only."""

    name: Name
    carrier: CarrierCode = ""
    secret: Secret | None = None
    statuses: Statuses = {}


class CarrierPatch(Struct, kw_only=True, forbid_unknown_fields=True):
    """What to change; what is left out or null stays. `statuses` is replaced whole. A connection that is not `enabled`
    takes nothing in."""

    name: Name | None = None
    carrier: CarrierCode | None = None
    statuses: Statuses | None = None
    enabled: bool | None = None


class RotateCarrierSecretIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """For how many hours the old secret is honoured beside the new one; 0: it ends at once. `secret` is the carrier's
    own new one, without it we make one."""

    secret: Secret | None = None
    overlap_hours: Annotated[
        int, Meta(ge=0, le=int(LONGEST_OVERLAP.total_seconds()) // 3600, examples=[OVERLAP_HOURS])
    ] = OVERLAP_HOURS


class CarrierOut(Struct, kw_only=True):
    """A connection. `webhook_url` is where the carrier delivers; `last_seen_at` when it last did."""

    id: str
    name: Name
    carrier: CarrierCode
    webhook_url: str
    statuses: Statuses
    enabled: bool
    last_seen_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


class CarrierSecretOut(Struct, kw_only=True):
    """A connection, and the signing secret we made for it, shown this once; null when you gave the carrier's own."""

    carrier: CarrierOut
    secret: Annotated[str, Meta(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="])] | None


class CarrierMessageOut(Struct, kw_only=True):
    """One delivery of a carrier and what became of it. `detail` names the events that could not be read (from 0), and
    counts those that wait for their parcel. `repeats`: how often it was sent again. Its content is kept, sealed, until
    `expires_at`; until then it can be read again."""

    id: str
    state: CarrierMessageState
    detail: str | None
    repeats: int
    received_at: datetime
    read_at: datetime | None
    expires_at: datetime


class TrackingReceived(Struct, kw_only=True):
    """The delivery is safe with us. `repeated`: it was before."""

    received: bool = True
    repeated: bool = False


def carrier_change(data: CarrierPatch) -> CarrierChange:
    """The command's words."""
    return CarrierChange(name=data.name, carrier=data.carrier, statuses=data.statuses, enabled=data.enabled)


def carrier_out(row: CarrierRow, url: str) -> CarrierOut:
    """`url` is our public base address."""
    return CarrierOut(
        id=ids.CARRIER.show(row.id),
        name=row.name,
        carrier=row.carrier,
        webhook_url=f"{url}/v1/carriers/{ids.CARRIER.show(row.id)}/webhook",
        statuses=dict(row.words),
        enabled=row.enabled,
        last_seen_at=row.last_seen_at,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def carrier_message_out(row: MessageRow) -> CarrierMessageOut:
    return CarrierMessageOut(
        id=ids.MESSAGE.show(row.id),
        state=row.outcome or "waiting",  # type: ignore[arg-type]  # written from rules.Outcome only
        detail=row.detail,
        repeats=row.repeats,
        received_at=row.received_at,
        read_at=row.handled_at,
        expires_at=row.expires_at,
    )
