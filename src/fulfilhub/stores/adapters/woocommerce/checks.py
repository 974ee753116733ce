"""Calling a shop to see what stands between it and us. Reads only, tries once, and is over in fifteen seconds."""

from __future__ import annotations

import asyncio
import secrets
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from fulfilhub.platform.outbound import ForbiddenAddress
from fulfilhub.stores.adapters import reading
from fulfilhub.stores.adapters.port import Connection, Refused
from fulfilhub.stores.adapters.woocommerce.client import signed_request
from fulfilhub.stores.rules.checks import PLUGIN_REST, REST, Seen, Sightings, Trouble

SECONDS = 15.0
FOR_ONE = 7.0
LARGEST = 512 * 1024
"""Bytes of an answer that are read."""

INDEX = "_fields=name,namespaces,url"
"""What we ask of the index of a shop's REST API: the whole of it is over a megabyte where WooCommerce is."""

GAVE_UP = Seen(trouble=Trouble.TIMEOUT)


async def look(http: httpx.AsyncClient, connection: Connection) -> Sightings:
    """What the shop answers now. Never raises."""
    base = connection.base_url.rstrip("/")
    nonce = secrets.token_hex(16)
    index, plain, orders, ping = GAVE_UP, None, None, None
    try:
        async with asyncio.timeout(SECONDS):
            index = await _open(http, f"{base}/wp-json/?{INDEX}")
            if index.trouble is not None:
                return Sightings(index=index)
            if not isinstance(index.data, dict):
                plain = await _open(http, f"{base}/?rest_route=/&{INDEX}")
                return Sightings(index=index, plain=plain)
            orders, ping = await asyncio.gather(
                _keyed(http, connection, f"{base}/wp-json/{REST}/orders", {"per_page": "1", "_fields": "id"}),
                _keyed(http, connection, f"{base}/wp-json/{PLUGIN_REST}/ping", {"nonce": nonce}),
            )
    except TimeoutError:
        orders, ping = orders or GAVE_UP, ping or GAVE_UP
    return Sightings(index=index, plain=plain, orders=orders, ping=ping, nonce=nonce)


async def _open(http: httpx.AsyncClient, url: str) -> Seen:
    try:
        request = http.build_request("GET", url, headers={"Accept": "application/json"})
    except (httpx.InvalidURL, ValueError):
        return Seen(trouble=Trouble.BAD_ADDRESS)
    return await _see(http, request)


async def _keyed(http: httpx.AsyncClient, connection: Connection, url: str, query: dict[str, str]) -> Seen:
    request = signed_request(http, connection, "GET", url, query, None)
    return Seen(trouble=Trouble.BAD_ADDRESS) if isinstance(request, Refused) else await _see(http, request)


async def _see(http: httpx.AsyncClient, request: httpx.Request) -> Seen:
    try:
        async with asyncio.timeout(FOR_ONE):
            response = await http.send(request, stream=True, follow_redirects=False)
            try:
                return await _seen(response)
            finally:
                await response.aclose()
    except (TimeoutError, httpx.TimeoutException):
        return GAVE_UP
    except (httpx.UnsupportedProtocol, httpx.LocalProtocolError):
        return Seen(trouble=Trouble.BAD_ADDRESS)
    except httpx.ConnectError as error:
        return Seen(trouble=_no_way(error))
    except httpx.RequestError:
        return Seen(trouble=Trouble.BROKEN)


async def _seen(response: httpx.Response) -> Seen:
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > LARGEST:
            break
    data = reading.parse(body)
    return Seen(
        status=response.status_code,
        data=data,
        text="" if data is not None else body[:4096].decode("utf-8", "replace"),
        at=_sent_at(response),
        location=response.headers.get("Location", ""),
    )


def _no_way(error: BaseException) -> Trouble:
    """Why no connection came about, by what lies under httpx's own error."""
    below: BaseException | None = error
    while below is not None:
        if isinstance(below, ForbiddenAddress):
            return Trouble.PRIVATE_ADDRESS
        if isinstance(below, ssl.SSLError) or "CERTIFICATE" in str(below):
            return Trouble.BAD_CERTIFICATE
        if "can't be resolved" in str(below) or "has no address" in str(below):
            return Trouble.UNKNOWN_HOST
        below = below.__cause__ or below.__context__
    return Trouble.REFUSED


def _sent_at(response: httpx.Response) -> datetime | None:
    try:
        at = parsedate_to_datetime(response.headers.get("Date", ""))
    except ValueError:
        return None
    return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
