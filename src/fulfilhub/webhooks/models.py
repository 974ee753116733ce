"""Tables of webhook endpoints, of what each was or is to be told, and of every attempt."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from fulfilhub.platform.database import AccountTable, Base, Json, JsonList


class WebhookEndpoint(AccountTable, Base):
    """One receiver, and the queue of what is due to it. `secrets` are sealed by the vault.

    `after_seq` is how far it has followed its account's event log. `wake_at` is when a courier looks at it next, null
    when nothing waits; whoever holds the lease is the only one that sends to it. `paused_until` holds back all its
    deliveries together. `recent` counts attempts by hour (see `rules.health`)."""

    __tablename__ = "webhook_endpoints"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    url: Mapped[str]
    description: Mapped[str]
    event_types: Mapped[list[str] | None]
    rate_per_second: Mapped[int | None]
    secrets: Mapped[bytes]
    enabled: Mapped[bool]
    disabled_reason: Mapped[str | None]
    disabled_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    after_seq: Mapped[int] = mapped_column(BigInteger)
    wake_at: Mapped[datetime | None]
    lease_id: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    failure_streak: Mapped[int] = mapped_column(server_default="0")
    failing_since: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    recent: Mapped[JsonList]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("disabled_reason IN ('by_hand', 'failing', 'gone')", name="disabled_reason"),
        CheckConstraint("enabled = (disabled_reason IS NULL) AND enabled = (disabled_at IS NULL)", name="disabled"),
        CheckConstraint("rate_per_second > 0", name="rate"),
        Index("ix_webhook_endpoints_wake", "wake_at", postgresql_where=text("wake_at IS NOT NULL")),
    )


class WebhookDelivery(AccountTable, Base):
    """One event as one endpoint is told of it: exactly one row per endpoint and event. `body` is what is sent, byte by
    byte, at every attempt. `tries` counts since the last replay, `attempts` all of them."""

    __tablename__ = "webhook_deliveries"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    endpoint_id: Mapped[UUID]
    event_id: Mapped[UUID]
    event_type: Mapped[str]
    seq: Mapped[int | None] = mapped_column(BigInteger)
    body: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="pending")
    attempts: Mapped[int] = mapped_column(server_default="0")
    tries: Mapped[int] = mapped_column(server_default="0")
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("account_id", "endpoint_id", "event_id", name="uq_webhook_deliveries_event"),
        ForeignKeyConstraint(
            ["account_id", "endpoint_id"],
            ["webhook_endpoints.account_id", "webhook_endpoints.id"],
            name="fk_webhook_deliveries_endpoint",
        ),
        CheckConstraint("state IN ('pending', 'delivered', 'failed')", name="state"),
        CheckConstraint("(state = 'pending') = (ended_at IS NULL)", name="ended"),
        Index("ix_webhook_deliveries_list", "account_id", "endpoint_id", "id"),
        Index(
            "ix_webhook_deliveries_due",
            "account_id",
            "endpoint_id",
            "due_at",
            postgresql_where=text("state = 'pending'"),
        ),
        Index(
            "ix_webhook_deliveries_failed",
            "account_id",
            "endpoint_id",
            "id",
            postgresql_where=text("state = 'failed'"),
        ),
        Index("ix_webhook_deliveries_ended", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
    )


class WebhookAttempt(AccountTable, Base):
    """One request that was sent, written down before it left. Without `ended_at` it is under way, or its sender died
    before the answer came. `answer` is the beginning of the response body."""

    __tablename__ = "webhook_attempts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    delivery_id: Mapped[UUID]
    number: Mapped[int]
    url: Mapped[str]
    request_headers: Mapped[Json]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    duration_ms: Mapped[int | None]
    status: Mapped[int | None]
    response_headers: Mapped[Json | None]
    answer: Mapped[bytes | None]
    error: Mapped[str | None]

    __table_args__ = (
        UniqueConstraint("account_id", "delivery_id", "number", name="uq_webhook_attempts_number"),
        ForeignKeyConstraint(
            ["account_id", "delivery_id"],
            ["webhook_deliveries.account_id", "webhook_deliveries.id"],
            name="fk_webhook_attempts_delivery",
            ondelete="CASCADE",
        ),
    )
