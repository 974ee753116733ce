"""What webhooks tell about themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from fulfilhub.platform.events import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpointChanged(Fact):
    """An endpoint was `created`, `updated`, `enabled`, `secret_rotated` or `deleted`."""

    TYPE: ClassVar[str] = "webhook_endpoint.changed"
    SUBJECT: ClassVar[str] = "endpoint_id"
    endpoint_id: UUID
    change: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpointDisabled(Fact):
    """An endpoint is told nothing any more: `by_hand`, because it was only `failing`, or because it said that it is
    `gone`. What is due to it waits until it is enabled again."""

    TYPE: ClassVar[str] = "webhook_endpoint.disabled"
    SUBJECT: ClassVar[str] = "endpoint_id"
    endpoint_id: UUID
    reason: str
