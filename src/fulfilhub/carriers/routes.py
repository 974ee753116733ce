"""Carrier connections, what they sent, and the door by which they send it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from litestar import Request, Response, get, patch, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from fulfilhub.accounts.principal import AnyCaller, may, scope_of
from fulfilhub.carriers import queries
from fulfilhub.carriers.commands import connections, messages
from fulfilhub.carriers.schemas import (
    CarrierIn,
    CarrierMessageOut,
    CarrierMessageState,
    CarrierOut,
    CarrierPatch,
    CarrierSecretOut,
    RotateCarrierSecretIn,
    TrackingReceived,
    carrier_change,
    carrier_message_out,
    carrier_out,
)
from fulfilhub.platform import ids, inbox
from fulfilhub.platform.errors import Conflict, Forbidden, Invalid, NotFound, RateLimited, Stale, Unauthenticated
from fulfilhub.platform.scopes import Nobody
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.web.conditional import IfMatch, expected_version
from fulfilhub.web.once import Once
from fulfilhub.web.openapi import RAW_BODY
from fulfilhub.web.paging import Cursor, Limit, Page, page_of
from fulfilhub.web.problems import problems
from fulfilhub.web.replies import created, ok

READ = problems(Unauthenticated, Forbidden, Invalid, NotFound, RateLimited)
WRITE = problems(Unauthenticated, Forbidden, NotFound, Conflict, Stale, Invalid, RateLimited)
DOOR = problems(Unauthenticated, NotFound, Conflict)


@post("/v1/carriers", **may("carriers:write"), tags=["Carriers"], summary="Connect a carrier", responses=WRITE)
async def connect_carrier(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    data: JSONBody[CarrierIn],
) -> Response[CarrierSecretOut]:
    """Makes a door by which a carrier or an aggregator tells of your parcels itself, signed as Standard Webhooks says.
    The signing secret may be ours and is shown this once, so an Idempotency-Key is not honoured here. An account has
    50 connections at most."""
    async with works.begin(anyone.scope) as work:
        made = await connections.connect(work, vault, data.name, data.carrier, data.statuses, data.secret)
        shown = carrier_out(await queries.get_carrier(work, made.carrier_id), settings.server.url)
        return created(work, CarrierSecretOut(carrier=shown, secret=made.secret), f"/v1/carriers/{shown.id}")


@get("/v1/carriers", **may("carriers:read"), tags=["Carriers"], summary="List carriers", responses=READ)
async def list_carriers(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    settings: NamedDependency[Settings],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[CarrierOut]:
    """The account's carrier connections, oldest first."""
    url = settings.server.url
    async with works.reading(anyone.scope) as work:
        return await page_of(
            limit,
            cursor,
            lambda after, size: queries.list_carriers(work, after, size),
            lambda row: row.id,
            lambda row: carrier_out(row, url),
        )


@get(
    "/v1/carriers/{carrier_id:str}", **may("carriers:read"), tags=["Carriers"], summary="Get a carrier", responses=READ
)
async def get_carrier(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    settings: NamedDependency[Settings],
    carrier_id: FromPath[str],
) -> Response[CarrierOut]:
    """One connection, without its secrets."""
    async with works.reading(anyone.scope) as work:
        row = await queries.get_carrier(work, ids.CARRIER.find(carrier_id))
        return ok(work, carrier_out(row, settings.server.url))


@patch(
    "/v1/carriers/{carrier_id:str}",
    **may("carriers:write"),
    tags=["Carriers"],
    summary="Change a carrier",
    responses=WRITE,
)
async def change_carrier(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    settings: NamedDependency[Settings],
    carrier_id: FromPath[str],
    data: JSONBody[CarrierPatch],
    if_match: IfMatch = None,
) -> Response[CarrierOut]:
    """Changes a connection. Other `statuses` count from the next delivery on; what could not be read before is read
    again by its `retry`."""
    found = ids.CARRIER.find(carrier_id)
    async with works.begin(anyone.scope) as work:
        await connections.change(work, found, carrier_change(data), expected_version(if_match))
        return ok(work, carrier_out(await queries.get_carrier(work, found), settings.server.url))


