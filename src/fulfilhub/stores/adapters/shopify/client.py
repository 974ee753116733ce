"""Shopify's Admin GraphQL API, one document at a time, and what each of its many ways of saying no means."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping

import httpx
import structlog

from fulfilhub.stores.adapters import reading, transport
from fulfilhub.stores.adapters.port import Connection, InDoubt, Missing, Refused, Retry
from fulfilhub.stores.adapters.shopify import pacing, refusals

log = structlog.get_logger("fulfilhub.stores")

#: Newest first. A version the shop's API does not serve (yet) is answered 404, and then nothing was done.
API_VERSIONS = ("2026-10", "2026-07")
NEWER_AGAIN = 3600.0
"""Seconds after which a shop that knew only an older version is asked in the newest again."""

_UNKNOWN_END = {"INTERNAL_SERVER_ERROR", "TIMEOUT"}
_UNKNOWN_COST = 50.0
_WAITS_UP_TO = 1.5
"""Seconds a document waits here for the shop's bucket; for longer it is put off, so that its place is free."""

_SHOP_STATES = {
    402: ("Shopify has frozen the shop: its owner has to pay first.", 3600.0),
    423: ("Shopify has locked the shop.", 3600.0),
}
WITHHELD = "withheld"
"""The member of `Data` in which `query` names the parts that the app may not see, as dotted paths."""

#: The whole `data` of an answer.
Data = Mapping[str, object]
_Outcome = Data | Missing | InDoubt | Refused | Retry

_costs: dict[str, float] = {}
_versions: dict[str, tuple[str, float]] = {}


async def query(
    http: httpx.AsyncClient, connection: Connection, document: str, variables: Mapping[str, object]
) -> Data | Missing | Refused | Retry:
    """Run a document that changes nothing. Parts the app may not see are null in what comes back, and named in its
    member `withheld`."""
    outcome = await _run(http, connection, document, variables, changes=False)
    return Retry(outcome.reason, resting=outcome.resting) if isinstance(outcome, InDoubt) else outcome


async def mutate(
    http: httpx.AsyncClient, connection: Connection, document: str, variables: Mapping[str, object]
) -> Data | Missing | InDoubt | Refused | Retry:
    """Run a mutation. Its `userErrors` are left to the caller."""
    return await _run(http, connection, document, variables, changes=True)


async def _run(
    http: httpx.AsyncClient,
    connection: Connection,
    document: str,
    variables: Mapping[str, object],
    *,
    changes: bool,
) -> _Outcome:
    shop = connection.base_url.rstrip("/")
    if not shop.lower().startswith(("https://", "http://")):
        return Refused("bad_address", "The shop's address must begin with https://.")
    wait = await _turn(shop, document)
    if wait > 0:
        return Retry("The shop lets us ask no more for now.", max(wait, 1.0), resting=True)
    for version in _to_try(shop):
        request = _request(http, connection, f"{shop}/admin/api/{version}/graphql.json", document, variables)
        response = request if isinstance(request, Refused) else await transport.exchange(http, request)
        if not isinstance(response, httpx.Response):
            return response
        answer = _by_status(connection, response)
        if not isinstance(answer, transport.Answer):
            return answer
        if answer.status < 300:
            _note_version(shop, version, response)
            body = reading.table(answer.data)
            await _note_cost(shop, document, body)
            return _judged(body, changes=changes)
    return Refused("not_shopify", "The address does not answer as Shopify's Admin API; check it.")


def _request(
    http: httpx.AsyncClient, connection: Connection, url: str, document: str, variables: Mapping[str, object]
) -> httpx.Request | Refused:
    try:
        return http.build_request(
            "POST",
            url,
            content=json.dumps({"query": document, "variables": variables}).encode(),
            headers={
                "Content-Type": "application/json",
                "X-Shopify-Access-Token": connection.credentials.get("access_token", ""),
            },
        )
    except (httpx.InvalidURL, ValueError):
        return Refused("bad_address", "The shop's address or token can't be used in a request.")


def _by_status(connection: Connection, response: httpx.Response) -> transport.Answer | InDoubt | Refused | Retry:
    """What the status says. Our app's own token can be renewed, and what keeps it out passes: nothing that is told with
    it is given up for that."""
    status = response.status_code
    if status in _SHOP_STATES:
        reason, wait = _SHOP_STATES[status]
        return Retry(reason, transport.waiting_time(response, wait), resting=True)
    if status == 401 and connection.renewable:
        refusals.refused(connection.credentials.get("access_token", ""))
        return Retry("The shop does not accept our token; it is renewed before the next call.", 2.0, resting=True)
    if status == 403 and connection.renewable:
        return Retry("The shop lets our app do nothing now.", transport.waiting_time(response, 900.0), resting=True)
    return transport.judged(response)


