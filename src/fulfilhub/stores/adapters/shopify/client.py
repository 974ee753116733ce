"""Shopify's Admin GraphQL API, one document at a time, and what each of its many ways of saying no means."""

from __future__ import annotations

import json
from collections.abc import Mapping

import httpx

from fulfilhub.stores.adapters import reading, transport
from fulfilhub.stores.adapters.port import Connection, InDoubt, Missing, Refused, Retry

#: Newest first. A version the shop's API does not serve (yet) is answered 404, and then nothing was done.
API_VERSIONS = ("2026-10", "2026-07")
_UNKNOWN_END = {"INTERNAL_SERVER_ERROR", "TIMEOUT"}

#: The whole `data` of an answer.
Data = Mapping[str, object]


async def query(
    http: httpx.AsyncClient, connection: Connection, document: str, variables: Mapping[str, object]
) -> Data | Missing | Refused | Retry:
    """Run a document that changes nothing. Parts the app may not see are null in what comes back."""
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
) -> Data | Missing | InDoubt | Refused | Retry:
    if not connection.base_url.lower().startswith(("https://", "http://")):
        return Refused("bad_address", "The shop's address must begin with https://.")
    for version in API_VERSIONS:
        url = f"{connection.base_url.rstrip('/')}/admin/api/{version}/graphql.json"
        try:
            request = http.build_request(
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
        outcome = await (transport.write(http, request) if changes else transport.read(http, request))
        if not isinstance(outcome, transport.Answer):
            return outcome
        if outcome.status < 300:
            return _judged(reading.table(outcome.data), changes=changes)
    return Refused("not_shopify", "The address does not answer as Shopify's Admin API; check it.")


def _judged(body: Data, *, changes: bool) -> Data | Missing | InDoubt | Refused | Retry:
    errors = reading.rows(body.get("errors"))
    codes = {reading.text(reading.table(error.get("extensions")).get("code")) for error in errors}
    data = body.get("data")
    if "THROTTLED" in codes:
        return Retry("Shopify asks to slow down.", _until_restored(body), resting=True)
    if codes & _UNKNOWN_END:
        return InDoubt("Shopify failed inside.")
    if codes == {"ACCESS_DENIED"} and not changes and isinstance(data, dict) and any(data.values()):
        return data
    if "RESOURCE_NOT_FOUND" in codes:
        return Missing()
    if "ACCESS_DENIED" in codes:
        return Refused("unauthorised", "The app was not given the access scope that this needs.")
    if errors or body.get("errors"):
        told = errors[0].get("message") if errors else body.get("errors")
        return Refused("rejected", reading.text(told)[:200] or "Shopify rejected the request.")
    return data if isinstance(data, dict) else InDoubt("Shopify's answer has no data.")


def _until_restored(body: Data) -> float:
    """Seconds until the cost bucket holds what the document asks for, by the answer's own figures."""
    cost = reading.table(reading.table(body.get("extensions")).get("cost"))
    status = reading.table(cost.get("throttleStatus"))
    given = (cost.get("requestedQueryCost"), status.get("currentlyAvailable"), status.get("restoreRate"))
    asked, available, rate = (float(reading.decimal(value) or 0) for value in given)
    return min(max((asked - available) / rate, 1.0), 60.0) if rate > 0 else 2.0


def refusal(payload: object) -> str:
    """The first of a mutation's `userErrors` as a sentence; empty when it went well."""
    errors = reading.rows(reading.table(payload).get("userErrors"))
    return reading.text(errors[0].get("message"))[:200] or "Shopify gave no reason." if errors else ""
