"""Every look at carrier connections and what they sent."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import func, select

from fulfilhub.accounts.rules import AccountKind
from fulfilhub.carriers.models import CarrierConnection
from fulfilhub.carriers.rules import Statuses
from fulfilhub.platform import ids
from fulfilhub.platform.errors import NotFound
from fulfilhub.platform.inbox import Message, MessageRow
from fulfilhub.platform.secrets import LiveSecret, Vault, open_secrets
from fulfilhub.platform.work import Work
from fulfilhub.shipping.rules import TrackingState


class DoorRow(NamedTuple):
    """Whose connection it is: all that may be known before the signature is checked."""

    account_id: UUID
    kind: AccountKind


class CarrierRow(NamedTuple):
    """A connection without its secrets."""

    id: UUID
    name: str
    carrier: str
    statuses: dict[str, str | None]
    enabled: bool
    last_seen_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def words(self) -> Statuses:
        """The carrier's own words in ours."""
        return msgspec.convert(self.statuses, dict[str, TrackingState | None])


COLUMNS = tuple(getattr(CarrierConnection, name) for name in CarrierRow._fields)
MESSAGE = tuple(getattr(Message, name) for name in MessageRow._fields)


async def door(work: Work, carrier_id: UUID) -> DoorRow:
    """Whose connection this is, in the scope Nobody. Raises NotFound."""
    rows = await work.fetch_raw("SELECT account_id, kind FROM carrier_door($1)", carrier_id)
    if not rows:
        raise _no_carrier(carrier_id)
    return DoorRow(rows[0]["account_id"], AccountKind(rows[0]["kind"]))


async def list_carriers(work: Work, after: UUID | None, limit: int) -> list[CarrierRow]:
    """The account's connections by age."""
    query = (
        select(*COLUMNS)
        .where(CarrierConnection.account_id == work.account_id)
        .order_by(CarrierConnection.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(CarrierConnection.id > after)
    return [CarrierRow(*row) for row in await work.db.execute(query)]


async def get_carrier(work: Work, carrier_id: UUID, *, lock: bool = False) -> CarrierRow:
    """One connection of the account, locked if asked for. Raises NotFound."""
    query = select(*COLUMNS).where(CarrierConnection.account_id == work.account_id, CarrierConnection.id == carrier_id)
    row = (await work.db.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        raise _no_carrier(carrier_id)
    return CarrierRow(*row)


async def count_carriers(work: Work) -> int:
    """How many connections the account has."""
    query = select(func.count()).where(CarrierConnection.account_id == work.account_id)
    return int((await work.db.execute(query)).scalar_one())


async def secrets_of(work: Work, vault: Vault, carrier_id: UUID) -> list[LiveSecret]:
    """A connection's secrets, newest first, ended ones included."""
    query = select(CarrierConnection.secrets).where(
        CarrierConnection.account_id == work.account_id, CarrierConnection.id == carrier_id
    )
    return open_secrets(vault, (await work.db.execute(query)).scalar_one())


async def get_message(work: Work, carrier_id: UUID, message_id: UUID) -> tuple[MessageRow, bool]:
    """One delivery of a connection, locked, and whether its content is still kept. Raises NotFound."""
    query = (
        select(*MESSAGE, Message.payload.is_not(None))
        .where(Message.account_id == work.account_id, Message.id == message_id, Message.source == source_of(carrier_id))
        .with_for_update()
    )
    row = (await work.db.execute(query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no message {ids.MESSAGE.show(message_id)!r}.")
    return MessageRow(*row[:-1]), bool(row[-1])


def source_of(carrier_id: UUID) -> str:
    """How the inbox names a connection's door."""
    return f"carrier:{carrier_id}"


def _no_carrier(carrier_id: UUID) -> NotFound:
    return NotFound(f"There is no carrier connection {ids.CARRIER.show(carrier_id)!r}.")