def _judged(body: Data, *, changes: bool) -> _Outcome:
    errors = reading.rows(body.get("errors"))
    codes = {reading.text(reading.table(error.get("extensions")).get("code")) for error in errors}
    data = body.get("data")
    if "THROTTLED" in codes:
        return Retry("Shopify asks to slow down.", _until_restored(body), resting=True)
    if codes & _UNKNOWN_END:
        return InDoubt("Shopify failed inside.")
    if codes == {"ACCESS_DENIED"} and not changes and isinstance(data, dict) and any(data.values()):
        return {**data, WITHHELD: [_path(error.get("path")) for error in errors]}
    if "RESOURCE_NOT_FOUND" in codes:
        return Missing()
    if "ACCESS_DENIED" in codes:
        return Refused("unauthorised", "The app was not given the access scope that this needs.")
    if errors or body.get("errors"):
        told = errors[0].get("message") if errors else body.get("errors")
        return Refused("rejected", reading.text(told)[:200] or "Shopify rejected the request.")
    return data if isinstance(data, dict) else InDoubt("Shopify's answer has no data.")


def _path(steps: object) -> str:
    """`orders.nodes.shipping_address`, without the places in lists."""
    given = steps if isinstance(steps, list) else []
    return ".".join(step for step in given if isinstance(step, str))


def refusal(payload: object) -> str:
    """The first of a mutation's `userErrors` as a sentence; empty when it went well."""
    errors = reading.rows(reading.table(payload).get("userErrors"))
    return reading.text(errors[0].get("message"))[:200] or "Shopify gave no reason." if errors else ""


async def _turn(shop: str, document: str) -> float:
    """Seconds that are still to be waited before the document may be sent; 0: now."""
    cost, waited = _costs.get(document, _UNKNOWN_COST), 0.0
    while True:
        wait = await pacing.buckets().take(shop, cost)
        if wait <= 0 or waited + wait > _WAITS_UP_TO:
            return wait
        await asyncio.sleep(wait)
        waited += wait


async def _note_cost(shop: str, document: str, body: Data) -> None:
    cost = reading.table(reading.table(body.get("extensions")).get("cost"))
    asked = reading.decimal(cost.get("requestedQueryCost"))
    if asked is not None and asked > 0:
        _costs[document] = float(asked)
    status = reading.table(cost.get("throttleStatus"))
    told = [reading.decimal(status.get(name)) for name in ("currentlyAvailable", "maximumAvailable", "restoreRate")]
    left, most, rate = (None if value is None else float(value) for value in told)
    if left is not None and most is not None and rate is not None:
        await pacing.buckets().learn(shop, pacing.Status(left, most, rate))


def _until_restored(body: Data) -> float:
    """Seconds until the cost bucket holds what the document asks for, by the answer's own figures."""
    cost = reading.table(reading.table(body.get("extensions")).get("cost"))
    status = reading.table(cost.get("throttleStatus"))
    given = (cost.get("requestedQueryCost"), status.get("currentlyAvailable"), status.get("restoreRate"))
    asked, available, rate = (float(reading.decimal(value) or 0) for value in given)
    return min(max((asked - available) / rate, 1.0), 60.0) if rate > 0 else 2.0


def _to_try(shop: str) -> tuple[str, ...]:
    """The versions to ask in, what the shop knew last first."""
    known, until = _versions.get(shop, (API_VERSIONS[0], 0.0))
    if known == API_VERSIONS[0] or until < time.monotonic():
        return API_VERSIONS
    return (known, *(each for each in API_VERSIONS if each != known))


def _note_version(shop: str, asked: str, response: httpx.Response) -> None:
    """Remember what the shop serves: a version it does not know costs a request each time."""
    if asked == API_VERSIONS[0]:
        _versions.pop(shop, None)
    else:
        _versions[shop] = (asked, time.monotonic() + NEWER_AGAIN)
    served = response.headers.get("X-Shopify-API-Version", asked)
    if served != asked:
        log.warning("shopify.other_version", asked=asked, served=served[:20])
