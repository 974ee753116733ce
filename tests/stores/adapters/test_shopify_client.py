"""What each way of Shopify's saying no means, in which version it is asked, and how fast."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfilhub.platform.settings import Settings
from fulfilhub.stores.adapters.port import Connection, InDoubt, Missing, Refused, Retry
from fulfilhub.stores.adapters.shopify import client, pacing, refusals

DOCUMENT = "query FulfilHubTest { shop { id } }"
MUTATION = "mutation FulfilHubTest { act { id } }"
Json = dict[str, Any]
NAMES = st.sampled_from(["errors", "data", "extensions", "code", "cost", "throttleStatus", "path"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)


def connection(shop: str = "https://demo.myshopify.com", *, renewable: bool = True) -> Connection:
    return Connection(platform="shopify", base_url=shop, credentials={"access_token": "shpat_1"}, renewable=renewable)


def answering(reply: Callable[[httpx.Request], httpx.Response]) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(reply))


async def asked(
    status: int, body: object = None, headers: Mapping[str, str] | None = None, *, renewable: bool = True
) -> tuple[object, object]:
    """(how a query ended, how a mutation ended) of which the shop answers this."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    def reply(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, content=content, headers=dict(headers or {}))

    async with answering(reply) as http:
        at = connection(renewable=renewable)
        return await client.query(http, at, DOCUMENT, {}), await client.mutate(http, at, MUTATION, {})


def error(code: str, **more: object) -> Json:
    return {"errors": [{"message": "No.", "extensions": {"code": code}, **more}]}


