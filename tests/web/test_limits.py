"""Rate limits on a real Valkey: the count, the headers, and what happens when it is away."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from collections.abc import AsyncIterator

import pytest
import redis.asyncio
from structlog.testing import capture_logs

from fulfilhub.platform.errors import RateLimited
from fulfilhub.platform.servers import ValkeyServer
from fulfilhub.web.limits import GCRA, Breaker, RateLimiter
from tests.web.conftest import client
from tests.web.little import ID, KEY, little_api, little_settings

NOTE = f"/v1/notes/{ID}"
NOBODY = "redis://127.0.0.1:1"


@pytest.fixture
async def limiter(valkey: ValkeyServer) -> AsyncIterator[RateLimiter]:
    made = RateLimiter(valkey.url, secrets.token_hex(4), 60, patience=10)
    yield made
    await made.close()


async def _count(limiter: RateLimiter, key: str = "key_a") -> dict[bytes, bytes]:
    scope: dict[str, object] = {}
    await limiter.count(scope, key)
    return dict(scope.get("fulfilhub_headers", []))  # type: ignore[call-overload, no-any-return]


async def test_the_quota_may_be_used_at_once_and_is_then_over(limiter: RateLimiter) -> None:
    answers = await asyncio.gather(*(_count(limiter) for _ in range(80)), return_exceptions=True)
    refused = [a for a in answers if isinstance(a, RateLimited)]
    # A call comes back each second; how many came back meanwhile depends on the machine.
    assert 60 <= len(answers) - len(refused) <= 70
    assert {a for a in answers if isinstance(a, BaseException)} == set(refused)
    assert all(1 <= a.retry_after <= 2 for a in refused)
    assert await _count(limiter, "key_b")


async def test_headers_say_what_is_left(valkey: ValkeyServer) -> None:
    quota = "1"
    app = little_api(
        little_settings(REDIS_URL=valkey.url, REDIS_NAMESPACE=secrets.token_hex(4), RATE_LIMIT_PER_MINUTE=quota)
    )
    async with client(app) as api:
        first, second = await api.get(NOTE), await api.get(NOTE)
        other = await api.get(NOTE, headers={"authorization": f"{KEY} bob"})
        unknown = await api.get(NOTE, headers={"authorization": "Bearer x"})
    await app.state.limits.close()
    assert (first.status_code, other.status_code) == (200, 200)
    assert first.headers["ratelimit-policy"] == '"default";q=1;w=60'
    assert first.headers["ratelimit"] == '"default";r=0;t=60'
    assert (second.status_code, second.json()["code"]) == (429, "rate_limited")
    assert 50 <= int(second.headers["retry-after"]) <= 60
    assert second.json()["retry_after"] == int(second.headers["retry-after"])
    assert second.headers["ratelimit"].startswith('"default";r=0;t=')
    assert "ratelimit" not in unknown.headers


async def test_calls_come_back_one_by_one(valkey: ValkeyServer) -> None:
    store = redis.asyncio.Redis.from_url(valkey.url)
    key, gap = secrets.token_hex(4), 1_000_000

    async def ask() -> list[int]:
        return await store.eval(GCRA, 1, key, gap, 3)  # type: ignore[no-any-return]

    assert [(await ask())[0] for _ in range(4)] == [2, 1, 0, -1]
    left, wait, full = await ask()
    assert (left, 0 < wait <= gap, 2 * gap < full <= 3 * gap) == (-1, True, True)
    assert 0 < await store.pttl(key) <= 3000
    # One and a half gaps later there is one call more, and not yet two.
    await store.set(key, int(await store.get(key) or 0) - gap * 3 // 2)
    assert [(await ask())[0] for _ in range(2)] == [0, -1]
    await store.delete(key)
    assert (await ask())[0] == 2
    await store.aclose()


async def test_without_a_quota_nothing_is_asked() -> None:
    limiter = RateLimiter(NOBODY, "t", 0)
    with capture_logs() as lines:
        assert await _count(limiter) == {}
    assert lines == []
    await limiter.close()


async def test_open_when_redis_is_away_and_said_once() -> None:
    app = little_api(little_settings(REDIS_URL=NOBODY, RATE_LIMIT_PER_MINUTE="1"))
    with capture_logs() as lines:
        async with client(app) as api:
            answers = [await api.get(NOTE) for _ in range(20)]
    await app.state.limits.close()
    assert {a.status_code for a in answers} == {200}
    assert not any("ratelimit" in a.headers for a in answers)
    assert [line["event"] for line in lines if line["event"].startswith("limits")] == ["limits.open"]


async def test_a_redis_that_hangs_costs_no_more_than_a_moment() -> None:
    hanging: list[asyncio.StreamWriter] = []

    async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hanging.append(writer)

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    limiter = RateLimiter(f"redis://127.0.0.1:{port}", "t", 5)
    with capture_logs() as lines:
        async with asyncio.timeout(5):  # a hundred times the patience would be as long
            for _ in range(100):
                assert await _count(limiter) == {}
    assert len(hanging) <= 3 + 5
    assert [line["event"] for line in lines] == ["limits.open"]
    await limiter.close()
    for writer in hanging:
        writer.close()
    server.close()


async def test_it_goes_on_when_redis_is_back(valkey: ValkeyServer) -> None:
    now = 0.0
    limiter = RateLimiter(valkey.url, secrets.token_hex(4), 60, breaker=Breaker(lambda: now))
    assert await _count(limiter)
    os.kill(valkey.pid, signal.SIGSTOP)
    with capture_logs() as lines:
        try:
            for _ in range(5):
                assert await _count(limiter) == {}
        finally:
            os.kill(valkey.pid, signal.SIGCONT)
        assert await _count(limiter) == {}  # still within the pause
        now += 1.5
        assert await _count(limiter)
        assert await _count(limiter)
    assert [line["event"] for line in lines] == ["limits.open", "limits.closed"]
    await limiter.close()


def test_the_breaker_tries_once_a_pause_and_reminds_once_a_minute() -> None:
    now = 0.0
    breaker = Breaker(lambda: now)
    with capture_logs() as lines:
        for _ in range(3):
            assert breaker.may_ask()
            breaker.failed(OSError())
        assert not breaker.may_ask()
        for _ in range(130):
            now += 1.0
            assert breaker.may_ask()
            assert not breaker.may_ask()
            breaker.failed(OSError())
        breaker.answered()
        assert breaker.may_ask()
        assert breaker.may_ask()
    assert [line["event"] for line in lines] == ["limits.open"] * 3 + ["limits.closed"]
