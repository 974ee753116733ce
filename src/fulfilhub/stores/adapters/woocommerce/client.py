"""WooCommerce's REST API, one request at a time, signed in the way the store's address asks for: v3, and what our
plugin adds to it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from urllib.parse import quote

import httpx

from fulfilhub.platform.clock import utc_now
from fulfilhub.stores.adapters import reading, transport
from fulfilhub.stores.adapters.port import Connection, InDoubt, Missing, Refused, Retry
from fulfilhub.stores.adapters.transport import Answer
from fulfilhub.stores.adapters.woocommerce.auth import basic, oauth_parameters

NOT_WOOCOMMERCE = Refused("not_woocommerce", "The address does not answer as WooCommerce's REST API v3; check it.")
_NO_QUERY: Mapping[str, str] = {}
REST = "wc/v3"
PLUGIN = "wc-fulfilhub/v1"
"""A namespace that begins with `wc-` is signed in to as WooCommerce's own."""


async def get(
    http: httpx.AsyncClient, connection: Connection, path: str, query: Mapping[str, str] = _NO_QUERY
) -> object | Missing | Refused | Retry:
    """The JSON at `path` (below `/wp-json/wc/v3/`); Missing when WooCommerce itself says that there is no
    such id."""
    answer = await ask(http, connection, path, query)
    return answer.data if isinstance(answer, Answer) else answer


async def ask(
    http: httpx.AsyncClient, connection: Connection, path: str, query: Mapping[str, str] = _NO_QUERY
) -> Answer | Missing | Refused | Retry:
    """As `get`, with what stands in the answer's headers."""
    request = _request(http, connection, "GET", path, query, None)
    if isinstance(request, Refused):
        return request
    outcome = await transport.read(http, request)
    if not isinstance(outcome, Answer):
        return outcome
    return outcome if outcome.status < 300 else _not_found(outcome)


async def send(
    http: httpx.AsyncClient, connection: Connection, method: str, path: str, body: Mapping[str, object]
) -> object | Missing | InDoubt | Refused | Retry:
    """The JSON answered to a write."""
    request = _request(http, connection, method, path, _NO_QUERY, body)
    if isinstance(request, Refused):
        return request
    outcome = await transport.write(http, request)
    return _found(outcome) if isinstance(outcome, Answer) else outcome


async def tell(
    http: httpx.AsyncClient, connection: Connection, method: str, path: str, body: Mapping[str, object] | None
) -> Answer | InDoubt | Refused | Retry:
    """A write to our plugin (below `/wp-json/wc-fulfilhub/v1/`); a 404 is an answer like others."""
    request = _request(http, connection, method, path, _NO_QUERY, body, PLUGIN)
    return request if isinstance(request, Refused) else await transport.write(http, request)


def _found(answer: Answer) -> object | Missing | Refused:
    return answer.data if answer.status < 300 else _not_found(answer)


def _not_found(answer: Answer) -> Missing | Refused:
    # A 404 may also mean that the address is wrong or the API switched off, and then nothing is known of the
    # order.
    if reading.text(reading.table(answer.data).get("code")).endswith("_invalid_id"):
        return Missing()
    return NOT_WOOCOMMERCE


def _request(
    http: httpx.AsyncClient,
    connection: Connection,
    method: str,
    path: str,
    query: Mapping[str, str],
    body: Mapping[str, object] | None,
    namespace: str = REST,
) -> httpx.Request | Refused:
    url = f"{connection.base_url.rstrip('/')}/wp-json/{namespace}/{path}"
    return signed_request(http, connection, method, url, query, body)


def signed_request(
    http: httpx.AsyncClient,
    connection: Connection,
    method: str,
    url: str,
    query: Mapping[str, str],
    body: Mapping[str, object] | None,
) -> httpx.Request | Refused:
    """A request to any address of the shop's REST API (`url` without a query), signed in with our keys."""
    key = connection.credentials.get("consumer_key", "")
    secret = connection.credentials.get("consumer_secret", "")
    headers = {"Accept": "application/json"}
    if url.lower().startswith("https://"):
        headers["Authorization"] = basic(key, secret)
        asked = dict(query)
    else:
        nonce = secrets.token_hex(16)
        asked = oauth_parameters(method, url, query, key, secret, now=utc_now(), nonce=nonce)
    if asked:
        # Encoded here, exactly as it was signed: an HTTP library's own idea of a query string may differ.
        url += "?" + "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in asked.items())
    content = None
    if body is not None:
        headers["Content-Type"] = "application/json"
        content = json.dumps(body).encode()
    try:
        return http.build_request(method, url, headers=headers, content=content)
    except (httpx.InvalidURL, ValueError):
        return Refused("bad_address", "The store's address or credentials can't be used in a request.")
