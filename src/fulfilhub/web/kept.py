"""Small answers kept for a moment in Valkey, shared by all processes. When it is away, or slow, nothing is kept."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Generic, TypeVar

import msgspec
import redis.asyncio
from redis.exceptions import RedisError

T = TypeVar("T")

PATIENCE = 0.05
"""Seconds a request waits for Valkey."""


class Kept(Generic[T]):
    """Answers of one kind, each to the question that it answers. Questions are only kept as digests."""

    def __init__(self, cache: redis.asyncio.Redis, namespace: str, what: str, type_: type[T], seconds: int) -> None:
        self._cache = cache
        self._prefix = f"{namespace}:{what}:"
        self._type = type_
        self._seconds = seconds

    async def get(self, *question: str) -> T | None:
        """The answer that was kept, None for none."""
        try:
            async with asyncio.timeout(PATIENCE):
                found = await self._cache.get(self._name(question))
            return None if found is None else msgspec.json.decode(found, type=self._type)
        except (RedisError, OSError, TimeoutError, msgspec.DecodeError):
            return None

    async def put(self, answer: T, *question: str) -> None:
        """Keep an answer."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._cache.set(self._name(question), msgspec.json.encode(answer), ex=self._seconds)
        except (RedisError, OSError, TimeoutError):
            return

    def _name(self, question: tuple[str, ...]) -> str:
        return self._prefix + hashlib.sha256("\x1f".join(question).encode()).hexdigest()[:32]
