"""Wire shapes of webhook endpoints, event types, deliveries and attempts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from fulfilhub.accounts.rules import AccountKind
from fulfilhub.platform import ids
from fulfilhub.webhooks.queries import AttemptRow, DeliveryRow, EndpointRow
from fulfilhub.webhooks.rules.endpoints import Receiver, check_types, check_url
from fulfilhub.webhooks.rules.health import health, success_rate
from fulfilhub.webhooks.rules.payloads import Public, example_of

HealthName = Literal["healthy", "failing", "disabled"]
ReasonName = Literal["by_hand", "failing", "gone"]
DeliveryState = Literal["pending", "delivered", "failed"]
Url = Annotated[str, Meta(min_length=1, max_length=2000, examples=["https://example.com/webhooks/fulfilhub"])]
Description = Annotated[str, Meta(max_length=500, examples=["Our warehouse screen"])]
EventType = Annotated[str, Meta(min_length=1, max_length=100, examples=["shipment.created"])]
EventTypes = Annotated[list[EventType], Meta(min_length=1, max_length=100)]
Rate = Annotated[int, Meta(ge=1, le=1000, description="Requests per second at most.", examples=[20])]


class WebhookEndpointIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """A new endpoint. `event_types` null: all there are, also those that are added later."""

    url: Url
    description: Description = ""
    event_types: EventTypes | None = None
    rate_per_second: Rate | None = None


class WebhookEndpointPatch(Struct, kw_only=True, forbid_unknown_fields=True):
    """What to change; what is left out stays. `event_types` null: all; `rate_per_second` null: no limit."""

    url: Url | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    event_types: EventTypes | UnsetType | None = UNSET
    rate_per_second: Rate | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET


class RotateWebhookSecretIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """For how many hours the old secret signs beside the new one; 0: it ends at once."""

    overlap_hours: Annotated[int, Meta(ge=0, le=168, examples=[24])] = 24


class RecoverIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Since when what failed is to be sent again."""

    since: Annotated[datetime, Meta(tz=True, examples=["2026-11-24T09:30:00Z"])]


class WebhookEndpointOut(Struct, kw_only=True):
    """An endpoint and how it is doing. `paused_until`: nothing is sent before, because it only failed or asked for it.
    `failure_streak` counts failures in a row, a burst as three at most; `success_rate_24h` goes from 0 to 1."""

    id: str
    url: Url
    description: str
    event_types: list[EventType] | None
    rate_per_second: int | None
    enabled: bool
    state: HealthName
    disabled_reason: ReasonName | None
    disabled_at: datetime | None
    paused_until: datetime | None
    last_success_at: datetime | None
    failing_since: datetime | None
    failure_streak: int
    success_rate_24h: float | None
    version: int
    created_at: datetime
    updated_at: datetime


