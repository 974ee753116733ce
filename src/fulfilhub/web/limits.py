"""Rate limits per API key: GCRA in one Redis round trip, open when Redis is away.

Headers as in draft-ietf-httpapi-ratelimit-headers-10 (https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/).
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from typing import Any, cast

import redis.asyncio
import structlog
from redis.asyncio.connection import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError

from fulfilhub.platform.errors import RateLimited
from fulfilhub.web.headers import answer_later
from fulfilhub.web.tracing import AsgiScope

log = structlog.get_logger("fulfilhub.limits")

WINDOW = 60
"""Seconds; a quota is so many calls per window."""

# KEYS[1]: the theoretical arrival time (microseconds) of the call after the last one, if calls came evenly spaced.
# ARGV: microseconds between two calls at the allowed rate; how many may come at once.
# Answers: left now (-1: refused), microseconds to wait, microseconds until the whole quota is back.
GCRA = """
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local gap, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local arrival = tonumber(redis.call('GET', KEYS[1]) or now)
if arrival < now then arrival = now end
local after = arrival + gap
local early = after - burst * gap - now
if early > 0 then return {-1, math.ceil(early), math.ceil(arrival - now)} end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000))
return {math.floor(-early / gap), 0, math.ceil(after - now)}
"""
SHA = hashlib.sha1(GCRA.encode(), usedforsecurity=False).hexdigest()

CONNECTIONS = 4
PATIENCE = 0.05
"""Seconds a request waits for Redis."""


class Breaker:
    """Stops asking what does not answer: after `failures` in a row it lets one question through per `pause` seconds."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        failures: int = 3,
        pause: float = 1.0,
        remind: float = 60.0,
    ) -> None:
        self._clock = clock
        self._failures = failures
        self._pause = pause
        self._remind = remind
        self._failed = 0
        self._next = 0.0
        self._said = float("-inf")

    def may_ask(self) -> bool:
        """Whether to ask now. A yes while it is open is the one trial of this pause."""
        if self._failed < self._failures:
            return True
        now = self._clock()
        if now < self._next:
            return False
        self._next = now + self._pause
        return True

    def failed(self, error: Exception) -> None:
        """Count a failure; say so once, then again every minute while it lasts."""
        self._failed += 1
        now = self._clock()
        if self._failed >= self._failures:
            self._next = now + self._pause
        if now - self._said >= self._remind:
            self._said = now
            log.warning("limits.open", reason="Redis does not answer; calls are not counted", error=repr(error))

    def answered(self) -> None:
        """Close it."""
        if self._failed >= self._failures:
            log.info("limits.closed", reason="Redis answers again")
        if self._failed:
            self._failed = 0
            self._said = float("-inf")


class RateLimiter:
    """So many calls per key and minute; they may come all at once. `quota` 0 switches it off."""

    def __init__(
        self, url: str, namespace: str, quota: int, *, breaker: Breaker | None = None, patience: float = PATIENCE
    ) -> None:
        self._quota = quota
        self._gap = WINDOW * 1_000_000 / max(quota, 1)
        self._prefix = f"{namespace}:rate:"
        self._policy = (b"ratelimit-policy", f'"default";q={quota};w={WINDOW}'.encode())
        self._breaker = breaker or Breaker()
        self._patience = patience
        # Few connections, waited for: to make many at once would take longer than `patience`, which bounds it all.
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=None,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=None,
            socket_connect_timeout=None,
        )
        self._redis = redis.asyncio.Redis.from_pool(pool)

    async def count(self, scope: AsgiScope, key: str, who: str = "This API key") -> None:
        """Count one call of `key` and tell the caller in the answer's headers. Raises RateLimited over the quota; `who`
        begins its sentence."""
        if not self._quota or not self._breaker.may_ask():
            return
        try:
            async with asyncio.timeout(self._patience):
                left, wait, full = await self._ask(self._prefix + key)
        except (RedisError, OSError, TimeoutError) as error:
            self._breaker.failed(error)
            return
        self._breaker.answered()
        answer_later(scope, self._policy, (b"ratelimit", f'"default";r={max(left, 0)};t={_seconds(full)}'.encode()))
        if left < 0:
            raise RateLimited(
                f"{who} may make {self._quota} calls a minute; go on in {_seconds(wait)} s.",
                retry_after=_seconds(wait),
            )

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def _ask(self, key: str) -> list[int]:
        arguments = (key, repr(self._gap), str(self._quota))
        try:
            answer = await cast("Any", self._redis.evalsha(SHA, 1, *arguments))
        except NoScriptError:  # the first call to a fresh server
            answer = await cast("Any", self._redis.eval(GCRA, 1, *arguments))
        return cast("list[int]", answer)


def _seconds(micros: int) -> int:
    return -(-micros // 1_000_000)
