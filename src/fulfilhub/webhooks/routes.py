"""Webhook endpoints, their deliveries, and what can be told."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from litestar import Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from fulfilhub.accounts.principal import AnyCaller, may
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, Forbidden, Invalid, NotFound, RateLimited, Stale, Unauthenticated
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Work, Works
from fulfilhub.web.conditional import IfMatch, expected_version
from fulfilhub.web.once import Once
from fulfilhub.web.paging import Cursor, Limit, Page, page_of
from fulfilhub.web.problems import problems
from fulfilhub.web.replies import created, ok
from fulfilhub.webhooks import queries
from fulfilhub.webhooks.commands import endpoints, replaying
from fulfilhub.webhooks.rules.payloads import types_for
from fulfilhub.webhooks.schemas import (
    DeliveryState,
    RecoveredOut,
    RecoverIn,
    RotateWebhookSecretIn,
    WebhookDeliveryDetailOut,
    WebhookDeliveryOut,
    WebhookEndpointIn,
    WebhookEndpointOut,
    WebhookEndpointPatch,
    WebhookEventTypes,
    WebhookSecretOut,
    attempt_out,
    changed,
    delivery_out,
    endpoint_out,
    event_type_out,
    receiver,
)

READ = problems(Unauthenticated, Forbidden, Invalid, NotFound, RateLimited)
WRITE = problems(Unauthenticated, Forbidden, NotFound, Conflict, Stale, Invalid, RateLimited)
ATTEMPTS_SHOWN = 50


@post(
    "/v1/webhook-endpoints",
    **may("webhooks:write"),
    tags=["Webhooks"],
    summary="Make a webhook endpoint",
    responses=WRITE,
)
async def create_webhook_endpoint(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    data: JSONBody[WebhookEndpointIn],
) -> Response[WebhookSecretOut]:
    """Events of the account are sent to this address from now on, signed as Standard Webhooks says. The signing secret
    is shown this once, so an Idempotency-Key is not honoured here. An account has 20 endpoints at most."""
    wanted = receiver(data, anyone.caller.kind, allow_private=settings.security.allow_private_hosts)
    async with works.begin(anyone.scope) as work:
        made = await endpoints.create(work, vault, wanted)
        shown = await _endpoint(work, made.endpoint_id)
        body = WebhookSecretOut(endpoint=shown, secret=made.secret)
        return created(work, body, f"/v1/webhook-endpoints/{shown.id}")


@get(
    "/v1/webhook-endpoints",
    **may("webhooks:read"),
    tags=["Webhooks"],
    summary="List webhook endpoints",
    responses=READ,
)
async def list_webhook_endpoints(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[WebhookEndpointOut]:
    """The account's endpoints and how each is doing, oldest first."""
    async with works.reading(anyone.scope) as work:
        return await page_of(
            limit,
            cursor,
            lambda after, size: queries.list_endpoints(work, after, size),
            lambda row: row.id,
            lambda row: endpoint_out(row, work.now),
        )


@get(
    "/v1/webhook-endpoints/{endpoint_id:str}",
    **may("webhooks:read"),
    tags=["Webhooks"],
    summary="Get a webhook endpoint",
    responses=READ,
)
async def get_webhook_endpoint(
    works: NamedDependency[Works], anyone: NamedDependency[AnyCaller], endpoint_id: FromPath[str]
) -> Response[WebhookEndpointOut]:
    """One endpoint and how it is doing, without its secret."""
    async with works.reading(anyone.scope) as work:
        return ok(work, await _endpoint(work, ids.WEBHOOK_ENDPOINT.find(endpoint_id)))