class WebhookSecretOut(Struct, kw_only=True):
    """An endpoint, and its new signing secret, shown this once."""

    endpoint: WebhookEndpointOut
    secret: Annotated[str, Meta(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="])]


class WebhookEventTypeOut(Struct, kw_only=True):
    """Something that can be told, and a payload as it may come."""

    type: EventType
    description: str
    example: dict[str, object]


class WebhookEventTypes(Struct, kw_only=True):
    """All event types there are for your kind of account."""

    data: list[WebhookEventTypeOut]


class WebhookDeliveryOut(Struct, kw_only=True):
    """One event as one endpoint is told of it. `event_id` is what the header `webhook-id` says at every attempt;
    `next_attempt_at` is null once it has ended."""

    id: str
    endpoint_id: str
    event_id: str
    event_type: EventType
    seq: int | None
    state: DeliveryState
    attempts: int
    next_attempt_at: datetime | None
    created_at: datetime
    ended_at: datetime | None


class WebhookAttemptOut(Struct, kw_only=True):
    """One request that was sent. The signature is left out of its headers; `response_body` is the beginning of the
    answer, as UTF-8. Without `ended_at` it is under way, or was broken off on our side."""

    number: int
    url: str
    request_headers: dict[str, str]
    started_at: datetime
    ended_at: datetime | None
    duration_ms: int | None
    status: Annotated[int | None, Meta(examples=[204])]
    response_headers: dict[str, str]
    response_body: str
    error: str | None


class WebhookDeliveryDetailOut(Struct, kw_only=True):
    """A delivery with the exact body that is sent, and its last 50 attempts, newest first."""

    delivery: WebhookDeliveryOut
    body: str
    attempts: list[WebhookAttemptOut]


class RecoveredOut(Struct, kw_only=True):
    """How many deliveries are sent again; call once more when there are more."""

    recovered: int
    has_more: bool


def receiver(data: WebhookEndpointIn, kind: AccountKind, *, allow_private: bool) -> Receiver:
    """The command's words. Raises Invalid naming each bad field."""
    return Receiver(
        url=check_url(data.url, allow_private=allow_private),
        description=data.description,
        event_types=check_types(data.event_types, kind),
        rate_per_second=data.rate_per_second,
    )


def changed(before: EndpointRow, data: WebhookEndpointPatch, kind: AccountKind, *, allow_private: bool) -> Receiver:
    """The endpoint as it is wanted. Raises Invalid naming each bad field."""
    types = None if before.event_types is None else tuple(before.event_types)
    return Receiver(
        url=before.url if data.url is UNSET else check_url(data.url, allow_private=allow_private),
        description=before.description if data.description is UNSET else data.description,
        event_types=types if data.event_types is UNSET else check_types(data.event_types, kind),
        rate_per_second=before.rate_per_second if data.rate_per_second is UNSET else data.rate_per_second,
    )


def endpoint_out(row: EndpointRow, now: datetime) -> WebhookEndpointOut:
    paused = row.enabled and row.failing_since is not None and row.paused_until is not None and row.paused_until > now
    return WebhookEndpointOut(
        id=ids.WEBHOOK_ENDPOINT.show(row.id),
        url=row.url,
        description=row.description,
        event_types=row.event_types,
        rate_per_second=row.rate_per_second,
        enabled=row.enabled,
        state=str(health(row.enabled, row.failing_since)),  # type: ignore[arg-type]
        disabled_reason=row.disabled_reason,  # type: ignore[arg-type]  # the CHECK constraint holds it to these
        disabled_at=row.disabled_at,
        paused_until=row.paused_until if paused else None,
        last_success_at=row.last_success_at,
        failing_since=row.failing_since,
        failure_streak=row.failure_streak,
        success_rate_24h=success_rate(row.hours, now),
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def event_type_out(public: Public) -> WebhookEventTypeOut:
    return WebhookEventTypeOut(type=public.fact.TYPE, description=public.description, example=example_of(public))


def delivery_out(row: DeliveryRow) -> WebhookDeliveryOut:
    return WebhookDeliveryOut(
        id=ids.WEBHOOK_DELIVERY.show(row.id),
        endpoint_id=ids.WEBHOOK_ENDPOINT.show(row.endpoint_id),
        event_id=ids.EVENT.show(row.event_id),
        event_type=row.event_type,
        seq=row.seq,
        state=row.state,  # type: ignore[arg-type]
        attempts=row.attempts,
        next_attempt_at=max(row.due_at, row.created_at) if row.ended_at is None else None,
        created_at=row.created_at,
        ended_at=row.ended_at,
    )


def attempt_out(row: AttemptRow) -> WebhookAttemptOut:
    return WebhookAttemptOut(
        number=row.number,
        url=row.url,
        request_headers=row.request_headers,
        started_at=row.started_at,
        ended_at=row.ended_at,
        duration_ms=row.duration_ms,
        status=row.status,
        response_headers=row.response_headers or {},
        response_body=(row.answer or b"").decode("utf-8", "replace"),
        error=row.error,
    )
