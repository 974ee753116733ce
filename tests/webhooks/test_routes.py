"""Webhook endpoints over HTTP: whose they are, what is refused, and what is never shown twice."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, cast

import httpx
import pytest

from fulfilhub.accounts.rules import AccountKind
from fulfilhub.app import make_app
from fulfilhub.platform import ids
from fulfilhub.platform.settings import Settings
from fulfilhub.webhooks.rules.payloads import types_for
from tests.conftest import _started
from tests.make.world import Client, account
from tests.webhooks.conftest import endpoint

URL = "https://example.com/hook"


async def test_the_secret_is_shown_once(merchant: Client) -> None:
    hook = await endpoint(merchant, URL)
    assert hook.secret.startswith("whsec_")
    assert len(base64.b64decode(hook.secret.removeprefix("whsec_"))) == 32
    answers = [
        await merchant.get(hook.path),
        await merchant.get("/v1/webhook-endpoints"),
        await merchant.patch(hook.path, {"description": "ours"}),
    ]
    for answer in answers:
        assert answer.status_code == 200, answer.text
        assert hook.secret not in answer.text
    rotated = await merchant.post(f"{hook.path}/rotate-secret", {})
    assert rotated.status_code == 200
    assert rotated.json()["secret"] not in ("", hook.secret)


async def test_changes_are_versioned_and_partial(merchant: Client) -> None:
    made = {"description": "ours", "event_types": ["order.received"], "rate_per_second": 5}
    hook = await endpoint(merchant, URL, **made)
    changed = await merchant.patch(hook.path, {"rate_per_second": None}, **{"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert changed.json()["rate_per_second"] is None
    assert (changed.json()["event_types"], changed.json()["description"]) == (["order.received"], "ours")
    assert (await merchant.patch(hook.path, {"event_types": None})).json()["event_types"] is None
    stale = await merchant.patch(hook.path, {"description": "x"}, **{"If-Match": '"1"'})
    assert stale.status_code == 412
    gone = await merchant.http.delete(hook.path, headers=merchant.headers({"If-Match": '"1"'}))
    assert gone.status_code == 412
    assert (await merchant.http.delete(hook.path, headers=merchant.headers())).status_code == 204
    assert (await merchant.get("/v1/webhook-endpoints")).json()["data"] == []


async def test_twenty_at_most_however_they_come(merchant: Client) -> None:
    answers = await asyncio.gather(*(merchant.post("/v1/webhook-endpoints", {"url": URL}) for _ in range(23)))
    assert sorted(answer.status_code for answer in answers) == [201] * 20 + [409] * 3
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"too_many_endpoints"}


async def test_unknown_types_are_named_also_those_of_another_kind(merchant: Client, partner: Client) -> None:
    body = {"url": URL, "event_types": ["order.received", "order.exploded", "api_key.changed"]}
    answer = await merchant.post("/v1/webhook-endpoints", body)
    assert answer.status_code == 422
    assert [e["pointer"] for e in answer.json()["errors"]] == ["/event_types/1", "/event_types/2"]
    assert (await partner.post("/v1/webhook-endpoints", {"url": URL, "event_types": ["order.received"]})).is_error
    await endpoint(partner, URL, event_types=["contract.changed"])


async def test_event_types_are_listed_with_examples(merchant: Client, partner: Client) -> None:
    for caller, kind in ((merchant, AccountKind.MERCHANT), (partner, AccountKind.PARTNER)):
        listed = (await caller.get("/v1/webhook-event-types")).json()["data"]
        assert [each["type"] for each in listed] == [public.fact.TYPE for public in types_for(kind)]
        assert all(each["description"] and each["example"]["type"] == each["type"] for each in listed)


async def test_only_merchants_and_partners_have_them(
    http: httpx.AsyncClient, platform_key: str, merchant: Client, partner: Client
) -> None:
    hook = await endpoint(merchant, URL)
    other = await account(http, platform_key, "merchant", "Other")
    operator = Client(http, platform_key, "")
    for path in (hook.path, f"{hook.path}/deliveries"):
        assert (await operator.get(path)).status_code == 403
        for stranger in (other, partner):
            assert (await stranger.get(path)).status_code == 404
    for stranger in (other, partner):
        assert (await stranger.patch(hook.path, {"enabled": False})).status_code == 404
        assert (await stranger.post(f"{hook.path}/test")).status_code == 404
        assert (await stranger.post(f"{hook.path}/recover", {"since": "2026-01-01T00:00:00Z"})).status_code == 404
    unknown = ids.WEBHOOK_DELIVERY.show(ids.new())
    assert (await merchant.post(f"/v1/webhook-deliveries/{unknown}/replay")).status_code == 404


@pytest.fixture
async def strict(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The API as it is in production, where nothing private may be reached."""
    app = make_app(replace(settings, security=replace(settings.security, allow_private_hosts=False)))
    transport = httpx.ASGITransport(cast("Any", app), raise_app_exceptions=False)
    async with _started(app), httpx.AsyncClient(transport=transport, base_url="http://api.test") as client:
        yield client


async def test_in_production_addresses_are_public_and_encrypted(strict: httpx.AsyncClient, platform_key: str) -> None:
    owner = await account(strict, platform_key, "merchant", "Ada's Mugs")
    for url in (
        "http://example.com/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://localhost/",
        "https://2130706433/",
    ):
        answer = await owner.post("/v1/webhook-endpoints", {"url": url})
        assert answer.status_code == 422, url
        assert answer.json()["errors"][0]["pointer"] == "/url"
    hook = await endpoint(owner, URL)
    assert (await owner.patch(hook.path, {"url": "https://169.254.169.254/"})).status_code == 422