@patch(
    "/v1/webhook-endpoints/{endpoint_id:str}",
    **may("webhooks:write"),
    tags=["Webhooks"],
    summary="Change a webhook endpoint",
    responses=WRITE,
)
async def change_webhook_endpoint(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    settings: NamedDependency[Settings],
    endpoint_id: FromPath[str],
    data: JSONBody[WebhookEndpointPatch],
    if_match: IfMatch = None,
) -> Response[WebhookEndpointOut]:
    """Changes an endpoint. A new address is also used for what is pending; new event types count from the next event
    on. Enabled again, it goes on with what was pending and with what happened meanwhile, as far as it is still kept."""
    found = ids.WEBHOOK_ENDPOINT.find(endpoint_id)
    async with works.begin(anyone.scope) as work:
        before = await queries.get_endpoint(work, found, lock=True)
        allow = settings.security.allow_private_hosts
        wanted = changed(before, data, anyone.caller.kind, allow_private=allow)
        enabled = data.enabled if isinstance(data.enabled, bool) else before.enabled
        await endpoints.change(work, found, wanted, enabled, expected_version(if_match))
        return ok(work, await _endpoint(work, found))


@delete(
    "/v1/webhook-endpoints/{endpoint_id:str}",
    **may("webhooks:write"),
    tags=["Webhooks"],
    summary="Delete a webhook endpoint",
    responses=WRITE,
)
async def delete_webhook_endpoint(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    endpoint_id: FromPath[str],
    if_match: IfMatch = None,
) -> None:
    """Nothing more is sent to it; what was pending is dropped and its deliveries are forgotten."""
    found = ids.WEBHOOK_ENDPOINT.find(endpoint_id)
    async with works.begin(anyone.scope) as work:
        await endpoints.delete(work, found, expected_version(if_match))


@post(
    "/v1/webhook-endpoints/{endpoint_id:str}/rotate-secret",
    **may("webhooks:write"),
    tags=["Webhooks"],
    summary="Rotate a webhook endpoint's secret",
    status_code=200,
    responses=WRITE,
)
async def rotate_webhook_secret(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    vault: NamedDependency[Vault],
    endpoint_id: FromPath[str],
    data: JSONBody[RotateWebhookSecretIn],
) -> Response[WebhookSecretOut]:
    """A new secret signs at once; the old one signs beside it for the given hours, as a second signature in the same
    header. The new secret is shown this once, so an Idempotency-Key is not honoured here."""
    found = ids.WEBHOOK_ENDPOINT.find(endpoint_id)
    async with works.begin(anyone.scope) as work:
        made = await endpoints.rotate_secret(work, vault, found, timedelta(hours=data.overlap_hours))
        return ok(work, WebhookSecretOut(endpoint=await _endpoint(work, found), secret=made.secret))


@post(
    "/v1/webhook-endpoints/{endpoint_id:str}/test",
    **may("webhooks:write"),
    tags=["Webhooks"],
    summary="Send a test event",
    status_code=200,
    responses=WRITE,
)
async def test_webhook_endpoint(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    once: NamedDependency[Once],
    endpoint_id: FromPath[str],
) -> Response[WebhookDeliveryOut]:
    """Sends `webhook_endpoint.ping`, before all that is pending. Read the delivery to see how it went."""
    found = ids.WEBHOOK_ENDPOINT.find(endpoint_id)
    async with works.begin(anyone.scope, once) as work:
        delivery_id = await replaying.ping(work, found)
        return ok(work, delivery_out((await queries.get_delivery(work, delivery_id))[0]))


@post(
    "/v1/webhook-endpoints/{endpoint_id:str}/recover",
    **may("webhooks:write"),
    tags=["Webhooks"],
    summary="Send again what failed",
    status_code=200,
    responses=WRITE,
)
async def recover_webhook_endpoint(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    once: NamedDependency[Once],
    endpoint_id: FromPath[str],
    data: JSONBody[RecoverIn],
) -> Response[RecoveredOut]:
    """Every failed delivery since that moment gets a fresh set of tries, with its old `webhook-id`; 10,000 a call."""
    found = ids.WEBHOOK_ENDPOINT.find(endpoint_id)
    async with works.begin(anyone.scope, once) as work:
        count, more = await replaying.recover(work, found, data.since)
        return ok(work, RecoveredOut(recovered=count, has_more=more))