class TestStatuses:
    @pytest.mark.parametrize(("status", "at_least"), [(402, 3600.0), (423, 3600.0), (403, 900.0)])
    async def test_a_shop_that_is_shut_is_left_alone_and_nothing_given_up(self, status: int, at_least: float) -> None:
        for outcome in await asked(status, {"errors": "Unavailable Shop"}):
            assert isinstance(outcome, Retry)
            assert (outcome.resting, outcome.after) == (True, at_least)

    async def test_a_merchants_own_token_that_may_do_nothing_is_for_the_merchant_to_mend(self) -> None:
        for status in (401, 403):
            for outcome in await asked(status, {"errors": "no"}, renewable=False):
                assert isinstance(outcome, Refused)
                assert outcome.code == "unauthorised"

    async def test_a_refused_token_of_ours_is_noted(self) -> None:
        with refusals.watching() as refused:
            for outcome in await asked(401, {"errors": "[API] Invalid API key or access token"}):
                assert isinstance(outcome, Retry)
                assert outcome.resting
        assert refused == {"shpat_1"}
        await asked(401, {"errors": "nobody watches"})

    async def test_too_many_says_when(self) -> None:
        for outcome in await asked(429, {"errors": "Exceeded"}, {"Retry-After": "7.0"}):
            assert outcome == Retry("The store asks to slow down.", 7.0, resting=True)

    @pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
    async def test_a_failure_leaves_a_write_in_doubt_and_a_read_for_later(self, status: int) -> None:
        read, written = await asked(status, b"<h1>Something went wrong</h1>")
        assert isinstance(read, Retry)
        assert isinstance(written, InDoubt)
        assert read.resting
        assert written.resting

    async def test_a_page_instead_of_an_answer_leaves_it_in_doubt(self) -> None:
        read, written = await asked(200, b"<html>")
        assert isinstance(read, Retry)
        assert isinstance(written, InDoubt)

    async def test_a_time_out_leaves_a_write_in_doubt(self) -> None:
        def late(_: httpx.Request) -> httpx.Response:
            raise httpx.ReadTimeout("late")

        async with answering(late) as http:
            assert isinstance(await client.mutate(http, connection(), MUTATION, {}), InDoubt)
            assert isinstance(await client.query(http, connection(), DOCUMENT, {}), Retry)

    async def test_what_never_left_us_was_not_done(self) -> None:
        def shut(_: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("no way")

        async with answering(shut) as http:
            assert isinstance(await client.mutate(http, connection(), MUTATION, {}), Retry)

    async def test_an_address_that_is_no_shop(self) -> None:
        for outcome in await asked(404, {"errors": "Not Found"}):
            assert isinstance(outcome, Refused)
            assert outcome.code == "not_shopify"


class TestErrors:
    @pytest.mark.parametrize(
        ("body", "read", "written"),
        [
            (error("RESOURCE_NOT_FOUND"), Missing, Missing),
            (error("ACCESS_DENIED"), Refused, Refused),
            (error("BAD_REQUEST"), Refused, Refused),
            (error("MAX_COST_EXCEEDED"), Refused, Refused),
            (error("INTERNAL_SERVER_ERROR"), Retry, InDoubt),
            (error("TIMEOUT"), Retry, InDoubt),
            (error("THROTTLED"), Retry, Retry),
            ({"errors": "no"}, Refused, Refused),
            ({"data": None}, Retry, InDoubt),
            ({}, Retry, InDoubt),
            ([], Retry, InDoubt),
        ],
    )
    async def test_top_level_errors(self, body: object, read: type, written: type) -> None:
        outcomes = await asked(200, body)
        assert tuple(map(type, outcomes)) == (read, written)

    async def test_what_is_withheld_is_named(self) -> None:
        denied = error("ACCESS_DENIED", path=["order", "items", 0, "email"]) | {"data": {"order": {"id": "1"}}}
        read, written = await asked(200, denied)
        assert read == {"order": {"id": "1"}, "withheld": ["order.items.email"]}
        assert isinstance(written, Refused)

    @given(ANYTHING)
    async def test_nothing_that_comes_back_breaks_it(self, body: object) -> None:
        for outcome in await asked(200, body):
            assert isinstance(outcome, dict | Missing | InDoubt | Refused | Retry)


class TestVersions:
    def shop(self, served: str, seen: list[str], told: str = "") -> httpx.AsyncClient:
        def reply(request: httpx.Request) -> httpx.Response:
            version = request.url.path.split("/")[3]
            seen.append(version)
            if version != served:
                return httpx.Response(404, json={"errors": "Not Found"})
            return httpx.Response(
                200, json={"data": {"shop": {"id": "1"}}}, headers={"X-Shopify-API-Version": told or version}
            )

        return answering(reply)

    async def test_a_shop_that_knows_only_the_older_is_asked_so_from_then_on(self) -> None:
        seen: list[str] = []
        at = connection("https://older.myshopify.com")
        async with self.shop("2026-07", seen) as http:
            for _ in range(2):
                assert await client.query(http, at, DOCUMENT, {}) == {"shop": {"id": "1"}}
        assert seen == ["2026-10", "2026-07", "2026-07"]

    async def test_and_in_the_newer_again_once_it_knows_that(self) -> None:
        seen: list[str] = []
        at = connection("https://moved.myshopify.com")
        async with self.shop("2026-07", seen) as http:
            await client.query(http, at, DOCUMENT, {})
        async with self.shop("2026-10", seen) as http:
            await client.query(http, at, DOCUMENT, {})
            await client.query(http, at, DOCUMENT, {})
        assert seen == ["2026-10", "2026-07", "2026-07", "2026-10", "2026-10"]

    async def test_an_answer_in_another_version_is_an_answer(self) -> None:
        async with self.shop("2026-10", [], "2027-01") as http:
            at = connection("https://forward.myshopify.com")
            assert await client.query(http, at, DOCUMENT, {}) == {"shop": {"id": "1"}}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class TestPace:
    async def test_a_shop_nobody_knows_lets_everything_through(self) -> None:
        assert await pacing.Buckets().take("https://a", 1e9) == 0

    async def test_what_is_taken_comes_back_by_the_shops_own_rate(self) -> None:
        clock = Clock()
        buckets = pacing.Buckets(clock=clock)
        await buckets.learn("https://a", pacing.Status(left=100, most=1000, rate=50))
        assert await buckets.take("https://a", 80) == 0
        assert await buckets.take("https://a", 80) == pytest.approx(1.2)
        clock.now = 1.3
        assert await buckets.take("https://a", 80) == 0

    async def test_one_shops_empty_bucket_is_nobody_elses(self) -> None:
        buckets = pacing.Buckets(clock=Clock())
        await buckets.learn("https://a", pacing.Status(left=0, most=1000, rate=50))
        await buckets.learn("https://b", pacing.Status(left=500, most=1000, rate=50))
        assert await buckets.take("https://a", 10) > 0
        assert await buckets.take("https://b", 10) == 0

    async def test_what_costs_more_than_all_goes_when_the_bucket_is_full(self) -> None:
        buckets = pacing.Buckets(clock=Clock())
        await buckets.learn("https://a", pacing.Status(left=1000, most=1000, rate=50))
        assert await buckets.take("https://a", 5000) == 0
        assert await buckets.take("https://a", 5000) == 20

    @given(st.lists(st.tuples(st.floats(0, 10), st.floats(1, 400)), max_size=40))
    async def test_never_more_is_taken_than_there_was(self, calls: list[tuple[float, float]]) -> None:
        clock = Clock()
        buckets = pacing.Buckets(clock=clock)
        await buckets.learn("https://a", pacing.Status(left=500, most=500, rate=20))
        spent = 0.0
        for pause, cost in calls:
            clock.now += pause
            if await buckets.take("https://a", cost) == 0:
                spent += cost
        assert spent <= 500 + 20 * clock.now + 1e-6

    async def test_processes_share_what_they_know(self, settings: Settings) -> None:
        one, two = (pacing.Buckets(settings.redis.url, settings.redis.namespace, patience=5.0) for _ in range(2))
        try:
            assert await two.take("https://a", 10) == 0
            await one.learn("https://a", pacing.Status(left=100, most=1000, rate=0.001))
            assert await one.take("https://a", 60) == 0
            assert await two.take("https://a", 60) > 1000
            assert await two.take("https://b", 60) == 0
        finally:
            await one.close()
            await two.close()

    async def test_without_valkey_each_goes_by_itself(self) -> None:
        alone = pacing.Buckets("redis://127.0.0.1:1", "none")
        await alone.learn("https://a", pacing.Status(left=10, most=1000, rate=50))
        assert await alone.take("https://a", 5) == 0
        assert await alone.take("https://a", 10) > 0
        await alone.close()

    async def test_a_shop_that_has_nothing_left_is_not_asked(self) -> None:
        calls = 0

        def reply(_: httpx.Request) -> httpx.Response:
            nonlocal calls
            calls += 1
            status = {"maximumAvailable": 1000.0, "currentlyAvailable": 2, "restoreRate": 1.0}
            cost = {"requestedQueryCost": 30, "actualQueryCost": 30, "throttleStatus": status}
            return httpx.Response(200, json={"data": {"shop": {"id": "1"}}, "extensions": {"cost": cost}})

        async with answering(reply) as http:
            at = connection("https://paced.myshopify.com")
            assert isinstance(await client.query(http, at, DOCUMENT, {}), dict)
            later = await client.query(http, at, DOCUMENT, {})
            assert isinstance(later, Retry)
            assert (later.resting, later.after > 20, calls) == (True, True, 1)
            other = connection("https://other.myshopify.com")
            assert isinstance(await client.query(http, other, DOCUMENT, {}), dict)
