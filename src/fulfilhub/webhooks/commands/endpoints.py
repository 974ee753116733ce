"""Making, changing, rotating and deleting endpoints."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import insert, update

from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict
from fulfilhub.platform.secrets import LiveSecret, Vault, new_signing_secret, rotated, seal_secrets
from fulfilhub.platform.work import Work
from fulfilhub.web.conditional import check_version
from fulfilhub.webhooks import queries
from fulfilhub.webhooks.commands.waking import wake
from fulfilhub.webhooks.events import WebhookEndpointChanged, WebhookEndpointDisabled
from fulfilhub.webhooks.models import WebhookEndpoint
from fulfilhub.webhooks.rules.endpoints import MOST_ENDPOINTS, Receiver
from fulfilhub.webhooks.rules.health import Reason

ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('webhook_endpoints', hashtextextended($1::text, 0)))"


@dataclass(frozen=True, slots=True)
class Made:
    """An endpoint's id and its secret, shown once and never again."""

    endpoint_id: UUID
    secret: str


async def create(work: Work, vault: Vault, receiver: Receiver) -> Made:
    """Make an endpoint; it is told what happens from now on. Raises Conflict (`too_many_endpoints`)."""
    await work.fetch_raw(ONE_AT_A_TIME, str(work.account_id))
    if await queries.count_endpoints(work) >= MOST_ENDPOINTS:
        raise Conflict(f"An account has {MOST_ENDPOINTS} webhook endpoints at most.", code="too_many_endpoints")
    endpoint_id, secret = ids.new(), new_signing_secret()
    await work.db.execute(
        insert(WebhookEndpoint).values(
            account_id=work.account_id,
            id=endpoint_id,
            url=receiver.url,
            description=receiver.description,
            event_types=None if receiver.event_types is None else list(receiver.event_types),
            rate_per_second=receiver.rate_per_second,
            secrets=seal_secrets(vault, [LiveSecret(secret)]),
            enabled=True,
            after_seq=await queries.last_number(work),
            recent=[],
            created_at=work.now,
            updated_at=work.now,
        )
    )
    work.publish(WebhookEndpointChanged(endpoint_id=endpoint_id, change="created"))
    return Made(endpoint_id, secret)


async def change(work: Work, endpoint_id: UUID, wanted: Receiver, enabled: bool, version: int | None) -> None:
    """Write an endpoint as wanted. Enabled again, it goes on with what is pending and with what happened meanwhile.
    Raises NotFound, Stale."""
    before = await queries.get_endpoint(work, endpoint_id, lock=True)
    check_version(version, before.version)
    values: dict[str, object] = {
        "url": wanted.url,
        "description": wanted.description,
        "event_types": None if wanted.event_types is None else list(wanted.event_types),
        "rate_per_second": wanted.rate_per_second,
    }
    if enabled and not before.enabled:
        values |= {"enabled": True, "disabled_reason": None, "disabled_at": None}
        values |= {"paused_until": None, "failing_since": None, "failure_streak": 0}
        work.publish(WebhookEndpointChanged(endpoint_id=endpoint_id, change="enabled"))
    elif before.enabled and not enabled:
        values |= disabled(work, Reason.BY_HAND)
        work.publish(WebhookEndpointDisabled(endpoint_id=endpoint_id, reason=str(Reason.BY_HAND)))
    else:
        work.publish(WebhookEndpointChanged(endpoint_id=endpoint_id, change="updated"))
    await _write(work, endpoint_id, values)
    await wake(work, endpoint_id)


def disabled(work: Work, reason: Reason) -> dict[str, object]:
    """The columns of an endpoint that is disabled now."""
    return {"enabled": False, "disabled_reason": str(reason), "disabled_at": work.now, "wake_at": None}


async def rotate_secret(work: Work, vault: Vault, endpoint_id: UUID, overlap: timedelta) -> Made:
    """Let a new secret sign; the others sign beside it for `overlap`. Raises NotFound."""
    await queries.get_endpoint(work, endpoint_id, lock=True)
    secret = new_signing_secret()
    kept = rotated(await queries.secrets_of(work, vault, endpoint_id), secret, work.now, overlap)
    await _write(work, endpoint_id, {"secrets": seal_secrets(vault, kept)})
    work.publish(WebhookEndpointChanged(endpoint_id=endpoint_id, change="secret_rotated"))
    return Made(endpoint_id, secret)


async def delete(work: Work, endpoint_id: UUID, version: int | None) -> None:
    """Stop telling an endpoint for good; its secrets go at once, its deliveries with the next `webhooks.forget`.
    Raises NotFound, Stale."""
    before = await queries.get_endpoint(work, endpoint_id, lock=True)
    check_version(version, before.version)
    gone = {"deleted_at": work.now, "secrets": b""}
    await _write(work, endpoint_id, gone | (disabled(work, Reason.BY_HAND) if before.enabled else {}))
    work.publish(WebhookEndpointChanged(endpoint_id=endpoint_id, change="deleted"))


async def _write(work: Work, endpoint_id: UUID, values: dict[str, object]) -> None:
    await work.db.execute(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.account_id == work.account_id, WebhookEndpoint.id == endpoint_id)
        .values(version=WebhookEndpoint.version + 1, updated_at=work.now, **values)
    )
