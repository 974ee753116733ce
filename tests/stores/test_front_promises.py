"""Dates on the pages of a Shopify shop's products: asked through the shop, answered fast, and silent about the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest
import redis.asyncio

from fulfilhub.platform import ids
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.storefront.schemas import PromisedOut
from fulfilhub.web.kept import Kept
from tests.fakes.serving import free_port
from tests.make.populated import BEFORE, Populated, populate
from tests.stores.fronts import APP, Front, app_store, bought

VARIANT = "7001"
SILENCE = {"deliver_on": None, "needs_postcode": False}


@pytest.fixture
async def settings(settings: Settings) -> Settings:
    return replace(settings, shopify=APP)


@pytest.fixture
async def world(http: httpx.AsyncClient, platform_key: str, worker_works: Works, settings: Settings) -> Populated:
    return await populate(http, platform_key, worker_works, settings, BEFORE)


@pytest.fixture
async def front(world: Populated, worker_works: Works, vault: Vault) -> Front:
    """A shop whose variant is the world's mug."""
    merchant_id = ids.ACCOUNT.find(world.merchant.account_id)
    store_id = await app_store(worker_works, vault, merchant_id)
    found = (await world.merchant.get("/v1/products", sku="MUG")).json()["data"]
    variant = f"gid://shopify/ProductVariant/{VARIANT}"
    listing = {"store_id": ids.STORE.show(store_id), "external_id": variant, "product_id": found[0]["id"]}
    await world.merchant.made("/v1/listings", listing)
    return Front(world.merchant.http, world.merchant, store_id, await bought(worker_works, merchant_id, store_id))


async def promised(front: Front, **question: str) -> dict[str, Any]:
    answer = await front.passed("/promise", question)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_the_day_of_standard_delivery(front: Front) -> None:
    told = await promised(front, variant=VARIANT, country="GB", postcode="m1 1aa")
    asked = {"lines": [{"variant_id": f"gid://shopify/ProductVariant/{VARIANT}", "quantity": 1}]}
    cart = asked | {"store_id": ids.STORE.show(front.store_id), "destination": {"country": "GB", "postcode": "M1 1AA"}}
    options = (await front.merchant.post("/v1/promises", cart)).json()["options"]
    (standard,) = [each["deliver_by"] for each in options if each["service"] == "standard" and each.get("deliver_by")]
    assert told == {"deliver_on": standard[:10], "needs_postcode": False}


async def test_the_page_asks_for_a_postcode_only_where_that_tells_more(front: Front) -> None:
    assert await promised(front, variant=VARIANT, country="GB") == {"deliver_on": None, "needs_postcode": True}
    assert await promised(front, variant="9999", country="GB") == SILENCE


@pytest.mark.parametrize(
    "question",
    [
        {},
        {"variant": VARIANT},
        {"country": "GB"},
        {"variant": "x", "country": "GB"},
        {"variant": VARIANT, "country": "gb"},
        {"variant": VARIANT, "country": "XX", "postcode": "1"},
        {"variant": "9" * 50, "country": "GB", "postcode": "M1 1AA"},
    ],
)
async def test_what_can_not_be_promised_is_silence(front: Front, question: dict[str, str]) -> None:
    told = await promised(front, **question)
    assert told["deliver_on"] is None


async def test_an_answer_is_kept_for_a_moment_and_says_nothing_of_who_asked(front: Front, settings: Settings) -> None:
    question = {"variant": VARIANT, "country": "GB", "postcode": "M1 1AA"}
    told = await promised(front, **question)
    cache = redis.asyncio.from_url(settings.redis.url)
    names = [name async for name in cache.scan_iter(f"{settings.redis.namespace}:promised:*")]
    assert len(names) == 1
    assert b"M1" not in names[0]
    assert 0 < await cache.ttl(names[0]) <= 60
    await cache.set(names[0], b'{"deliver_on":"2036-01-07","needs_postcode":false}')
    assert (await promised(front, **question))["deliver_on"] == "2036-01-07"
    await cache.set(names[0], b"no answer of ours")
    assert await promised(front, **question) == told
    await cache.aclose()


async def test_without_valkey_nothing_is_kept_and_nobody_waits() -> None:
    nobody = redis.asyncio.from_url(f"redis://127.0.0.1:{free_port()}")
    kept = Kept(nobody, "t", "promised", PromisedOut, 60)
    await kept.put(PromisedOut(deliver_on=None, needs_postcode=True), "one")
    assert await kept.get("one") is None
