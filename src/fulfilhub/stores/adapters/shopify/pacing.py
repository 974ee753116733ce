"""How much each shop lets us ask now. Shopify counts what a document costs in a bucket of its own for each app and
shop, and tells with each answer what is left in it; we go by what it told, never by constants.

The processes of a machine share what they know through Valkey. It may be lost at any time: then each goes by what it
was told itself, and Shopify's THROTTLED by the rest. A shop whose bucket is empty keeps nobody else waiting.

Source: https://shopify.dev/docs/api/usage/limits .
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import redis.asyncio
from redis.exceptions import RedisError

from fulfilhub.web.limits import Breaker

PATIENCE = 0.1
"""Seconds that Valkey has for an answer."""

KEPT_SECONDS = 300
"""After this any bucket is full again."""

MOST_SHOPS = 10_000

# KEYS[1]: a shop's bucket. ARGV[1]: what a document costs. Answers milliseconds to wait; 0: it was taken.
TAKE = """
local kept = redis.call('HMGET', KEYS[1], 'left', 'most', 'rate', 'at')
if not kept[1] then return 0 end
local t = redis.call('TIME')
local now = t[1] + t[2] / 1000000
local most, rate = tonumber(kept[2]), tonumber(kept[3])
local left = math.min(most, tonumber(kept[1]) + rate * math.max(now - tonumber(kept[4]), 0))
local need = math.min(tonumber(ARGV[1]), most)
if left < need then return math.ceil((need - left) / rate * 1000) end
redis.call('HSET', KEYS[1], 'left', string.format('%.3f', left - need), 'at', string.format('%.6f', now))
return 0
"""
# ARGV: left, most, rate, seconds to keep it.
LEARN = """
local t = redis.call('TIME')
redis.call('HSET', KEYS[1], 'left', ARGV[1], 'most', ARGV[2], 'rate', ARGV[3],
           'at', string.format('%.6f', t[1] + t[2] / 1000000))
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 0
"""


@dataclass(frozen=True, slots=True)
class Status:
    """A shop's bucket as Shopify told it: points left, points when full, points that come back each second."""

    left: float
    most: float
    rate: float


class Buckets:
    """The buckets of all shops, by their base address. `url` empty: nothing is shared."""

    def __init__(
        self,
        url: str = "",
        namespace: str = "",
        *,
        clock: Callable[[], float] = time.monotonic,
        patience: float = PATIENCE,
    ) -> None:
        self._redis = redis.asyncio.from_url(url) if url else None
        self._prefix = f"{namespace}:shopify:"
        self._clock = clock
        self._patience = patience
        self._breaker = Breaker()
        self._own: OrderedDict[str, tuple[Status, float]] = OrderedDict()

    async def take(self, shop: str, cost: float) -> float:
        """Take what a document costs out of a shop's bucket. Gives how many seconds to wait before asking again for it;
        0: it may be sent. A shop nobody has been told of yet lets everything through."""
        waited = await self._shared(TAKE, shop, repr(cost))
        return self._take_own(shop, cost) if waited is None else waited / 1000

    async def learn(self, shop: str, status: Status) -> None:
        """Shopify told how full a shop's bucket is."""
        if status.rate <= 0 or status.most <= 0:
            return
        self._own[shop] = (status, self._clock())
        self._own.move_to_end(shop)
        if len(self._own) > MOST_SHOPS:
            self._own.popitem(last=False)
        told = (f"{status.left:.3f}", f"{status.most:.3f}", f"{status.rate:.3f}", str(KEPT_SECONDS))
        await self._shared(LEARN, shop, *told)

    async def close(self) -> None:
        """Close the connections, if there are any."""
        if self._redis is not None:
            await self._redis.aclose()

    def _take_own(self, shop: str, cost: float) -> float:
        if shop not in self._own:
            return 0.0
        status, at = self._own[shop]
        now = self._clock()
        left = min(status.most, status.left + status.rate * (now - at))
        need = min(cost, status.most)
        if left < need:
            return (need - left) / status.rate
        self._own[shop] = (Status(left - need, status.most, status.rate), now)
        return 0.0

    async def _shared(self, script: str, shop: str, *arguments: str) -> int | None:
        """What the script answers; None while Valkey is away."""
        if self._redis is None or not self._breaker.may_ask():
            return None
        key = self._prefix + hashlib.sha256(shop.encode()).hexdigest()[:32]
        try:
            async with asyncio.timeout(self._patience):
                answer = await cast("Any", self._redis.eval(script, 1, key, *arguments))
        except (RedisError, OSError, TimeoutError) as error:
            self._breaker.failed(error)
            return None
        self._breaker.answered()
        return int(answer)


_buckets = Buckets()


def buckets() -> Buckets:
    """Those of this process."""
    return _buckets


def share(url: str, namespace: str) -> None:
    """Share the buckets with the other processes from now on; to be called by the loop that asks shops."""
    global _buckets  # as with metrics, a process has one view of the world
    _buckets = Buckets(url, namespace)