@post(
    "/v1/carriers/{carrier_id:str}/rotate-secret",
    **may("carriers:write"),
    tags=["Carriers"],
    summary="Rotate a carrier's secret",
    status_code=200,
    responses=WRITE,
)
async def rotate_carrier_secret(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    carrier_id: FromPath[str],
    data: JSONBody[RotateCarrierSecretIn],
) -> Response[CarrierSecretOut]:
    """A new secret is honoured at once, the old one beside it for the given hours. It may be ours and is shown this
    once, so an Idempotency-Key is not honoured here."""
    found = ids.CARRIER.find(carrier_id)
    async with works.begin(anyone.scope) as work:
        overlap = timedelta(hours=data.overlap_hours)
        made = await connections.rotate_secret(work, vault, found, data.secret, overlap)
        shown = carrier_out(await queries.get_carrier(work, found), settings.server.url)
        return ok(work, CarrierSecretOut(carrier=shown, secret=made.secret))


@get(
    "/v1/carriers/{carrier_id:str}/messages",
    **may("carriers:read"),
    tags=["Carriers"],
    summary="List a carrier's messages",
    responses=READ,
)
async def list_carrier_messages(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    carrier_id: FromPath[str],
    limit: Limit = 50,
    cursor: Cursor = None,
    message_state: Annotated[
        CarrierMessageState | None, QueryParameter(name="state", description="Only messages that ended so.")
    ] = None,
) -> Page[CarrierMessageOut]:
    """What the carrier sent and what became of it, oldest first."""
    found = ids.CARRIER.find(carrier_id)
    async with works.reading(anyone.scope) as work:
        await queries.get_carrier(work, found)
        return await page_of(
            limit,
            cursor,
            lambda after, size: inbox.listed(work, queries.source_of(found), message_state, after, size),
            lambda row: row.id,
            carrier_message_out,
        )


@post(
    "/v1/carriers/{carrier_id:str}/messages/{message_id:str}/retry",
    **may("carriers:write"),
    tags=["Carriers"],
    summary="Read a carrier's message again",
    status_code=200,
    responses=WRITE,
)
async def retry_carrier_message(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    once: NamedDependency[Once],
    carrier_id: FromPath[str],
    message_id: FromPath[str],
) -> Response[CarrierMessageOut]:
    """Reads a message again, for example after `statuses` was corrected. Events that were told before change
    nothing."""
    found, message = ids.CARRIER.find(carrier_id), ids.MESSAGE.find(message_id)
    async with works.begin(anyone.scope, once) as work:
        await messages.retry(work, found, message, anyone.caller.kind)
        row, _ = await queries.get_message(work, found, message)
        return ok(work, carrier_message_out(row))


@post(
    "/v1/carriers/{carrier_id:str}/webhook",
    opt={RAW_BODY: "One event or a list of up to 500, signed byte for byte by Standard Webhooks."},
    tags=["Carriers"],
    summary="Deliver a carrier's events",
    status_code=200,
    responses=DOOR,
)
async def deliver_tracking(
    request: Request[Any, Any, State],
    works: NamedDependency[Works],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    carrier_id: FromPath[str],
) -> TrackingReceived:
    """Called by a carrier or an aggregator, signed as Standard Webhooks says, over the raw body, with the connection's
    secret. Once the delivery is stored the answer is 200, also for repeats and for what can't be understood. What an
    event looks like: docs/carriers.md."""
    found = ids.CARRIER.find(carrier_id)
    async with works.begin(Nobody()) as work:
        door = await queries.door(work, found)
    headers, body = dict(request.headers), await request.body()
    async with works.begin(scope_of(door.kind, door.account_id, carrier_id)) as work:
        keep = settings.policy.raw_retention_days
        new = await messages.receive(work, vault, found, door.kind, headers, body, keep)
    return TrackingReceived(repeated=not new)


ROUTES = [
    connect_carrier,
    list_carriers,
    get_carrier,
    change_carrier,
    rotate_carrier_secret,
    list_carrier_messages,
    retry_carrier_message,
    deliver_tracking,
]