@get(
    "/v1/webhook-endpoints/{endpoint_id:str}/deliveries",
    **may("webhooks:read"),
    tags=["Webhooks"],
    summary="List an endpoint's deliveries",
    responses=READ,
)
async def list_webhook_deliveries(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    endpoint_id: FromPath[str],
    limit: Limit = 50,
    cursor: Cursor = None,
    delivery_state: Annotated[
        DeliveryState | None, QueryParameter(name="state", description="Only deliveries in this state.")
    ] = None,
) -> Page[WebhookDeliveryOut]:
    """What the endpoint was told or is to be told, newest first."""
    found = ids.WEBHOOK_ENDPOINT.find(endpoint_id)
    async with works.reading(anyone.scope) as work:
        await queries.get_endpoint(work, found)
        return await page_of(
            limit,
            cursor,
            lambda after, size: queries.list_deliveries(work, found, delivery_state, after, size),
            lambda row: row.id,
            delivery_out,
        )


@get(
    "/v1/webhook-deliveries/{delivery_id:str}",
    **may("webhooks:read"),
    tags=["Webhooks"],
    summary="Get a delivery with its attempts",
    responses=READ,
)
async def get_webhook_delivery(
    works: NamedDependency[Works], anyone: NamedDependency[AnyCaller], delivery_id: FromPath[str]
) -> Response[WebhookDeliveryDetailOut]:
    """What is sent, byte by byte, and how each attempt ended."""
    async with works.reading(anyone.scope) as work:
        return ok(work, await _delivery(work, ids.WEBHOOK_DELIVERY.find(delivery_id)))


@post(
    "/v1/webhook-deliveries/{delivery_id:str}/replay",
    **may("webhooks:write"),
    tags=["Webhooks"],
    summary="Send a delivery again",
    status_code=200,
    responses=WRITE,
)
async def replay_webhook_delivery(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    once: NamedDependency[Once],
    delivery_id: FromPath[str],
) -> Response[WebhookDeliveryDetailOut]:
    """Sends the same body with the same `webhook-id` again, whether it was received before or not, with a fresh set of
    tries."""
    found = ids.WEBHOOK_DELIVERY.find(delivery_id)
    async with works.begin(anyone.scope, once) as work:
        await replaying.replay(work, found)
        return ok(work, await _delivery(work, found))


@get(
    "/v1/webhook-event-types",
    **may("webhooks:read"),
    tags=["Webhooks"],
    summary="List event types",
    responses=READ,
)
async def list_webhook_event_types(anyone: NamedDependency[AnyCaller]) -> WebhookEventTypes:
    """Everything an account of your kind can be told of, with an example of each payload."""
    return WebhookEventTypes(data=[event_type_out(public) for public in types_for(anyone.caller.kind)])


async def _endpoint(work: Work, endpoint_id: UUID) -> WebhookEndpointOut:
    return endpoint_out(await queries.get_endpoint(work, endpoint_id), work.now)


async def _delivery(work: Work, delivery_id: UUID) -> WebhookDeliveryDetailOut:
    row, body = await queries.get_delivery(work, delivery_id)
    attempts = await queries.attempts_of(work, delivery_id, ATTEMPTS_SHOWN)
    return WebhookDeliveryDetailOut(
        delivery=delivery_out(row), body=body, attempts=[attempt_out(each) for each in attempts]
    )


ROUTES = [
    create_webhook_endpoint,
    list_webhook_endpoints,
    get_webhook_endpoint,
    change_webhook_endpoint,
    delete_webhook_endpoint,
    rotate_webhook_secret,
    test_webhook_endpoint,
    recover_webhook_endpoint,
    list_webhook_deliveries,
    get_webhook_delivery,
    replay_webhook_delivery,
    list_webhook_event_types,
]
