"""Every look at webhook endpoints, deliveries and attempts."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import func, select

from fulfilhub.platform import ids
from fulfilhub.platform.errors import NotFound
from fulfilhub.platform.events import EventSequence
from fulfilhub.platform.secrets import LiveSecret, Vault, open_secrets
from fulfilhub.platform.work import Work
from fulfilhub.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from fulfilhub.webhooks.rules.health import Hours, Record


class EndpointRow(NamedTuple):
    id: UUID
    url: str
    description: str
    event_types: list[str] | None
    rate_per_second: int | None
    enabled: bool
    disabled_reason: str | None
    disabled_at: datetime | None
    paused_until: datetime | None
    failure_streak: int
    failing_since: datetime | None
    last_success_at: datetime | None
    recent: list[object]
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def hours(self) -> Hours:
        """Attempts by hour."""
        return msgspec.convert(self.recent, Hours)

    @property
    def record(self) -> Record:
        """What the rules of health know of it."""
        return Record(
            streak=self.failure_streak,
            failing_since=self.failing_since,
            last_success_at=self.last_success_at,
            recent=self.hours,
        )


class DeliveryRow(NamedTuple):
    id: UUID
    endpoint_id: UUID
    event_id: UUID
    event_type: str
    seq: int | None
    state: str
    attempts: int
    due_at: datetime
    created_at: datetime
    ended_at: datetime | None


class AttemptRow(NamedTuple):
    number: int
    url: str
    request_headers: dict[str, str]
    started_at: datetime
    ended_at: datetime | None
    duration_ms: int | None
    status: int | None
    response_headers: dict[str, str] | None
    answer: bytes | None
    error: str | None


ENDPOINT = tuple(getattr(WebhookEndpoint, name) for name in EndpointRow._fields)
DELIVERY = tuple(getattr(WebhookDelivery, name) for name in DeliveryRow._fields)
ATTEMPT = tuple(getattr(WebhookAttempt, name) for name in AttemptRow._fields)


async def list_endpoints(work: Work, after: UUID | None, limit: int) -> list[EndpointRow]:
    """The account's endpoints by age."""
    query = (
        select(*ENDPOINT)
        .where(WebhookEndpoint.account_id == work.account_id, WebhookEndpoint.deleted_at.is_(None))
        .order_by(WebhookEndpoint.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(WebhookEndpoint.id > after)
    return [EndpointRow(*row) for row in await work.db.execute(query)]


async def get_endpoint(work: Work, endpoint_id: UUID, *, lock: bool = False) -> EndpointRow:
    """One endpoint, locked if asked for. Raises NotFound."""
    query = select(*ENDPOINT).where(
        WebhookEndpoint.account_id == work.account_id,
        WebhookEndpoint.id == endpoint_id,
        WebhookEndpoint.deleted_at.is_(None),
    )
    row = (await work.db.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        raise no_endpoint(endpoint_id)
    return EndpointRow(*row)


async def count_endpoints(work: Work) -> int:
    """How many endpoints the account has."""
    query = select(func.count()).where(
        WebhookEndpoint.account_id == work.account_id, WebhookEndpoint.deleted_at.is_(None)
    )
    return int((await work.db.execute(query)).scalar_one())


async def secrets_of(work: Work, vault: Vault, endpoint_id: UUID) -> list[LiveSecret]:
    """An endpoint's secrets, newest first, ended ones included."""
    query = select(WebhookEndpoint.secrets).where(
        WebhookEndpoint.account_id == work.account_id, WebhookEndpoint.id == endpoint_id
    )
    return open_secrets(vault, (await work.db.execute(query)).scalar_one())


async def last_number(work: Work) -> int:
    """The last number of the account's event log; 0 when it is empty."""
    query = select(EventSequence.last).where(EventSequence.account_id == work.account_id)
    return (await work.db.execute(query)).scalar_one_or_none() or 0


async def list_deliveries(
    work: Work, endpoint_id: UUID, state: str | None, after: UUID | None, limit: int
) -> list[DeliveryRow]:
    """What an endpoint was or is to be told, newest first."""
    query = (
        select(*DELIVERY)
        .where(WebhookDelivery.account_id == work.account_id, WebhookDelivery.endpoint_id == endpoint_id)
        .order_by(WebhookDelivery.id.desc())
        .limit(limit)
    )
    if after is not None:
        query = query.where(WebhookDelivery.id < after)
    if state is not None:
        query = query.where(WebhookDelivery.state == state)
    return [DeliveryRow(*row) for row in await work.db.execute(query)]


async def get_delivery(work: Work, delivery_id: UUID) -> tuple[DeliveryRow, str]:
    """One delivery and its body. Raises NotFound, also when its endpoint was deleted."""
    query = (
        select(*DELIVERY, WebhookDelivery.body)
        .join(
            WebhookEndpoint,
            (WebhookEndpoint.account_id == WebhookDelivery.account_id)
            & (WebhookEndpoint.id == WebhookDelivery.endpoint_id),
        )
        .where(
            WebhookDelivery.account_id == work.account_id,
            WebhookDelivery.id == delivery_id,
            WebhookEndpoint.deleted_at.is_(None),
        )
    )
    row = (await work.db.execute(query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no webhook delivery {ids.WEBHOOK_DELIVERY.show(delivery_id)!r}.")
    return DeliveryRow(*row[:-1]), row.body


async def attempts_of(work: Work, delivery_id: UUID, limit: int) -> list[AttemptRow]:
    """The last attempts of a delivery, newest first."""
    rows = await work.db.execute(
        select(*ATTEMPT)
        .where(WebhookAttempt.account_id == work.account_id, WebhookAttempt.delivery_id == delivery_id)
        .order_by(WebhookAttempt.number.desc())
        .limit(limit)
    )
    return [AttemptRow(*row) for row in rows]


def no_endpoint(endpoint_id: UUID) -> NotFound:
    """What a caller is told about an endpoint that is not there, or not theirs."""
    return NotFound(f"There is no webhook endpoint {ids.WEBHOOK_ENDPOINT.show(endpoint_id)!r}.")
